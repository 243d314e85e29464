"""The Graph API over HTTP: requests in, Graph's envelope out, and the faults in between."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from aiohttp import web

from infra.sandbox.common.fault_injection import FaultInjector
from infra.sandbox.common.faults import Fault, FaultKind, Faults
from infra.sandbox.instagram.calls import CALLS, CallDependencies, GraphCall
from infra.sandbox.instagram.fetch import fetch
from infra.sandbox.instagram.model import GraphJson
from infra.sandbox.instagram.rules import GraphRefusal, invalid
from infra.sandbox.instagram.world import InstagramWorld
from infra.sandbox.telegram.arguments import Arguments
from infra.sandbox.telegram.exchange import read_arguments, reset
from infra.sandbox.telegram.rules import BotApiError

NODE = r"/{node:\d+|me}"
VERSIONS = ("", r"/v{version:\d+\.\d+}")
ROUTES = (
    ("POST", f"{NODE}/media", "create"),
    ("POST", f"{NODE}/media_publish", "publish"),
    ("GET", f"{NODE}/content_publishing_limit", "quota"),
    ("GET", f"{NODE}/stories", "stories"),
    ("GET", f"{NODE}/accounts", "pages"),
    ("GET", f"{NODE}/insights", "insights"),
    ("GET", NODE, "node"),
    ("GET", "/debug_token", "debug"),
    ("GET", "/refresh_access_token", "renew"),
    ("GET", "/access_token", "renew"),
    ("GET", "/oauth/access_token", "exchange"),
    ("POST", "/oauth/access_token", "exchange"),
)
PUBLISHED = "published_container"


class GraphApi:
    """Answers a worker's calls; every call passes the faults on its way in and on its way out."""

    def __init__(self, world: InstagramWorld, faults: Faults, clock: Callable[[], float]) -> None:
        self.calls: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.injector = FaultInjector(faults)
        self._world = world
        self._faults = faults
        self._clock = clock
        self._dependencies = CallDependencies(clock, fetch, self._go_on)
        self._later: set[asyncio.Task[None]] = set()

    def add_routes(self, app: web.Application) -> None:
        """Serve every call, with and without a version."""
        for version in VERSIONS:
            for method, path, name in ROUTES:
                app.router.add_route(method, version + path, partial(self.serve, name))

    def close(self) -> None:
        """Let go of every call that waits."""
        self.injector.close()
        for task in self._later:
            task.cancel()

    async def serve(self, name: str, request: web.Request) -> web.StreamResponse:
        """Answer one call."""
        node = request.match_info.get("node", "")
        name = self._kind_of(node) if name == "node" else name
        if self._faults.network_is_off(self._clock()):
            return reset(request)
        try:
            arguments = await read_arguments(request)
        except BotApiError as refusal:
            return self._refused(invalid(refusal.description))
        self.calls[name] += 1
        strike = self._faults.strike(self._struck_as(name, node), None, self._clock())
        if strike.delay_seconds:
            await asyncio.sleep(strike.delay_seconds)
        call = GraphCall(self._world, self._dependencies, arguments, node, _token(request, arguments))
        try:
            return await self._struck(request, strike.fault, partial(self._run, name, call))
        except ConnectionError:
            return reset(request)

    async def _struck(
        self, request: web.Request, fault: Fault | None, effect: Callable[[], Coroutine[Any, Any, web.Response]]
    ) -> web.Response:
        if fault is None:
            return await effect()
        match fault.kind:
            case FaultKind.TOO_MANY:
                return self._refused(GraphRefusal(4))
            case FaultKind.GRAPH_ERROR:
                return self._refused(GraphRefusal(fault.code, fault.subcode))
            case FaultKind.GRAPH_ERROR_AFTER:
                await effect()
                return self._refused(GraphRefusal(fault.code, fault.subcode))
            case _:
                return await self.injector.inject(request, fault, effect)

    async def _run(self, name: str, call: GraphCall) -> web.Response:
        try:
            return _json(200, await CALLS[name](call))
        except GraphRefusal as refusal:
            return self._refused(refusal)

    def _refused(self, refusal: GraphRefusal) -> web.Response:
        self.refusals[f"{refusal.code}/{refusal.subcode}" if refusal.subcode else str(refusal.code)] += 1
        return _json(refusal.http, refusal.wire())

    def _kind_of(self, node: str) -> str:
        if node in self._world.containers:
            return "container"
        return "story" if node in self._world.stories else "account"

    def _struck_as(self, name: str, node: str) -> str:
        """Faults know a container that was published from one that is not."""
        return PUBLISHED if name == "container" and self._world.containers[node].stories else name

    def _go_on(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)


def _token(request: web.Request, arguments: Arguments) -> str:
    """Return the token, from the header or from among the arguments."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() in ("bearer", "oauth") else arguments.text("access_token")


def _json(code: int, body: GraphJson) -> web.Response:
    return web.Response(body=json.dumps(body).encode(), content_type="application/json", status=code)
