"""Clients that hold connections, creep, or speak another protocol: nobody waits for them, and each meets an end."""

from __future__ import annotations

import asyncio
import errno
import resource
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import pytest
from anyio.abc import SocketStream
from anyio.lowlevel import checkpoint
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from structlog.testing import capture_logs

from actors.ports import Receipt
from infra.web.gate import Gate, most_connections
from infra.web.seldom import RareLog
from infra.web.server import build_app, listen
from infra.web.webhook import webhook_route
from tests.hostile import bent, few
from tests.infra.web.vitals import FakeVitals
from tests.kit.clock import on_either_asyncio

anyio_backend = on_either_asyncio

PLACES = 4
ASK = b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n"
POST = b"POST /hook HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n"
SECRET = b"X-Telegram-Bot-Api-Secret-Token: secret\r\n"


@dataclass
class Port:
    """A worker's port, with few places, and what was logged about it."""

    number: int
    logs: Sequence[MutableMapping[str, Any]]

    async def connect(self, *said: bytes) -> SocketStream:
        """Connect and say this."""
        client = await anyio.connect_tcp("127.0.0.1", self.number)
        await client.send(b"".join(said))
        return client

    async def answer(self, *said: bytes) -> bytes:
        """Connect, say this, and hear all that is answered until the other side ends it; it says so, or cuts it."""
        async with await self.connect(*said) as client:
            return await heard(client)

    async def health(self) -> bytes:
        """Ask for it; the first line of the answer."""
        async with await self.connect(ASK) as client:
            return (await client.receive()).splitlines()[0]


async def heard(client: SocketStream) -> bytes:
    """Hear it out."""
    found = b""
    try:
        while True:
            found += await client.receive()
    except (anyio.EndOfStream, anyio.BrokenResourceError):
        return found


@asynccontextmanager
async def opened(*routes: Route) -> AsyncIterator[Port]:
    stopping = anyio.Event()
    with listen("127.0.0.1", 0) as listener, capture_logs() as logs:
        gate = Gate(build_app(FakeVitals(), webhook_route("/hook", "secret", take), *routes), PLACES)  # type: ignore[arg-type]
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(gate.run, listener, stopping)
            try:
                yield Port(listener.getsockname()[1], logs)
            finally:
                stopping.set()


@pytest.fixture
async def port() -> AsyncIterator[Port]:
    async with opened() as found:
        yield found


async def take(_: object) -> Receipt:
    return Receipt.DONE


def waiting_for(event: anyio.Event) -> Callable[[Request], Awaitable[Response]]:
    """An answer that comes once this is set."""

    async def wait(_: Request) -> Response:
        await event.wait()
        return PlainTextResponse("done")

    return wait


async def test_held_connections_keep_nobody_out_and_make_one_line(port: Port) -> None:
    async with AsyncExitStack() as held:
        clients = [await held.enter_async_context(await port.connect(b"GET /hea")) for _ in range(3 * PLACES)]

        assert await port.health() == b"HTTP/1.1 200 "
        assert await heard(clients[0]) == b""

    expected = {"most": PLACES, "count": 1, "reason": "all places are taken", "log_level": "warning"}
    assert port.logs == [{"event": "web.connections_full", **expected}]


async def test_whoever_is_being_answered_keeps_its_place() -> None:
    go_on = anyio.Event()
    async with opened(Route("/wait", waiting_for(go_on))) as port, AsyncExitStack() as stack:
        ask = b"GET /wait HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"
        asked = [await stack.enter_async_context(await port.connect(ask)) for _ in range(PLACES)]

        assert await port.answer(ASK) == b""
        go_on.set()

        assert [(await heard(client))[-4:] for client in asked] == [b"done"] * PLACES
        assert await port.health() == b"HTTP/1.1 200 "


async def test_body_that_nobody_reads_ends_with_the_answer(port: Port) -> None:
    """In pieces that are many and small: as such it filled the server's own queue, and kept its place for ever."""
    answer = await port.answer(POST, b"\r\n", b"1\r\nx\r\n" * 400)

    assert answer.startswith(b"HTTP/1.1 401 ")


async def test_body_with_the_right_secret_has_its_time(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.web.webhook.BODY_SECONDS", 0.05)

    answer = await port.answer(POST, SECRET, b"\r\n", b"1\r\n{\r\n")

    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_head_that_does_not_come_to_its_end_is_cut_off(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.web.connection.HEAD_SECONDS", 0.05)

    assert await port.answer(b"GET /healthz HTTP/1.1\r\n") == b""


async def test_client_that_never_reads_its_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.web.connection.REQUEST_SECONDS", 0.05)
    over = anyio.Event()

    async def much(_: Request) -> Response:
        return PlainTextResponse("x" * 50_000_000)

    async def app(scope: object, receive: object, send: object) -> None:
        try:
            await Route("/much", much).app(scope, receive, send)  # type: ignore[arg-type]
        finally:
            over.set()

    route = Route("/much", much)
    route.app = app
    async with opened(route) as port, await port.connect(b"GET /much HTTP/1.1\r\nHost: here\r\n\r\n"):
        await over.wait()

        assert await port.health() == b"HTTP/1.1 200 "


@pytest.mark.parametrize(
    "ask",
    [
        ASK[:-2] + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
        ASK[:-2] + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    ],
    ids=["h2c", "websocket"],
)
async def test_other_protocol_is_answered_in_plain_http(port: Port, ask: bytes) -> None:
    async with await port.connect(ask) as client:
        assert (await client.receive()).startswith(b"HTTP/1.1 200 ")


async def test_clear_text_http_2_is_not_spoken(port: Port) -> None:
    answer = await port.answer(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\0\0\0\4\0\0\0\0\0")

    assert answer.startswith(b"HTTP/1.1 4")


async def test_slash_too_much_leads_nowhere(port: Port) -> None:
    """Least of all to the host that the request itself names."""
    ask = b"GET /healthz/ HTTP/1.1\r\nHost: elsewhere\r\nConnection: close\r\n\r\n"

    answer = await port.answer(ask)

    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"elsewhere" not in answer


@given(bent(ASK) | bent(POST + SECRET + b"\r\n1\r\nx\r\n0\r\n\r\n") | st.binary(max_size=200))
@few(4)
async def test_any_bytes_break_nothing_and_are_answered_or_cut_off(said: bytes) -> None:
    async with opened() as port:
        async with await port.connect(said) as client:
            await client.send_eof()
            assert (await heard(client))[:8] in {b"", b"HTTP/1.1"}

        assert await port.health() == b"HTTP/1.1 200 "
    assert [line for line in port.logs if line["event"] != "webhook.refused"] == []


async def test_answer_that_crashes_has_its_line_and_keeps_nobody_out() -> None:
    async def crash(_: Request) -> Response:
        raise ZeroDivisionError

    async with opened(Route("/crash", crash)) as port:
        answer = await port.answer(b"GET /crash HTTP/1.1\r\nHost: here\r\n\r\n")

        assert answer.startswith(b"HTTP/1.1 500 ")
        assert await port.health() == b"HTTP/1.1 200 "
    assert [line["event"] for line in port.logs] == ["web.connection_broke"]


async def test_stop_waits_for_no_connection_that_is_held() -> None:
    async with AsyncExitStack() as held, opened(Route("/wait", waiting_for(anyio.Event()))) as port:
        await held.enter_async_context(await port.connect(b"GET /hea"))
        await held.enter_async_context(await port.connect(b"GET /wait HTTP/1.1\r\nHost: here\r\n\r\n"))
        assert await port.health() == b"HTTP/1.1 200 "

    assert port.logs == []


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
async def test_files_that_run_out_make_room_and_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    accept, failures = loop.sock_accept, [OSError(errno.EMFILE, "Too many open files")]

    async def sock_accept(listener: object) -> object:
        if failures:
            raise failures.pop()
        return await accept(listener)  # type: ignore[arg-type]

    monkeypatch.setattr(loop, "sock_accept", sock_accept)
    async with opened() as port:
        assert await port.health() == b"HTTP/1.1 200 "

    assert [line["reason"] for line in port.logs] == ["no more files can be opened"]


@pytest.mark.parametrize(("files", "most"), [(200, 50), (20, 8), (1024, 256), (resource.RLIM_INFINITY, 256)])
def test_places_are_a_share_of_the_files_that_may_be_open(
    files: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))

    assert most_connections() == most


async def test_what_comes_again_and_again_is_counted_in_one_line() -> None:
    counts: list[int] = []
    seldom = RareLog(seconds=0.0)

    seldom.note("kind", counts.append)
    seldom.note("kind", counts.append)
    seldom.note("kind", counts.append)
    assert counts == [1]

    await anyio.wait_all_tasks_blocked()
    await checkpoint()
    assert counts == [1, 2]
