"""A worker whose log is read by nobody any more, or by a reader that went away: it serves, and it stops in order."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest
from anyio.abc import Process

from infra.sandbox.demo.worker_processes import free_port
from infra.settings import child_environment
from infra.web.server import check
from tests.crowd import put_in_review
from tests.stage import ANNA, CHAT, PATIENCE_SECONDS, Stage, open_stage

ROOT = Path(__file__).parent.parent.parent


@dataclass
class Heard:
    """A worker that writes into a pipe."""

    process: Process
    health: str

    async def is_well(self) -> None:
        """Wait until it says so; a port announces nothing, so it is asked again and again."""
        with anyio.fail_after(PATIENCE_SECONDS):
            while True:
                if (await check(self.health))[0]:
                    return
                await anyio.sleep(0.05)

    async def ended(self) -> int:
        """Have it stop in order, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        with anyio.fail_after(PATIENCE_SECONDS):
            return await self.process.wait()


@asynccontextmanager
async def worker_into(output: int, stage: Stage, data_dir: Path) -> AsyncIterator[Heard]:
    """Run a worker whose both outputs go into a pipe."""
    with free_port() as port:
        address = {"TELEGRAM_API_URL": stage.sandbox.url, "TELEGRAM_TOKEN": stage.sandbox.token}
        own = {"DATABASE_URL": stage.dsn, "DATA_DIR": str(data_dir), "PORT": str(port), "PYTHONUNBUFFERED": ""}
        process = await anyio.open_process(
            [sys.executable, "main.py", "run"],
            cwd=ROOT,
            env=child_environment(address | own),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        try:
            yield Heard(process, f"http://127.0.0.1:{port}/healthz")
        finally:
            if process.returncode is None:
                process.kill()
            with anyio.CancelScope(shield=True):
                await process.aclose()


@pytest.fixture
async def stage(database_url: str) -> AsyncIterator[Stage]:
    """A stage that does not ask for one line a tap: here nobody reads them."""
    async with open_stage(database_url) as opened:
        yield opened


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Both ends of the smallest pipe."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    yield reader, writer
    os.close(reader)
    os.close(writer)


@pytest.fixture
def full_pipe(pipe: tuple[int, int]) -> int:
    """The writing end of a pipe that nobody reads and into which nothing fits any more."""
    os.write(pipe[1], b"\n" * 4096)
    return pipe[1]


async def answers_a_command(stage: Stage, chat_id: int, user_id: int) -> None:
    """Let a person write a command, and wait for the answer."""
    before = len(stage.messages(chat_id))
    stage.sandbox.say(chat_id, user_id, "/status")
    await stage.until(lambda: any(one.sender.is_bot for one in stage.messages(chat_id)[before:]))


async def test_b5_log_that_nobody_reads_holds_up_neither_health_nor_a_command_nor_a_tap_nor_a_stop(
    stage: Stage, tmp_path: Path, full_pipe: int
) -> None:
    [card] = await put_in_review(stage, 1)
    async with worker_into(full_pipe, stage, tmp_path) as worker:
        await worker.is_well()
        await answers_a_command(stage, card.chat_id, card.person.id)
        stage.tap(card.message_id, card.person, "Skip", card.chat_id)
        await stage.says(card.message_id, "Skipped by", card.chat_id)
        status = await worker.ended()

    assert status == 0


async def test_b19_worker_whose_log_reader_went_away_serves_and_ends_with_0(
    stage: Stage, tmp_path: Path, pipe: tuple[int, int]
) -> None:
    reader, writer = pipe
    await stage.add_chat()
    async with worker_into(writer, stage, tmp_path) as worker:
        await worker.is_well()
        os.dup2(os.open(os.devnull, os.O_RDONLY), reader)
        await answers_a_command(stage, CHAT, ANNA.id)
        status = await worker.ended()

    assert status == 0


async def test_b5_sentence_at_the_end_of_a_process_is_not_waited_for(
    stage: Stage, tmp_path: Path, full_pipe: int
) -> None:
    """A supervisor would wait for a worker that cannot start, and never start it again."""
    async with worker_into(full_pipe, stage, tmp_path) as first:
        await first.is_well()
        port = first.health.split(":")[2].split("/")[0]
        command = [sys.executable, "main.py", "run"]
        own = {"PORT": port, "TELEGRAM_TOKEN": stage.sandbox.token, "DATA_DIR": str(tmp_path)}
        second = await anyio.open_process(
            command, cwd=ROOT, env=child_environment(own), stdout=full_pipe, stderr=full_pipe
        )
        with anyio.fail_after(PATIENCE_SECONDS):
            status = await second.wait()

    assert status == 2
