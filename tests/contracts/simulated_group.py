"""The simulation's group as the contracts see it, with the fingers of the simulation's people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from actors.domain.item import Item
from infra.telegram.callback_data import ButtonVerb, Meaning, encode
from tests.contracts.calm import open_wires
from tests.contracts.groups import ITEM
from tests.fakes.clock import FakeClock
from tests.fakes.store import Store
from tests.simulation.journal import Transcript
from tests.simulation.ledger import Ledger
from tests.simulation.people import Crowd
from tests.simulation.processes import Process
from tests.simulation.telegram import Listeners, SimulatedTelegram
from tests.simulation.telegram_ports import ChatPort, UpdatesPort
from tests.simulation.wire import Wire
from tests.stories import ANNA, CHAT, MARK


class _NoBooks(Ledger):
    """Nobody claims an item here."""

    def sends(self, process: Process, row: Item, now: float) -> None:
        """No matter."""

    def sent(self, process: Process, row: Item, message_id: int) -> None:
        """No matter."""


@dataclass
class SimulatedGroup:
    """On the simulation's wire."""

    platform: SimulatedTelegram
    chat: ChatPort
    updates: UpdatesPort
    rival: UpdatesPort
    crowd: Crowd

    @classmethod
    def open(cls, wire: Wire, rival: Wire) -> SimulatedGroup:
        """Make the group."""
        platform = SimulatedTelegram(wire.timeline, _deaf())
        transcript = Transcript(lambda: wire.timeline.now)
        books = _NoBooks(Store(FakeClock()), lambda _promise, _how: None)
        chat = ChatPort(platform, wire, (lambda _press_id, _text: None, books))
        crowd = Crowd(platform, transcript, (CHAT,), lambda: True, lambda _: None)
        return cls(platform, chat, UpdatesPort(platform, wire), UpdatesPort(platform, rival), crowd)

    def tap(self, message_id: int) -> str:
        """Tap."""
        sight = self.platform.screens[CHAT, message_id].now
        skip = encode(Meaning(ButtonVerb.SKIP, ITEM, 0, MARK))
        (button,) = (button for line in sight.keyboard for button in line if button.target == skip)
        return self.crowd.press(ANNA, sight, button)

    def delete(self, message_id: int) -> None:
        """Delete."""
        self.platform.screens[CHAT, message_id].deleted = True

    def toast(self, press_id: str) -> str | None:
        """Look."""
        return self.platform.toasts.get(press_id)


@asynccontextmanager
async def open_simulated_group() -> AsyncIterator[SimulatedGroup]:
    """Open the group, and the ways of two workers to it."""
    async with open_wires(2) as (wire, rival):
        yield SimulatedGroup.open(wire, rival)


def _deaf() -> Listeners:
    return Listeners(
        confirmed=lambda _updates: None,
        drawn=lambda _sight, _before: None,
        toasted=lambda _press_id, _text: None,
        said=lambda _chat_id, _text: None,
        conflicted=lambda: None,
        refused=lambda _chat_id, _message_id: None,
        delivered=lambda _process, _updates: None,
    )
