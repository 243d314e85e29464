"""The Bot API over HTTP: requests in, Telegram's envelope out, and the faults in between.

https://core.telegram.org/bots/api#making-requests
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from aiohttp import web

from infra.sandbox.common.fault_injection import FaultInjector, ServedCall
from infra.sandbox.common.faults import Fault, FaultKind, Faults
from infra.sandbox.telegram.arguments import Arguments
from infra.sandbox.telegram.exchange import envelope, read_arguments, reset
from infra.sandbox.telegram.methods import METHODS, MethodCall
from infra.sandbox.telegram.polling import LongPolling, NetworkGoneError
from infra.sandbox.telegram.pushing import WebhookDelivery
from infra.sandbox.telegram.rules import BotApiError, too_many_requests
from infra.sandbox.telegram.updates import Poll
from infra.sandbox.telegram.world import World

# So long in all a call waits for a flood to end, before it is refused: NetQueryDelayer.cpp:100 in tdlib/td.
FLOOD_WAITED_SECONDS = 8
NAMES = {name.lower(): name for name in [*METHODS, "getUpdates"]}


class BotApi:
    """Answers a bot's calls; every call passes the faults on its way in and on its way out."""

    def __init__(self, token: str, world: World, faults: Faults, clock: Callable[[], float]) -> None:
        self.calls: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.abandoned = 0  # calls that ended before their end, and how much of them had come
        self.abandoned_bytes = 0
        self.polls = LongPolling(world, faults, clock)
        self.pushing = WebhookDelivery(world, faults, clock)
        self.injector = FaultInjector(faults)
        self._token = token
        self._world = world
        self._faults = faults
        self._clock = clock

    def add_routes(self, app: web.Application) -> None:
        """Serve methods and files."""
        app.router.add_route("*", "/bot{token}/{method}", self.serve)
        app.router.add_get("/file/bot{token}/{path:.+}", self.serve_file)

    def close(self) -> None:
        """Let go of every call that waits."""
        self.injector.close()
        self.polls.disconnect()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one call."""
        if request.match_info["token"] != self._token or self._faults.token_is_revoked(self._clock()):
            return envelope(BotApiError(401, "Unauthorized"))
        name = NAMES.get(request.match_info["method"].lower())
        if name is None:
            return envelope(BotApiError(404, "Not Found: method not found"))
        if self._faults.network_is_off(self._clock()):
            return reset(request)
        try:
            arguments = await read_arguments(request, self._faults.bytes_per_second(name, self._clock()))
        except BotApiError as refusal:
            return envelope(refusal)
        except ConnectionError:
            self._abandon(name, request.content.total_bytes)
            return reset(request)
        self.calls[name] += 1
        strike = self._faults.strike(name, self._chat_id(name, arguments), self._clock())
        if strike.delay_seconds:
            await asyncio.sleep(strike.delay_seconds)
        with suppress(NetworkGoneError, ConnectionError):
            if name == "getUpdates":
                return await self._struck(request, strike.fault, lambda: self._poll(request, arguments))
            return await self._struck(request, strike.fault, lambda: self._run(name, arguments))
        return reset(request)

    async def serve_file(self, request: web.Request) -> web.StreamResponse:
        """Let a file be downloaded."""
        stored = self._world.files.at_path(request.match_info["path"])
        if request.match_info["token"] != self._token or stored is None:
            return envelope(BotApiError(404, "Not Found"))
        return web.Response(body=stored.content, content_type=stored.content_type)

    def _abandon(self, name: str, size: int) -> None:
        self.abandoned += 1
        self.abandoned_bytes += size
        self._world.journal.record(self._clock(), "call.abandoned", method=name, bytes=size)

    async def _struck(self, request: web.Request, fault: Fault | None, effect: ServedCall) -> web.Response:
        if fault is None:
            return await effect()
        if fault.kind is FaultKind.TOO_MANY:
            self.refusals["Too Many Requests"] += 1
            return envelope(too_many_requests(int(fault.seconds) or 1))
        return await self.injector.inject(request, fault, effect)

    async def _run(self, name: str, arguments: Arguments) -> web.Response:
        waited = 0
        while True:
            try:
                return envelope(METHODS[name](MethodCall(self._world, arguments, self._clock())))
            except BotApiError as refusal:
                waited += refusal.parameters.get("retry_after", 0)
                if refusal.code != 429 or waited > FLOOD_WAITED_SECONDS:
                    return self._refused(refusal)
                await asyncio.sleep(refusal.parameters["retry_after"])

    async def _poll(self, request: web.Request, arguments: Arguments) -> web.Response:
        allowed = arguments.structure("allowed_updates")
        if isinstance(allowed, list):
            self._world.updates.allow([str(kind) for kind in allowed])
        asked = Poll(arguments.integer("offset"), arguments.integer("limit", 100), arguments.integer("timeout"))
        try:
            return envelope(await self.polls.poll(asked, lambda: request.transport is not None))
        except BotApiError as refusal:
            return self._refused(refusal)

    def _refused(self, refusal: BotApiError) -> web.Response:
        self.refusals[refusal.description.partition(":")[0] if refusal.code == 429 else refusal.description] += 1
        return envelope(refusal)

    def _chat_id(self, name: str, arguments: Arguments) -> int | None:
        if name == "answerCallbackQuery":
            query = self._world.queries.by_id.get(arguments.text("callback_query_id"))
            return query.chat_id if query else None
        return arguments.integer("chat_id") or None
