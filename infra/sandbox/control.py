"""The control API: JSON under /sandbox/, for other processes; `instagram` and `page` have routes beside it."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Middleware

from infra.sandbox.common.faults import Fault, FaultKind
from infra.sandbox.common.listening import Listener
from infra.sandbox.sandbox import Sandbox, show_message
from infra.sandbox.telegram.model import User
from infra.sandbox.telegram.rules import StageError
from infra.sandbox.telegram.world import ButtonTap, NewChat

LONGEST_WAIT_SECONDS = 50

Route = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Control:
    """Plays a request's stage direction and answers with JSON; what cannot be played is a 400 with the reason."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def add_routes(self, app: web.Application) -> None:
        """Serve everything under /sandbox/."""
        app.add_routes(
            [
                web.get("/sandbox/address", self._address),
                web.get("/sandbox/chats", self._chats),
                web.post("/sandbox/chats", self._create_chat),
                web.get("/sandbox/chats/{chat_id}/messages", self._messages),
                web.post("/sandbox/taps", self._tap),
                web.get("/sandbox/toasts", self._toasts),
                web.post("/sandbox/messages", self._say),
                web.post("/sandbox/membership", self._membership),
                web.post("/sandbox/updates", self._inject),
                web.get("/sandbox/faults", self._faults),
                web.post("/sandbox/faults", self._set_fault),
                web.delete("/sandbox/faults", self._clear_faults),
                web.delete("/sandbox/faults/{number}", self._clear_faults),
                web.get("/sandbox/stats", self._stats),
                web.get("/sandbox/journal", self._journal),
                web.get("/sandbox/files/{path:.+}", self._file),
            ]
        )

    async def _address(self, _: web.Request) -> web.Response:
        return web.json_response({"url": self.sandbox.url, "token": self.sandbox.token})

    async def _chats(self, _: web.Request) -> web.Response:
        chats = self.sandbox.telegram.chats.values()
        return web.json_response([chat.wire() | {"people": [p.wire() for p in chat.people.values()]} for chat in chats])

    async def _create_chat(self, request: web.Request) -> web.Response:
        body = await request.json()
        people = [User(int(each["id"]), each["name"], each.get("username")) for each in body.get("people", [])]
        new = NewChat(body["title"], people, body.get("type", "supergroup"), body.get("id"))
        return web.json_response(self.sandbox.create_chat(new).wire())

    async def _messages(self, request: web.Request) -> web.Response:
        return web.json_response(self.sandbox.messages(int(request.match_info["chat_id"])))

    async def _tap(self, request: web.Request) -> web.Response:
        return web.json_response({"query_id": self.sandbox.tap(ButtonTap(**await request.json()))})

    async def _toasts(self, _: web.Request) -> web.Response:
        return web.json_response(self.sandbox.toasts())

    async def _say(self, request: web.Request) -> web.Response:
        body = await request.json()
        return web.json_response(show_message(self.sandbox.say(body["chat_id"], body["user_id"], body["text"])))

    async def _membership(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.sandbox.set_bot_membership(body["chat_id"], body["user_id"], body["bot_is_member"])
        return web.json_response({})

    async def _inject(self, request: web.Request) -> web.Response:
        body = await request.json()
        return web.json_response({"update_id": self.sandbox.inject(body["kind"], body["payload"])})

    async def _faults(self, _: web.Request) -> web.Response:
        return web.json_response([armed.wire() for armed in self.sandbox.faults.armed])

    async def _set_fault(self, request: web.Request) -> web.Response:
        body: dict[str, Any] = await request.json()
        return web.json_response({"number": self.sandbox.set_fault(Fault(FaultKind(body.pop("kind")), **body))})

    async def _clear_faults(self, request: web.Request) -> web.Response:
        number = request.match_info.get("number")
        self.sandbox.clear_faults(int(number) if number else None)
        return web.json_response({})

    async def _stats(self, _: web.Request) -> web.Response:
        return web.json_response(self.sandbox.stats())

    async def _journal(self, request: web.Request) -> web.Response:
        since = int(request.query.get("since", 0))
        wait_seconds = min(float(request.query.get("wait_seconds", 0)), LONGEST_WAIT_SECONDS)
        journal = self.sandbox.telegram.journal
        try:
            await self.sandbox.until(lambda: journal.number > since or self.sandbox.closing, wait_seconds)
        except TimeoutError:
            return web.json_response([])
        return web.json_response([entry.wire() for entry in journal.since(since)])

    async def _file(self, request: web.Request) -> web.Response:
        stored = self.sandbox.telegram.files.at_path(request.match_info["path"])
        if stored is None:
            raise web.HTTPNotFound
        return web.Response(body=stored.content, content_type=stored.content_type)


def guard(listener: Listener) -> Middleware:
    """Let no request in by a name that is not ours, nor a page from elsewhere."""

    @web.middleware
    async def turn_away(request: web.Request, handler: Route) -> web.StreamResponse:
        why = listener.turns_away(request.headers.get("host", ""), request.headers.get("origin"))
        if why is not None:
            return web.json_response({"error": why}, status=403)
        return await handler(request)

    return turn_away


@web.middleware
async def explain(request: web.Request, handler: Route) -> web.StreamResponse:
    """Turn a direction that cannot be played, or cannot be read, into a 400 that says why."""
    if not request.path.startswith("/sandbox/"):
        return await handler(request)
    try:
        return await handler(request)
    except (StageError, KeyError, TypeError, ValueError, json.JSONDecodeError) as error:
        return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)
