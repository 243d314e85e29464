"""The stage of `make chaos`: groups that publish by one account of the sandbox, each item with a story of its own."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from signal import SIGKILL
from typing import Any

import anyio
import asyncpg
from anyio.abc import Process
from PIL import Image

from infra.postgres.connect import DatabaseAddress
from infra.postgres.embedded.owner import open_embedded
from infra.sandbox.demo.fixtures import DemoFixtures
from infra.sandbox.demo.headless import GROUPS, PEOPLE
from infra.sandbox.demo.wiring import COMMAND, open_fixtures, worker_of
from infra.sandbox.demo.worker_processes import worker_process
from infra.sandbox.instagram import faults as troubles
from infra.sandbox.instagram.rules import AT_METAS_RATES
from infra.sandbox.sandbox import Sandbox
from infra.sandbox.server import open_sandbox
from infra.sandbox.telegram.model import GroupChat
from infra.sandbox.telegram.rules import Rules, StageError
from infra.sandbox.telegram.world import ButtonTap, NewChat
from infra.vault import Vault, new_key
from tests.chaos.verdict import TRUTH_SECONDS

DECK_SECONDS = 120.0
OPEN = "state in ('waiting', 'presenting', 'in_review', 'publishing', 'in_doubt')"
CARDS = """select c.chat_id, k.message_id, i.item_id, i.state from cards k
  join items i using (chat_key, item_id) join chats c using (chat_key) where not k.retired"""
TROUBLES = (troubles.LOST_AFTER, troubles.LOST_BEFORE, troubles.ERROR_THOUGH_PUBLISHED)
CHANCE = 0.06  # of each trouble, for each publish call
AGAIN_SECONDS = 5.0

Card = tuple[int, int, int]  # chat, message, item


@dataclass(frozen=True, slots=True)
class Wish:
    """What is played; `kill_at`: not at random moments, but at these stories, counted as they go live."""

    seed: int
    items: int
    workers: int
    kill_at: tuple[int, ...] = ()


@dataclass
class Play:
    """The stage, and what happened on it."""

    wish: Wish
    sandbox: Sandbox
    fixtures: DemoFixtures
    database: asyncpg.Connection[asyncpg.Record]
    folder: Path
    environment: dict[str, str]
    random: Random
    chats: list[GroupChat] = field(default_factory=list)
    kills: int = 0
    published: int = 0
    living: list[Process] = field(default_factory=list)
    tapped: set[int] = field(default_factory=set)
    again: int = 0
    calm: anyio.Event = field(default_factory=anyio.Event)

    async def set_the_stage(self, vault: Vault) -> None:
        """Make the groups, all publishing by one account, and a story of its own for each item."""
        self.sandbox.instagram.set_rules(quota_total=10 * self.wish.items, lag_seconds=3.0, **AT_METAS_RATES)
        for title in GROUPS:
            chat = self.sandbox.create_chat(NewChat(title, PEOPLE))
            await self.fixtures.add_group(chat.id, title)
            await self.fixtures.connect(vault.seal, chat.id, self.sandbox.instagram.account)
            self.chats.append(chat)
        for number in range(self.wish.items):
            picture = self.folder / f"{number}.png"
            Image.new("RGB", (90, 160), (number % 256, number // 256, 90)).save(picture)
            await self.fixtures.add_story(self.chats[number % len(GROUPS)].id, picture, f"Story {number}", 0.0)

    async def keep_killing(self, number: int) -> None:
        """Run one worker after the other, each until it is killed; the last one lives."""
        log_file = self.folder / f"worker-{number}.log"
        end = self.killed_as_it_goes_live if self.wish.kill_at else self.kill_at_random
        while True:
            async with worker_process(COMMAND, self.environment, log_file) as process:
                await end(process)

    async def kill_at_random(self, process: Process) -> None:
        """Kill it some seconds after its start; one that sees all the taps through lives on."""
        with anyio.move_on_after(self.random.uniform(3.0, 9.0)):
            await self.calm.wait()
        if self.calm.is_set():
            await anyio.sleep_forever()
        process.kill()
        self.kills += 1
        await process.wait()

    async def killed_as_it_goes_live(self, process: Process) -> None:
        """Have it killed with all others once the story goes live at which they are."""
        self.living.append(process)
        code = await process.wait()
        self.living.remove(process)
        assert code == -SIGKILL, f"a worker ended by itself with {code}"

    def see_journal(self) -> None:
        """The sandbox has noted something: kill every worker between the effect of a publish call and its answer."""
        if self.sandbox.telegram.journal.entries[-1].kind != "instagram.published":
            return
        self.published += 1
        if self.published in self.wish.kill_at:
            self.kills += len(self.living)
            for process in self.living:
                process.kill()

    def kills_to_come(self) -> list[int]:
        """The stories at whose going live workers are still to be killed."""
        return [number for number in self.wish.kill_at if number > self.published]

    def trouble_instagram(self) -> None:
        """Lose answers of the publish call now and then."""
        for fault in TROUBLES:
            self.sandbox.instagram.set_fault(replace(fault, chance=CHANCE))

    async def tap_auto_post(self) -> None:
        """Tap Auto Post on every card as it comes, and again where a person sees that it is still asked for."""
        with anyio.move_on_after(DECK_SECONDS):
            while len(self.tapped) < self.wish.items or self.kills_to_come():
                for card in await self.cards():
                    self.tap(card, "Auto Post")
                    await anyio.sleep(self.random.uniform(0.0, 0.5))
                await anyio.sleep(0.3)

    async def tap_again(self) -> None:
        """Tap Auto Post wherever it is still asked for though all is calm: there a publish was refused."""
        for card in await self.cards():
            self.tap(card, "Auto Post")
            self.again += 1

    def tap(self, card: Card, button: str) -> None:
        """Let somebody tap a button of a card, if it has it."""
        chat_id, message_id, item_id = card
        try:
            self.sandbox.tap(ButtonTap(chat_id, message_id, self.random.choice(PEOPLE).id, button))
        except StageError:
            return  # the card is not there yet, or offers it no more
        self.tapped.add(item_id)

    async def cards(self) -> list[Card]:
        """The cards in review: chat, message and item."""
        rows = await self.database.fetch(CARDS + " and i.state = 'in_review' order by i.item_id")
        return [(row["chat_id"], row["message_id"], row["item_id"]) for row in rows]

    async def count(self, which: str) -> int:
        """Count items."""
        found: int = await self.database.fetchval(f"select count(*) from items where {which}")
        return found

    async def states(self) -> dict[str, int]:
        """Count the items of each state."""
        rows = await self.database.fetch("select state, count(*) as n from items group by 1")
        return {row["state"]: row["n"] for row in rows}

    async def settle(self) -> float | None:
        """Wait until nothing is open and no card lies, while people tap again; answers how long it took."""
        began = tapped = time.monotonic()
        while (now := time.monotonic()) - began < 2 * TRUTH_SECONDS:
            if await self.count(OPEN) == 0 and await self.lies() == 0:
                return now - began
            if now - tapped > AGAIN_SECONDS:
                tapped = now
                await self.tap_again()
            await anyio.sleep(0.5)
        return None

    async def lies(self) -> int:
        """Count cards that do not show their row, or lack the buttons of a decision."""
        count = 0
        for row in await self.database.fetch(CARDS):
            content = self.sandbox.telegram.chats[row["chat_id"]].messages[row["message_id"]].content
            asked = any("callback_data" in button for button in content.buttons())
            said = {"posted": "Posted", "skipped": "Skipped"}.get(row["state"], "")
            count += said not in content.text or asked != (row["state"] in {"in_review", "in_doubt"})
        return count

    async def result(self, settled_seconds: float | None) -> dict[str, Any]:
        """Compare the rows with what followers see."""
        live = len({story.media for story in self.sandbox.instagram.live()})
        by_api = await self.database.fetchval("select count(*) from publishes where state = 'published'")
        return {
            "seed": self.wish.seed,
            "workers": self.wish.workers,
            "kills": self.kills,
            "kills_missing": len(self.kills_to_come()),
            "items": self.wish.items,
            "tapped": len(self.tapped),
            "tapped_again": self.again,
            "states": await self.states(),
            "live": live,
            "published": by_api,
            "doubles": len(self.sandbox.instagram.doubles()),
            "lies": await self.lies(),
            "settled_seconds": settled_seconds and round(settled_seconds, 1),
            "calls": self.sandbox.instagram.stats()["calls"],
        }


@asynccontextmanager
async def open_play(wish: Wish, folder: Path) -> AsyncIterator[Play]:
    """Set the stage."""
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(open_sandbox(rules=Rules(limits=False)))
        dsn = await stack.enter_async_context(open_embedded(folder))
        fixtures = await stack.enter_async_context(open_fixtures(folder, DatabaseAddress(dsn)))
        database = await asyncpg.connect(dsn)
        stack.push_async_callback(database.close)
        key = new_key()
        environment = worker_of(sandbox, folder, dsn) | {"SECRET_KEYS": key}
        play = Play(wish, sandbox, fixtures, database, folder, environment, Random(wish.seed))
        sandbox.telegram.journal.listeners.append(play.see_journal)
        await play.set_the_stage(Vault([key]))
        yield play
