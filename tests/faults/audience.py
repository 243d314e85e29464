"""People who tap one new card after the other while something breaks, and what each of their taps came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio

from infra.sandbox.telegram.model import ShownContent as Appearance
from infra.sandbox.telegram.queries import Query
from tests.crowd import Shown, put_in_review, tap_all
from tests.stage import Stage

LANDED = "Skipped by"
REFUSED = "was not saved, tap again"
DOUBTED = "not confirmed yet"
UNDER_WAY = "⏳"
EVENTS = "select item_id, array_agg(step || ' ' || user_name order by version) as steps from item_events group by 1"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, if anything, and how the taps went.

    `explained_again`: lines of a second worker, to which a tap came too, or which drew its card again: a worker knows
    what it has explained itself.
    """

    landed: int = 0
    refused: int = 0
    explained_again: int = 0
    wrong: list[str] = field(default_factory=list)
    lost: bool = False
    doubled: bool = False


class Audience:
    """One person a card, each of whom taps Skip in their turn."""

    def __init__(self, stage: Stage, cards: Sequence[Shown]) -> None:
        self._stage = stage
        self._fresh = list(reversed(cards))
        self.tapped: dict[str, Shown] = {}

    async def tap_on(self, per_second: float) -> None:
        """Tap new cards at this rate until there are none."""
        began = anyio.current_time()
        count = 0
        while self._fresh:
            card = self._fresh.pop()
            (tap,) = tap_all(self._stage, [card])
            self.tapped[tap] = card
            count += 1
            await anyio.sleep_until(began + count / per_second)

    async def all_told(self, seconds: float) -> bool:
        """Wait until each card that was tapped tells what came of it; False: they do not."""
        return await self._all(self.is_told, seconds)

    async def all_landed(self, seconds: float) -> bool:
        """Wait until each card that was tapped tells that it was decided; False: they do not."""
        return await self._all(lambda card: self._first(card, LANDED) is not None, seconds)

    async def all_confirmed(self, seconds: float) -> bool:
        """Wait until Telegram was told of each tap that it is done with; False: it holds some."""
        with anyio.move_on_after(seconds):
            while self._stage.sandbox.telegram.updates:  # noqa: ASYNC110 - a poll's end is no change of a screen
                await anyio.sleep(0.05)
        return not self._stage.sandbox.telegram.updates

    async def _all(self, are: Callable[[Shown], bool], seconds: float) -> bool:
        left = list(self.tapped.values())

        def nobody_waits() -> bool:
            while left and are(left[-1]):
                left.pop()
            return not left

        try:
            await self._stage.until(nobody_waits, seconds)
        except TimeoutError:
            return False
        return True

    def is_told(self, card: Shown) -> bool:
        """Read a card: it has landed, or was refused with its buttons live, and nothing is under way."""
        now = self._history(card)[-1].content
        if LANDED in now.text:
            return not now.buttons()
        return UNDER_WAY not in now.text and bool(now.buttons()) and self._first(card, REFUSED) is not None

    def refused(self) -> list[Shown]:
        """The cards whose tap was refused."""
        return [card for card in self.tapped.values() if self._first(card, LANDED) is None]

    async def tap_again(self, cards: Iterable[Shown]) -> None:
        """Let whoever was refused tap again."""
        for card in cards:
            (tap,) = tap_all(self._stage, [card])
            self.tapped[tap] = card

    async def finding(self, *logs: Sequence[Mapping[str, Any]]) -> Finding:
        """Compare toasts, rows, cards and the log lines that explain taps, worker by worker."""
        rows = {row["item_id"]: row["steps"] for row in await self._stage.database.fetch(EVENTS)}
        explained = [Counter(line["tap_id"] for line in log if line["event"] == "tap") for log in logs]
        known = {tap for counts in explained for tap in counts}
        cards = list(self.tapped.values())
        lying = [card for card in cards if not self._is_true(card, rows.get(card.item_id, []))]
        dead = [card for card in cards if any(_is_dead(shown) for shown in self._history(card))]
        wrong = {
            "taps without a toast": sum(self._query(tap).seen() is None for tap in self.tapped),
            "updates that Telegram still holds": len(self._stage.sandbox.telegram.updates),
            "taps without a line": len(self.tapped.keys() - known),
            "taps that a worker explained twice": sum(count > 1 for counts in explained for count in counts.values()),
            "cards that lie": len(lying),
            "cards whose buttons were gone before it was decided": len(dead),
            "items decided twice": sum(len(steps) > 1 for steps in rows.values()),
            "items decided that nobody tapped": len(rows.keys() - {card.item_id for card in cards}),
        }
        return Finding(
            landed=len(rows),
            refused=len({card.item_id for card in cards} - rows.keys()),
            explained_again=sum(counts.total() for counts in explained) - len(known),
            wrong=[f"{count} {words}" for words, count in wrong.items() if count]
            + [f"one of them: {self._describe(card)}, rows {rows.get(card.item_id)}" for card in lying[:1]],
            lost=any(card.item_id not in rows for card in lying),
            doubled=wrong["items decided twice"] > 0,
        )

    def seconds_to_truth(self) -> float:
        """The longest time from a tap to the card that tells that it landed."""
        return max(self._waited(LANDED), default=0.0)

    def seconds_to_doubt(self) -> float:
        """The longest time from a tap to the first word that it did not, or may not have."""
        return max(self._waited(REFUSED, DOUBTED), default=0.0)

    def seconds_to_toast(self) -> float:
        """The longest time from a tap to its toast."""
        queries = [self._query(tap) for tap in self.tapped]
        return max((seen.at - query.at for query in queries if (seen := query.seen())), default=0.0)

    def _waited(self, *words: str) -> Iterable[float]:
        for tap, card in self.tapped.items():
            at = self._query(tap).at
            if told := [found for word in words if (found := self._first(card, word)) is not None and found >= at]:
                yield min(told) - at

    def _is_true(self, card: Shown, steps: list[str]) -> bool:
        if steps:
            return steps == [f"skip {card.person.name}"] and self.is_told(card) and card not in self.refused()
        return self.is_told(card)

    def _describe(self, card: Shown) -> str:
        return "; ".join(f"{shown.at:.2f} {shown.content.text[-50:]!r}" for shown in self._history(card)[-4:])

    def _first(self, card: Shown, words: str) -> float | None:
        """When it first told so: on the card, or, of a card that no worker knows as its own yet, in the chat."""
        seen = [shown.at for shown in self._history(card) if words in shown.content.text]
        return min([*seen, *self._said(card, words)], default=None)

    def _said(self, card: Shown, words: str) -> Iterable[float]:
        for message in self._stage.sandbox.telegram.chats[card.chat_id].messages.values():
            text = message.content.text
            if message.content.kind == "text" and words in text and card.person.name in text:
                yield message.history[0].at

    def _history(self, card: Shown) -> list[Appearance]:
        return self._stage.sandbox.telegram.chats[card.chat_id].messages[card.message_id].history

    def _query(self, tap: str) -> Query:
        return self._stage.sandbox.telegram.queries.by_id[tap]


def _is_dead(shown: Appearance) -> bool:
    return LANDED not in shown.content.text and not shown.content.buttons()


async def invite(stage: Stage, count: int) -> Audience:
    """Put so many cards in review that no worker has ever seen, each with somebody to tap it."""
    return Audience(stage, await put_in_review(stage, count))
