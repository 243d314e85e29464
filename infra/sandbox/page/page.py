"""The routes of the page, under /sandbox/page; what a visitor does comes as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

from aiohttp import web

from infra.sandbox.demo.environment import DemoEnvironment
from infra.sandbox.demo.interactive import engage
from infra.sandbox.page.rendering import PageRenderer
from infra.sandbox.page.stream import changes
from infra.sandbox.sandbox import Sandbox
from infra.sandbox.telegram.rules import StageError
from infra.sandbox.telegram.world import ButtonTap

ADDRESS = "/sandbox/page"
STATIC = Path(__file__).parent / "static"
NO_CACHE = {"cache-control": "no-store"}


class PageRoutes:
    """Shows a chat, and plays what a visitor does with it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.renderer = PageRenderer(sandbox)
        self._sandbox = sandbox
        self._random = Random()

    def add_routes(self, app: web.Application) -> None:
        """Serve the page, and send a browser there that knows only the address."""
        app.add_routes(
            [
                web.get("/", self._front_door),
                web.get(ADDRESS, self._page),
                web.get(f"{ADDRESS}/stream", self._stream),
                web.static(f"{ADDRESS}/static", STATIC),
                web.post(f"{ADDRESS}/tap", self._tap),
                web.post(f"{ADDRESS}/say", self._say),
                web.post(f"{ADDRESS}/story", self._story),
                web.post(f"{ADDRESS}/flip", self._flip),
                web.post(f"{ADDRESS}/cut", self._cut),
                web.post(f"{ADDRESS}/mend", self._mend),
                web.post(f"{ADDRESS}/worker", self._worker),
            ]
        )

    async def _front_door(self, _: web.Request) -> web.Response:
        raise web.HTTPFound(ADDRESS)

    async def _page(self, request: web.Request) -> web.Response:
        text = self.renderer.page(_chat_id(request))
        return web.Response(text=text, content_type="text/html", headers=NO_CACHE)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        chat_id = int(request.query["chat"])
        self._sandbox.telegram.chat_for_stage(chat_id)
        seen = int(request.headers.get("last-event-id", request.query.get("since", "0")))
        response = web.StreamResponse(headers={"content-type": "text/event-stream"} | NO_CACHE)
        with suppress(ConnectionError):
            await response.prepare(request)
            async for event in changes(self.renderer, chat_id, seen):
                await response.write(event)
        return response

    async def _tap(self, request: web.Request) -> web.Response:
        """Tap what the visitor's screen shows, even if it has changed meanwhile; several people in any order."""
        body = await _body(request)
        users = [int(user_id) for user_id in body["users"]]
        self._random.shuffle(users)
        place = (int(body["chat_id"]), int(body["message_id"]))
        taps = [self._sandbox.tap(ButtonTap(*place, user_id, str(body["button"]), force=True)) for user_id in users]
        return web.json_response({"query_ids": taps})

    async def _say(self, request: web.Request) -> web.Response:
        body = await _body(request)
        text = str(body["text"]).strip()
        if not text:
            raise StageError("An empty message is not sent.")
        self._sandbox.say(int(body["chat_id"]), int(body["user_id"]), text)
        return _done()

    async def _story(self, request: web.Request) -> web.Response:
        await _body(request)
        return _done(item=await self._environment().stories.add())

    async def _flip(self, request: web.Request) -> web.Response:
        body = await _body(request)
        self.renderer.switchboard.flip(str(body["name"]), float(body["seconds"]))
        return _done()

    async def _cut(self, request: web.Request) -> web.Response:
        await _body(request)
        return _done(note=f"{self.renderer.switchboard.cut()} database connections cut")

    async def _mend(self, request: web.Request) -> web.Response:
        await _body(request)
        self.renderer.switchboard.mend()
        return _done()

    async def _worker(self, request: web.Request) -> web.Response:
        body, environment = await _body(request), self._environment()
        match body["act"]:
            case "add":
                engage(self._sandbox, environment)
            case "start":
                environment.workers.start(int(body["number"]))
            case "stop":
                environment.workers.stop(int(body["number"]))
            case "kill":
                environment.workers.kill(int(body["number"]))
            case act:
                raise StageError(f"A worker cannot {act!r}.")
        return _done()

    def _environment(self) -> DemoEnvironment:
        if self._sandbox.environment is None:
            raise StageError("There is nothing to switch here: only the demo has workers and a database.")
        return self._sandbox.environment


async def _body(request: web.Request) -> Mapping[str, Any]:
    """Read what a visitor wants; only JSON, which no page of a stranger can send here unasked."""
    if request.content_type != "application/json":
        raise StageError("Only JSON is read here.")
    body: Mapping[str, Any] = await request.json()
    return body


def _done(**answer: object) -> web.Response:
    return web.json_response(answer)


def _chat_id(request: web.Request) -> int | None:
    return int(request.query["chat"]) if "chat" in request.query else None
