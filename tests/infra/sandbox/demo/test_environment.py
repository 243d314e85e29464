"""What stands around the sandbox: the link to the database, the workers' processes, their logs."""

from __future__ import annotations

import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from anyio.abc import SocketAttribute, SocketStream

from infra.sandbox.demo.log_tail import Tail, follow, parse
from infra.sandbox.demo.tcp_proxy import Link, open_link
from infra.sandbox.demo.worker_processes import MOST_WORKERS, WorkerCommand, WorkerGroup, free_port
from infra.sandbox.telegram.rules import StageError

SLEEPER = [sys.executable, "-c", 'import time; print(\'{"event": "up"}\', flush=True); time.sleep(60)']


@pytest.fixture
async def link() -> AsyncIterator[Link]:
    """A link to a server that says everything back."""

    async def echo(client: SocketStream) -> None:
        async with client:
            async for chunk in client:
                await client.send(chunk)

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, echo)
        port = listener.extra(SocketAttribute.local_port)  # noqa: S610 - anyio's word, not Django's
        async with open_link(f"postgresql://me:secret@127.0.0.1:{port}/db?x=1") as link:
            yield link
        tasks.cancel_scope.cancel()


async def connect(link: Link) -> SocketStream:
    return await anyio.connect_tcp("127.0.0.1", port_of(link))


def port_of(link: Link) -> int:
    return int(link.dsn.partition("/db")[0].rpartition(":")[2])


async def hears_nothing(stream: SocketStream) -> bool:
    """Tell whether the connection is gone."""
    try:
        await stream.send(b"?")
        return await stream.receive() == b""
    except (anyio.EndOfStream, anyio.BrokenResourceError):
        return True


async def test_link_carries_both_ways_and_keeps_the_rest_of_the_address(link: Link) -> None:
    async with await connect(link) as stream:
        await stream.send(b"hello")

        assert await stream.receive() == b"hello"

    assert link.dsn == f"postgresql://me:secret@127.0.0.1:{port_of(link)}/db?x=1"


async def test_cut_connection_is_gone_and_the_next_one_works(link: Link) -> None:
    async with await connect(link) as stream:
        await stream.send(b"a")
        await stream.receive()

        assert link.cut() == 1
        assert await hears_nothing(stream)
    async with await connect(link) as again:
        await again.send(b"b")

        assert await again.receive() == b"b"


async def test_link_that_is_away_ends_what_is_open_and_what_comes(link: Link) -> None:
    async with await connect(link) as stream:
        await stream.send(b"a")
        await stream.receive()
        with link.away():
            assert await hears_nothing(stream)
            async with await connect(link) as during:
                assert await hears_nothing(during)

    async with await connect(link) as after:
        assert not await hears_nothing(after)


async def test_silent_link_delivers_later_what_it_held_back(link: Link) -> None:
    async with await connect(link) as stream:
        with link.silent(), anyio.move_on_after(0.1) as waiting:
            await stream.send(b"held")
            await stream.receive()
        assert waiting.cancelled_caught

        assert await stream.receive() == b"held"


async def test_server_that_is_gone_ends_the_connection() -> None:
    async with open_link("postgresql://127.0.0.1:1/db") as link, await connect(link) as stream:
        assert await hears_nothing(stream)


def test_log_is_read_line_by_line_as_it_grows(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    tail = Tail(log)
    before = tail.read()
    log.write_text('{"event": "a"}\n{"event":')
    first = tail.read()
    with log.open("a") as more:
        more.write(' "b"}\n\nTraceback\n')

    assert before == []
    assert first == [{"event": "a"}]
    assert tail.read() == [{"event": "b"}, {"event": "output", "text": "Traceback"}]
    assert tail.read() == []


@pytest.mark.parametrize("text", ["", "[1]", "3", '{"no": "event"}'])
def test_what_is_no_log_line_is_shown_as_output(text: str) -> None:
    assert parse(text) == {"event": "output", "text": text}


async def test_worker_is_started_killed_and_started_again(tmp_path: Path) -> None:
    changes: list[str] = []
    lines: list[object] = []
    changed = anyio.Event()
    logged = anyio.Event()

    def change() -> None:
        nonlocal changed
        changes.append(workers.members[1].end)
        changed.set()
        changed = anyio.Event()

    def hear(line: object) -> None:
        lines.append(line)
        logged.set()

    async with anyio.create_task_group() as tasks:
        workers = WorkerGroup(WorkerCommand(SLEEPER, {}, tmp_path), tasks, change)
        member = workers.add()
        workers.start(1)
        await changed.wait()
        tasks.start_soon(follow, member.log_file, hear)
        await logged.wait()
        workers.kill(1)
        await changed.wait()
        with pytest.raises(StageError):
            workers.stop(1)
        workers.start(1)
        await changed.wait()
        workers.stop(1)
        await changed.wait()
        tasks.cancel_scope.cancel()

    assert changes == ["ended", "killed", "ended", "stopped"]
    assert lines == [{"event": "up"}]
    assert member.process is None


async def test_troupe_has_its_limits(tmp_path: Path) -> None:
    async with anyio.create_task_group() as tasks:
        workers = WorkerGroup(WorkerCommand(SLEEPER, {}, tmp_path), tasks, lambda: None)
        for _ in range(MOST_WORKERS):
            workers.add()

        with pytest.raises(StageError):
            workers.add()
        with pytest.raises(StageError):
            workers.kill(9)
        tasks.cancel_scope.cancel()


def test_kept_port_is_free_for_a_server_alone() -> None:
    with free_port() as port:
        with socket.create_server(("0.0.0.0", port)) as server:  # noqa: S104 - as a worker does
            assert server.getsockname()[1] == port
        with free_port() as other:
            assert other != port
