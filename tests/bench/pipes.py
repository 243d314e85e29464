"""How the bench talks to its parts: each is a process of its own; one JSON line asks, one answers."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
LONGEST_LINE = 2**24
ANSWER_SECONDS = 180.0
END_SECONDS = 15.0


class PartDied(Exception):
    """A process of the bench ended instead of answering."""


class Part:
    """The bench's end of one process."""

    def __init__(self, name: str, process: Process) -> None:
        self.name = name
        self.process = process

    async def ask(self, do: str, **arguments: Any) -> Any:
        """Have the process do something and return what it answers."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"do": do, **arguments}).encode() + b"\n")
        async with asyncio.timeout(ANSWER_SECONDS):
            answer = await self.process.stdout.readline()
        if not answer:
            raise PartDied(f"{self.name} ended when it was to {do}")
        return json.loads(answer)


@asynccontextmanager
async def part(module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> AsyncIterator[Part]:
    """Run `python -m tests.bench.<module>` for as long as this lasts."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"tests.bench.{module}",
        *arguments,
        cwd=ROOT,
        env=environment,
        stdin=PIPE,
        stdout=PIPE,
        limit=LONGEST_LINE,
    )
    try:
        yield Part(module, process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(END_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def obey(commands: Mapping[str, Callable[..., Awaitable[object]]]) -> None:
    """Do what stdin asks and answer on stdout, until stdin ends; for a process that `part` started."""
    lines = asyncio.StreamReader(limit=LONGEST_LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        asked = json.loads(line)
        answer = await commands[asked.pop("do")](**asked)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
