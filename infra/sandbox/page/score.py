"""The score: what became of every tap and card so far, as people saw it. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from infra.sandbox.demo.report import Judgement, Report, Tapped, count
from infra.sandbox.instagram.facade import Instagram
from infra.sandbox.telegram.world import World

PATIENCE_SECONDS = 150.0  # by then a tap that was held has been decided, if nothing else breaks

Figure = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Score:
    """The figures of a play; `doubled` are second verdicts on a card and second stories of an item."""

    report: Report
    doubled: int

    def figures(self) -> list[Figure]:
        """Name, figure and colour of each."""
        report = self.report
        return [
            ("taps", str(report.taps), ""),
            ("answered", str(report.answered), ""),
            ("settled", f"{report.settled} of {report.items}", ""),
            ("lost", str(report.lost), "bad" if report.lost else "good"),
            ("doubled", str(self.doubled), "bad" if self.doubled else "good"),
        ]


def score(world: World, instagram: Instagram, whole_since: float, now: float) -> Score:
    """Count up to now.

    A tap is lost when it is unanswered long after everything worked again: until then Telegram still has it, or a
    worker is at it. `whole_since` is when that was; infinity, while something is broken.
    """
    waited = now - whole_since
    tapped = [
        Tapped(query.id, query.person.id, query.chat_id, query.message_id, query.callback_data, query.at)
        for query in world.queries.by_id.values()
    ]
    patience = PATIENCE_SECONDS if waited >= PATIENCE_SECONDS else math.inf
    report = count(tapped, world, now, Judgement(patience_seconds=patience))
    return Score(report, report.duplicates + len(instagram.doubles()))
