"""Sets the stage: PostgreSQL, the link, Telegram, our worker and the ideal; and how long a worker takes to its poll."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from infra.postgres.embedded.owner import open_embedded
from infra.postgres.migrate import migrate
from infra.settings import child_environment
from tests.bench.deck import Deck
from tests.bench.ideal import POOL
from tests.bench.pipes import ROOT, Part, part
from tests.bench.rounds import IDEAL, OURS, Scene
from tests.tcp_proxy import over

SECRET = "A" * 35
NEWCOMER = "7000000003"
HOUSE = "database"


@asynccontextmanager
async def open_scene(folder: Path) -> AsyncIterator[Scene]:
    """Open everything and let it warm up."""
    async with AsyncExitStack() as stack:
        dsn = await stack.enter_async_context(open_embedded(folder / HOUSE))
        database = await asyncpg.connect(dsn)
        stack.push_async_callback(database.close)
        await migrate(database)
        deck = Deck(database)
        await deck.prepare()
        link = await stack.enter_async_context(part("proxy", str(urlsplit(dsn).hostname), str(urlsplit(dsn).port)))
        over_link = over(await link.ask("port"), dsn)
        telegram = await stack.enter_async_context(part("telegram"))
        api_url = await address(telegram)
        data_dir = folder / "worker"
        data_dir.mkdir()
        worker = await stack.enter_async_context(
            # One connection more than the ideal's: ours listens on one.
            part("worker", environment=environment(OURS, api_url, data_dir, over_link, POOL + 1))
        )
        await telegram.ask("first_poll", bot=OURS)
        ideal = await stack.enter_async_context(part("ideal", over_link, api_url, f"{IDEAL}:{SECRET}"))
        await telegram.ask("first_poll", bot=IDEAL)
        yield Scene(telegram, link, worker, ideal, deck)


async def address(telegram: Part) -> str:
    """Where this Telegram is."""
    return f"http://127.0.0.1:{await telegram.ask('port')}"


def environment(bot: str, api_url: str, data_dir: Path, dsn: str, pool_size: int) -> dict[str, str]:
    """What a worker reads."""
    return child_environment(
        {
            "DATABASE_URL": dsn,
            "DATA_DIR": str(data_dir),
            "POOL_SIZE": str(pool_size),
            "PORT": "0",
            "ENV_FILE": os.devnull,
            "TELEGRAM_API_URL": api_url,
            "TELEGRAM_TOKEN": f"{bot}:{SECRET}",
            "LOG_FORMAT": "json",
            "LOG_LEVEL": "INFO",
        }
    )


async def seconds_to_first_poll(folder: Path, telegram: Part, times: int) -> dict[str, list[float]]:
    """From the start of a process to its first poll, its own database set up before: running, or stopped."""
    data_dir = folder / HOUSE
    found: dict[str, list[float]] = {"database stopped": [], "database running": []}
    async with open_embedded(data_dir) as dsn:
        database = await asyncpg.connect(dsn)
        await migrate(database)
        await database.close()
        for _ in range(times):
            found["database running"].append(await _seconds_to_first_poll(data_dir, telegram))
    for _ in range(times):
        found["database stopped"].append(await _seconds_to_first_poll(data_dir, telegram))
    return found


async def _seconds_to_first_poll(data_dir: Path, telegram: Part) -> float:
    read = environment(NEWCOMER, await address(telegram), data_dir, "", 5)
    async with asyncio.TaskGroup() as tasks:
        polled = tasks.create_task(telegram.ask("first_poll", bot=NEWCOMER))
        await asyncio.sleep(0.05)
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "main.py", "run", cwd=ROOT, env=read, stdout=DEVNULL
        )
        seconds: float = await polled - began
        process.terminate()
        await process.wait()
    return seconds
