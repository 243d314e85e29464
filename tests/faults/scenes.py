"""What a worker is in the middle of when it is ended, and what has to be true after the next one has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tests.crowd import Shown, put_in_review, tap_all
from tests.stage import CHAT, Stage

NOTIFY = "select pg_notify('everytap', '')"


class Scene(Protocol):
    """One life: of a tap, of a card."""

    name: str

    async def prepare(self, stage: Stage) -> None:
        """Set it, before any worker is there."""
        ...

    async def begin(self, stage: Stage) -> None:
        """Let it happen."""
        ...

    def is_told(self, stage: Stage) -> bool:
        """Say whether the chat shows how it ended."""
        ...

    async def wrong(self, stage: Stage) -> str | None:
        """Compare the rows with what happened."""
        ...


@dataclass
class TapScene:
    """Somebody taps Skip."""

    name: str = "tap"
    _shown: Shown | None = None

    async def prepare(self, stage: Stage) -> None:
        """Show a card."""
        (self._shown,) = await put_in_review(stage, 1)

    async def begin(self, stage: Stage) -> None:
        """Tap it."""
        tap_all(stage, [self._card()])

    def is_told(self, stage: Stage) -> bool:
        """Read the card."""
        card = self._card()
        place = (card.message_id, card.chat_id)
        return "Skipped by" in stage.text(*place) and not stage.buttons(*place)

    async def wrong(self, stage: Stage) -> str | None:
        """One decision, counted once."""
        events = await stage.events(self._card().item_id)
        counted = await stage.database.fetchval("select sum(skipped) from members")
        return None if (events, counted) == ([("skip", "Person 0")], 1) else f"decided {events}, counted {counted}"

    def _card(self) -> Shown:
        assert self._shown is not None
        return self._shown


@dataclass
class PresentScene:
    """A slot comes, and a card has to be sent."""

    name: str = "presentation"

    async def prepare(self, stage: Stage) -> None:
        """Make the group."""
        await stage.add_chat()

    async def begin(self, stage: Stage) -> None:
        """Queue a story that is due now."""
        await stage.queue()
        await stage.database.execute(NOTIFY)

    def is_told(self, stage: Stage) -> bool:
        """Look for a card with live buttons."""
        return any(message.content.buttons() for message in stage.messages(CHAT))

    async def wrong(self, stage: Stage) -> str | None:
        """The item is in review; a send that nobody heard of may have left a second card, but no third one."""
        await stage.until_rows_say("in_review", "select state from items")
        cards = len(stage.messages(CHAT))
        return None if cards <= 2 else f"{cards} cards"
