"""The webhook over real HTTP, on loopback: who is let in, and what everybody else is told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO

import aiohttp
import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from structlog.testing import capture_logs

from actors.ports import Receipt
from infra.web.server import listen, serve
from infra.web.webhook import MOST_BYTES, webhook_route
from tests.infra.web.vitals import FakeVitals
from tests.kit.clock import on_asyncio

anyio_backend = on_asyncio

SECRET = "only-telegram-knows-this"
HEADER = "X-Telegram-Bot-Api-Secret-Token"


@dataclass
class Desk:
    """Takes what it is brought, and says what it is told to say."""

    receipt: Receipt = Receipt.DONE
    taken: list[object] = field(default_factory=list)

    async def take(self, raw: object) -> Receipt:
        self.taken.append(raw)
        return self.receipt


@dataclass
class Door:
    """A web server with a webhook, and what it logged."""

    url: str
    desk: Desk
    logs: Sequence[object]

    async def post(self, body: bytes | str, secret: str | None = SECRET) -> tuple[int, str | None]:
        """Bring something; returns the code, and how long to wait."""
        headers = {} if secret is None else {HEADER: secret}
        content = BytesIO(body if isinstance(body, bytes) else body.encode())
        async with aiohttp.ClientSession() as http, http.post(self.url, data=content, headers=headers) as reply:
            return reply.status, reply.headers.get("Retry-After")


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    listener, stopping, desk = listen("127.0.0.1", 0), anyio.Event(), Desk()
    route = webhook_route("/hook", SECRET, desk.take)
    with listener, capture_logs() as logs:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(serve, FakeVitals(), listener, stopping, lambda: None, route)
            yield Door(f"http://127.0.0.1:{listener.getsockname()[1]}/hook", desk, logs)
            stopping.set()


async def test_update_with_the_secret_is_taken(door: Door) -> None:
    assert await door.post('{"update_id": 7}') == (200, None)

    assert door.desk.taken == [{"update_id": 7}]
    assert door.logs == []


async def test_update_that_shall_come_again_is_asked_for_in_2_s(door: Door) -> None:
    door.desk.receipt = Receipt.LATER

    assert await door.post('{"update_id": 7}') == (503, "2")


@pytest.mark.parametrize("secret", [None, "", SECRET[:-1], SECRET + "x", SECRET.upper(), "Ärger"])
async def test_forged_update_is_refused_unread_and_leaves_a_log_line(door: Door, secret: str | None) -> None:
    code, _ = await door.post('{"update_id": 7}', secret)

    assert (code, door.desk.taken) == (401, [])
    assert door.logs == [
        {"event": "webhook.refused", "code": 401, "reason": "wrong secret", "count": 1, "log_level": "warning"},
    ]


async def test_forged_updates_in_numbers_make_one_line(door: Door) -> None:
    codes = [(await door.post("{}", "a guess"))[0] for _ in range(5)]

    assert (codes, len(door.logs)) == ([401] * 5, 1)


@pytest.mark.parametrize("body", ["", "hello", "{", b"\xff\xfe", "[" * 100_000, '{"update_id": ' + "9" * 5000 + "}"])
async def test_what_is_no_json_is_refused(door: Door, body: bytes | str) -> None:
    assert await door.post(body) == (400, None)

    assert door.desk.taken == []


async def test_update_without_an_id_is_refused(door: Door) -> None:
    door.desk.receipt = Receipt.UNREADABLE

    assert await door.post("{}") == (400, None)


async def test_body_that_is_too_large_is_refused(door: Door) -> None:
    update = json.dumps({"update_id": 7, "message": "x" * MOST_BYTES})

    assert await door.post(update) == (413, None)
    assert door.desk.taken == []


async def test_secret_is_asked_for_before_a_byte_of_the_body_is_read(door: Door) -> None:
    assert (await door.post("x" * 2 * MOST_BYTES, "a guess"))[0] == 401


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
async def test_other_methods_are_refused(door: Door, method: str) -> None:
    async with aiohttp.ClientSession() as http, http.request(method, door.url, headers={HEADER: SECRET}) as reply:
        assert reply.status == 405


@given(body=st.binary(max_size=200), secret=st.sampled_from([SECRET, "another"]))
async def test_any_body_is_answered_with_a_code(body: bytes, secret: str) -> None:
    """Whatever it holds, the desk sees JSON or nothing."""
    desk = Desk()
    route = webhook_route("/hook", SECRET, desk.take)
    scope = {"type": "http", "method": "POST", "headers": [(HEADER.lower().encode(), secret.encode())]}

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    reply = await route.endpoint(Request(scope, receive))

    assert reply.status_code == (401 if secret != SECRET else 200 if desk.taken else 400)
