"""Whether a call that failed can have left."""

import anyio
import pytest
from anyio.abc import SocketStream
from telegram.error import NetworkError, TimedOut

from infra.telegram.http import AiohttpRequest, NotSent
from tests.infra.telegram.wire import breaks_off, serve


async def test_silence_after_the_call_left_is_lost() -> None:
    async def silence(_stream: SocketStream) -> None:
        await anyio.sleep_forever()

    async with serve(silence) as wire, AiohttpRequest(1) as request:
        with pytest.raises(NetworkError) as caught:
            await request.post(wire.url, read_timeout=0.05)

    assert isinstance(caught.value, TimedOut)


async def test_connection_that_breaks_is_lost_and_not_taken_for_silence() -> None:
    async with serve(breaks_off(b"HTTP/1.1 200 OK\r\n")) as wire, AiohttpRequest(1) as request:
        with pytest.raises(NetworkError) as caught:
            await request.post(wire.url)

    assert not isinstance(caught.value, NotSent | TimedOut)


async def test_wait_for_a_free_connection_is_not_sent() -> None:
    """A full pool is known not to have had an effect, and the library's wrapping keeps that knowledge."""
    arrived = anyio.Event()

    async def silence(_stream: SocketStream) -> None:
        arrived.set()
        await anyio.sleep_forever()

    async with serve(silence) as wire, AiohttpRequest(1) as request, anyio.create_task_group() as tasks:
        tasks.start_soon(request.post, wire.url)
        await arrived.wait()
        with pytest.raises(NotSent):
            await request.post(wire.url, connect_timeout=0.05)
        tasks.cancel_scope.cancel()

    assert len(wire.heard) == 1


async def test_call_before_the_start_or_after_the_stop_is_not_sent() -> None:
    request = AiohttpRequest(1)
    await request.shutdown()

    with pytest.raises(NotSent):
        await request.post("http://127.0.0.1:1")
    async with request:
        pass
    with pytest.raises(NotSent):
        await request.post("http://127.0.0.1:1")
