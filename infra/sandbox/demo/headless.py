"""The demo: several groups, their people, a real worker, and a database whose connections are cut on the way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import anyio
from rich.console import Console
from rich.table import Table

from infra.sandbox.common.listening import Listener
from infra.sandbox.demo.fixtures import DemoFixtures
from infra.sandbox.demo.report import Report, count
from infra.sandbox.demo.sample_media import draw_pictures
from infra.sandbox.demo.simulated_users import Crowd
from infra.sandbox.instagram.model import InstagramAccount
from infra.sandbox.instagram.rules import AT_METAS_RATES
from infra.sandbox.sandbox import Sandbox
from infra.sandbox.telegram.model import User
from infra.sandbox.telegram.world import NewChat

PEOPLE = (
    User(101, "Anna Álvarez", "anna"),
    User(102, "Ben_the*Bold", "ben"),
    User(103, "Chloé <3 & Co", "chloe"),
    User(104, "נועה לוי", "noa"),
)
GROUPS = ("Studio", "Bakery & Café", "Surf_School", "Museum", "Book*Club", "Garden", "Kitchen <3", "Theatre")
STORIES_PER_GROUP = 3
PUBLISHING_GROUPS = 3
EVERY_SECONDS = 4.0
STARTED_SECONDS = 60.0
CUT_SECONDS = (0.7, 1.6)
HEADLESS_SECONDS = 15.0
FIRST_PORT = 8100
PORTS = (*range(FIRST_PORT, FIRST_PORT + 20), 0)  # the same address each time, if it is free


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What is played: with people of its own (`headless`) or open to a visitor, how long, and with which dice.

    `opens` tells whether the visitor's browser is opened.
    """

    headless: bool = False
    seconds: float | None = None
    seed: int = 1
    listener: Listener = field(default_factory=Listener)
    opens: bool = False


Connect = Callable[[int, InstagramAccount], Awaitable[None]]


async def set_the_stage(sandbox: Sandbox, fixtures: DemoFixtures, folder: Path, connect: Connect) -> int:
    """Make groups, people and stories; returns how many items were queued.

    The first groups publish, to an Instagram that refuses and delays as often as the real one does.
    """
    sandbox.instagram.set_rules(**AT_METAS_RATES)
    pictures = await anyio.to_thread.run_sync(draw_pictures, folder)
    for number, title in enumerate(GROUPS):
        chat = sandbox.create_chat(NewChat(title, PEOPLE))
        await fixtures.add_group(chat.id, title)
        if number < PUBLISHING_GROUPS:
            await connect(chat.id, sandbox.instagram.account)
        for story in range(STORIES_PER_GROUP):
            picture = pictures[(number * STORIES_PER_GROUP + story) % len(pictures)]
            await fixtures.add_story(chat.id, picture.path, picture.title, story * EVERY_SECONDS)
    return len(GROUPS) * STORIES_PER_GROUP


async def play(sandbox: Sandbox, fixtures: DemoFixtures, options: DemoOptions) -> dict[str, Any]:
    """Let people tap for some seconds while connections are cut; returns what came of it."""
    random = Random(options.seed)
    crowd = Crowd(sandbox, random)
    cuts = 0
    with anyio.fail_after(STARTED_SECONDS):
        await sandbox.until(sandbox.bot_api.polls.is_waiting)

    async def cut_now_and_then() -> None:
        nonlocal cuts
        while True:
            await anyio.sleep(random.uniform(*CUT_SECONDS))
            cuts += await fixtures.saboteur.cut_connections()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(cut_now_and_then)
        await crowd.run(options.seconds or HEADLESS_SECONDS)
        tasks.cancel_scope.cancel()
    await _let_cards_settle(sandbox, crowd)
    report = count(crowd.taps, sandbox.telegram, sandbox.clock())
    return _result(report, cuts, await fixtures.saboteur.decisions(), sandbox.instagram.stats())


async def _let_cards_settle(sandbox: Sandbox, crowd: Crowd) -> None:
    """The simulated people tap no more; what is on its way may still arrive."""
    with suppress(TimeoutError):
        await sandbox.until(lambda: _is_quiet(count(crowd.taps, sandbox.telegram, sandbox.clock())), 30.0)


def _is_quiet(report: Report) -> bool:
    return report.waiting == 0 and report.settled == report.items


def _result(report: Report, cuts: int, decisions: dict[str, int], instagram: dict[str, Any]) -> dict[str, Any]:
    published = {"published": instagram["stories"], "instagram_refused": instagram["refusals"]}
    result = report.wire() | {"connections_cut": cuts} | decisions | published
    # What the people saw, what the rows say and what followers see are all counted; the worst one is told.
    result["duplicates"] = max(report.duplicates, decisions["doubled"], instagram["doubles"])
    result["lost"] = report.lost + report.waiting
    return result


def went_well(result: dict[str, Any]) -> bool:
    """Tell whether nothing was lost or doubled, and something was tapped at all."""
    settled = result["settled"] == result["items"] == result["settled_rows"]
    return bool(result["taps"] and settled and not result["lost"] and not result["duplicates"])


def ports(headless: bool, wanted: int | None) -> tuple[int, ...]:
    """The ports to try: the one asked for and no other, else those of the demo; any for one that runs headless."""
    if wanted is not None:
        return (wanted,)
    return (0,) if headless else PORTS


def invitation(pages: Sequence[str]) -> str:
    """Say where the page is."""
    own, *others = pages
    elsewhere = f", from another machine {' or '.join(others)}," if others else ""
    return f"Open {own}{elsewhere} and tap a button (Ctrl-C ends the demo)"


LABELS = (
    ("items", "cards shown"),
    ("taps", "taps"),
    ("answered", "taps answered visibly"),
    ("settled", "cards settled"),
    ("duplicates", "settled twice"),
    ("lost", "taps lost"),
    ("connections_cut", "database connections cut"),
    ("toast_p50_ms", "toast after, median ms"),
    ("toast_p99_ms", "toast after, p99 ms"),
)


def print_table(console: Console, result: dict[str, Any]) -> None:
    """Print what came of it for a person."""
    table = Table(title="What the people in the chats saw", show_header=False)
    for key, label in LABELS:
        table.add_row(label, str(result[key]))
    console.print(table)
