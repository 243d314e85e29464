"""Rounds of taps: ours and the ideal in turn, on the same cards, link and Telegram."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from tests.bench.deck import Deck
from tests.bench.pipes import Part

OURS, IDEAL = "7000000001", "7000000002"
BATCHES_SECONDS = 1.2  # our acknowledgements and interactions are written within so long
PATIENCE_SECONDS = 30.0


@dataclass
class Scene:
    """Everybody who takes part."""

    telegram: Part
    link: Part
    worker: Part
    ideal: Part
    deck: Deck

    def part(self, bot: str) -> Part:
        """The process behind a bot."""
        return self.worker if bot == OURS else self.ideal

    async def tap(self, bot: str, count: int, every_seconds: float = 0.0, awaited: str = "card") -> Taps:
        """Tap so many cards and wait for what is awaited."""
        cards = await self.deck.deal(count)
        asked = {"bot": bot, "cards": cards, "every_seconds": every_seconds, "awaited": awaited}
        taps = Taps()
        taps.add(await self.telegram.ask("tap", **asked, seconds=PATIENCE_SECONDS + count * every_seconds))
        return taps


@dataclass
class Taps:
    """The moments of many taps, round by round."""

    rounds: list[list[list[float | None]]] = field(default_factory=list)

    def add(self, moments: list[list[float | None]]) -> None:
        """One more round."""
        self.rounds.append(moments)

    def join(self, other: Taps) -> None:
        """The rounds of another one, too."""
        self.rounds += other.rounds

    @property
    def lost(self) -> int:
        """Of how many no final card was seen."""
        return sum(moments[4] is None for taps in self.rounds for moments in taps)

    @property
    def untoasted(self) -> int:
        """Of how many no toast was seen."""
        return sum(moments[3] is None for taps in self.rounds for moments in taps)

    def toast(self) -> list[float]:
        """Milliseconds from the tap to its toast."""
        return self._between(0, 3)

    def card(self) -> list[float]:
        """Milliseconds from the tap to its final card."""
        return self._between(0, 4)

    def toast_call(self) -> list[float]:
        """Milliseconds from the reply that told of the tap to the arrival of the toast's call."""
        return self._between(1, 2)

    def per_second(self) -> float:
        """How many final cards a second, from the tap to the last one of a round; the median round."""
        return median(len(taps) / _length(taps) for taps in self.rounds)

    def _between(self, first: int, last: int) -> list[float]:
        found = []
        for taps in self.rounds:
            for moments in taps:
                begin, end = moments[first], moments[last]
                if begin is not None and end is not None:
                    found.append((end - begin) * 1000)
        return found


def _length(taps: list[list[float | None]]) -> float:
    begins = [moments[0] for moments in taps if moments[0] is not None]
    ends = [moments[4] for moments in taps if moments[4] is not None]
    return max(ends, default=begins[0] + PATIENCE_SECONDS) - min(begins)


def percentile(values: list[float], part: float) -> float:
    """The value below which this part of them lies; the highest, if they are too few to say."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else float("nan")


async def in_turn(scene: Scene, at_once: int, rounds: int) -> dict[str, Taps]:
    """Let so many people tap at once, again and again, ours and the ideal in turn."""
    taps = {OURS: Taps(), IDEAL: Taps()}
    for _ in range(rounds):
        for bot, found in taps.items():
            found.join(await scene.tap(bot, at_once))
            await asyncio.sleep(BATCHES_SECONDS if bot == OURS and at_once > 1 else 0.06)
    return taps


async def steadily(scene: Scene, bot: str, seconds: float) -> dict[str, Any]:
    """A hundred taps a second; answers the taps, how late the loop's timers were, and what passed the link."""
    part = scene.part(bot)
    await scene.link.ask("spoken")
    await part.ask("stalls")
    cpu = await part.ask("cpu")
    taps = await scene.tap(bot, int(seconds * 100), every_seconds=0.01)
    late, used = await part.ask("stalled"), await part.ask("cpu") - cpu
    await asyncio.sleep(BATCHES_SECONDS)
    count = len(taps.rounds[0])
    return {
        "taps": taps,
        "stall_ms": percentile(late, 0.999),
        "worst_stall_ms": max(late),
        "round_trips": await scene.link.ask("spoken") / count,
        "cpu_ms": used * 1000 / count,
    }
