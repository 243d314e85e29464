"""A team's group by itself, in memory: the simulation's Telegram with nothing in the way, and somebody's fingers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self

import anyio

from actors.domain.item import Item, Person
from infra.telegram.callback_data import ButtonVerb, decode
from tests.fakes.clock import FakeClock
from tests.fakes.store import Store
from tests.simulation.calm import Calm, open_wires
from tests.simulation.journal import Transcript
from tests.simulation.ledger import Ledger
from tests.simulation.people import Crowd
from tests.simulation.processes import Process
from tests.simulation.telegram import Listeners, Screen, Sight, SimulatedTelegram
from tests.simulation.telegram_ports import ChatPort, UpdatesPort
from tests.simulation.wire import Wire
from tests.stories import CHAT


class _NoBooks(Ledger):
    """Nobody claims an item here."""

    def sends(self, process: Process, row: Item, now: float) -> None:
        """No matter."""

    def sent(self, process: Process, row: Item, message_id: int) -> None:
        """No matter."""


@dataclass
class QuietGroup:
    """What one worker has of Telegram: `chat` and `updates`; `rival` is what another one polls by."""

    platform: SimulatedTelegram
    chat: ChatPort
    updates: UpdatesPort
    rival: UpdatesPort
    crowd: Crowd
    wire: Wire
    changed: list[anyio.Event] = field(default_factory=list)

    @classmethod
    def open(cls, wire: Wire, rival: Wire) -> Self:
        """Make the group."""
        changed: list[anyio.Event] = []
        platform = SimulatedTelegram(wire.timeline, _listeners(changed))
        transcript = Transcript(lambda: wire.timeline.now)
        books = _NoBooks(Store(FakeClock()), lambda _promise, _how: None)
        chat = ChatPort(platform, wire, (lambda _press_id, _text: None, books))
        crowd = Crowd(platform, transcript, (CHAT,), lambda: True, lambda _: None)
        return cls(platform, chat, UpdatesPort(platform, wire), UpdatesPort(platform, rival), crowd, wire, changed)

    @property
    def weather(self) -> Calm:
        """How long calls take, and what becomes of the next one."""
        assert isinstance(self.wire.weather, Calm)
        return self.wire.weather

    def cards_of(self, item_id: int) -> list[Screen]:
        """Look at every message that shows the item, the oldest first."""
        return [screen for screen in self.platform.screens.values() if screen.now.face.item_id == item_id]

    def press(self, sight: Sight, verb: ButtonVerb, person: Person) -> str:
        """Press a button of a card as it looks, or looked; returns the press's id."""
        buttons = {decode(one.target): one for line in sight.keyboard for one in line if not one.is_link}
        (button,) = (one for meaning, one in buttons.items() if meaning is not None and meaning.verb is verb)
        return self.crowd.press(person, sight, button)

    async def until(self, predicate: Callable[[], bool]) -> None:
        """Wait until the screens show it; each card that is drawn is looked at."""
        while not predicate():
            self.changed.append(anyio.Event())
            await self.changed[-1].wait()


@asynccontextmanager
async def open_quiet_group(seconds: float = 0.0) -> AsyncIterator[QuietGroup]:
    """Open the group, and the ways of two workers to it, each of whose calls takes so long."""
    async with open_wires(2, seconds) as (wire, rival):
        yield QuietGroup.open(wire, rival)


def _listeners(changed: list[anyio.Event]) -> Listeners:
    def tell() -> None:
        while changed:
            changed.pop().set()

    return Listeners(
        confirmed=lambda _updates: None,
        drawn=lambda _sight, _before: tell(),
        toasted=lambda _press_id, _text: None,
        said=lambda _chat_id, _text: None,
        conflicted=lambda: None,
        refused=lambda _chat_id, _message_id: None,
        delivered=lambda _process, _updates: None,
    )
