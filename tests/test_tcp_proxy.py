"""The proxy breaks a connection where it is told to, and nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.kit.clock import on_asyncio
from tests.tcp_proxy import Cut, Ending, Pace, Proxy, Target, Way, proxy_to

anyio_backend = on_asyncio


@asynccontextmanager
async def echo() -> AsyncIterator[tuple[Proxy, asyncio.StreamReader, asyncio.StreamWriter]]:
    """A proxy to a server that sends everything back, and a client's connection through it."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while chunk := await reader.read(100):
                writer.write(chunk)
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with proxy_to(Target("127.0.0.1", server.sockets[0].getsockname()[1])) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        yield proxy, reader, writer
        writer.close()
    server.close()


async def test_bytes_before_a_fin_arrive_and_then_the_end() -> None:
    async with echo() as (proxy, reader, writer):
        proxy.watch(Cut(Way.REPLY, 3, Ending.FIN))
        writer.write(b"hello")

        assert await reader.read() == b"hel"
        assert proxy.forget()


async def test_bytes_before_a_reset_arrive_and_then_the_reset() -> None:
    async with echo() as (proxy, reader, writer):
        proxy.watch(Cut(Way.REPLY, 3, Ending.RST))
        writer.write(b"hello")

        assert await reader.readexactly(3) == b"hel"
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)


async def test_a_silent_connection_says_nothing_more_until_it_is_ended() -> None:
    async with echo() as (proxy, reader, writer):
        proxy.watch(Cut(Way.REQUEST, 2, Ending.SILENCE))
        writer.write(b"hello")
        await proxy.made.wait()
        proxy.end(Ending.FIN)
        heard = await reader.read()

        assert heard == b""


async def test_a_cut_that_was_not_reached_is_forgotten() -> None:
    async with echo() as (proxy, reader, writer):
        proxy.watch(Cut(Way.REQUEST, 100, Ending.RST))
        writer.write(b"hello")
        await reader.readexactly(5)

        assert not proxy.forget()
        assert proxy.passed == {Way.REQUEST: 5, Way.REPLY: 5}


def test_a_slow_link_takes_its_delay_and_the_time_of_each_byte() -> None:
    assert Pace(0.5, 100.0).seconds(50) == 1.0
    assert Pace().seconds(50) == 0.0
