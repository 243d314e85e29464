"""The whole worker in virtual time: real actors and supervisor; group, database and Instagram in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from random import Random

import anyio

from actors.domain.item import Action, Person
from actors.worker import Identity, Ports, Worker
from infra.telegram.callback_data import ButtonVerb
from infra.telegram.caption_text import visible
from tests.fakes.clock import FakeClock
from tests.fakes.instagram import FakeInstagram
from tests.fakes.records import ItemRecord
from tests.fakes.store import Store
from tests.simulation.database import SimulatedDatabase, SimulatedPool
from tests.simulation.group import QuietGroup, open_quiet_group
from tests.simulation.telegram import Screen
from tests.tap_lines import TapLines, captured_lines

TEAM, TRIAL = -1001, -1002
CALL_SECONDS = 0.03
STATEMENT_SECONDS = 0.005
PUBLISH_SECONDS = 15.0
POOL = 5
HEAD_LINES = 5  # title, account, slot, live or not, and an empty line
INVISIBLE = {0x2068: None, 0x2069: None}  # what keeps a name from turning the words beside it


class Playhouse:
    """What the replay plays in; its clock shows the day of the incident."""

    def __init__(self, opens: datetime, lines: TapLines, group: QuietGroup) -> None:
        self.clock = FakeClock(opens)
        self.lines = lines
        self.group = group
        server = SimulatedDatabase(Store(self.clock), lambda _operation, _value: None)
        self.tables = server.store.tables
        self.database = SimulatedPool(server, group.wire, POOL)
        self.take_a_statement(STATEMENT_SECONDS)
        self.instagram = FakeInstagram(publish_seconds=PUBLISH_SECONDS)
        ports = Ports(self.database, group.chat, group.updates, self.clock, self.instagram)
        self.worker = Worker(ports, Identity("one", "here", 10.0), Random(1))

    def add_chats(self) -> None:
        """The production chat, and the half set up one of the tests: a dry run without an account."""
        tables = self.tables
        for chat_key, chat_id, live, account in ((1, TEAM, True, "@studio"), (2, TRIAL, False, None)):
            tables.chats.make(
                chat_key=chat_key,
                chat_id=chat_id,
                created_at=self.clock.now(),
                live=live,
                account=account,
                gap_seconds=10,
                account_id=chat_key if live else None,
            )
        tables.accounts.make(
            chat_key=1, account_id=1, created_at=self.clock.now(), ig_user_id="17841", username="studio"
        )

    def take_a_statement(self, seconds: float) -> None:
        """Let the database take so long for each, round trip and all."""
        self.group.weather.slow["database"] = seconds

    def queue(self, title: str, due_at: datetime) -> None:
        """Put a story into the production chat's queue."""
        tables = self.tables
        media_id, item_id = tables.number("media_id"), tables.number("item_id")
        now = self.clock.now()
        tables.media.make(chat_key=1, media_id=media_id, created_at=now, sha256=title, title=title, caption="")
        tables.items.make(chat_key=1, item_id=item_id, media_id=media_id, due_at=due_at, created_at=now)

    async def until(self, moment: datetime) -> None:
        """Let the day go on until this moment."""
        await anyio.sleep(max(0.0, (moment - self.clock.now()).total_seconds()))

    async def settle(self, seconds: float = 60.0) -> None:
        """Let whatever is under way come to its end."""
        await self.until(self.clock.now() + timedelta(seconds=seconds))

    @property
    def published(self) -> list[str]:
        """The titles of the stories that are live, in their order."""
        titles = {media.media_id: media.title for media in self.tables.media.all()}
        return [titles[media_id] for media_id in self.instagram.live]

    def item(self, title: str) -> ItemRecord:
        """The row of a story."""
        tables = self.tables
        media = next(media.media_id for media in tables.media.all() if media.title == title)
        return next(item for item in tables.items.all() if item.media_id == media)

    def screen(self, title: str) -> Screen:
        """The one card of a story."""
        (screen,) = self.group.cards_of(self.item(title).item_id)
        return screen

    def tap(self, title: str, action: Action, person: Person, shown: int = -1) -> str:
        """Tap a card as it looks now, or as it looked earlier."""
        return self.group.press(self.screen(title).sights[shown], ButtonVerb(action.value), person)

    def says(self, title: str) -> list[str]:
        """What the card says below the story."""
        shown = visible(self.screen(title).now.caption).translate(INVISIBLE)
        return shown.splitlines()[HEAD_LINES:]

    def toast(self, tap_id: str) -> str:
        """What a tap was answered with."""
        return self.group.platform.toasts[tap_id]

    def toast_ms(self, tap_id: str) -> float:
        """How long the toast of a tap took."""
        return float(self.lines.of(tap_id)[0]["toast_ms"])


@asynccontextmanager
async def open_playhouse(opens: datetime) -> AsyncIterator[Playhouse]:
    """Open it, with nobody in it: the worker is started by whoever plays."""
    with captured_lines() as lines:
        async with open_quiet_group(CALL_SECONDS) as group, anyio.create_task_group() as tasks:
            playhouse = Playhouse(opens, lines, group)
            playhouse.add_chats()
            tasks.start_soon(playhouse.worker.supervisor.run)
            yield playhouse
            playhouse.worker.supervisor.stop()
