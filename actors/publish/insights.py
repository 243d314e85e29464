"""Reads how published stories were seen, while Instagram tells: it does so for 24 hours.

Twice: 12 hours after a story went live, and at 23, so that a stop over the last hours costs the late figures only. It
looks in the poll windows that are there anyhow: the second reading is planned for 22.5 hours, and comes half an hour
later at most.
developers.facebook.com/docs/instagram-platform/reference/instagram-media/insights
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import count

import anyio
import structlog

from actors.database.asking import terms_for
from actors.database.request import NotStored, Store
from actors.errors import AnswerLost, PortError, Unreachable
from actors.operations.insights import (
    ClaimInsights,
    InsightsDue,
    InsightsOutcome,
    InsightsTold,
    InsightsWork,
    NoteInsights,
)
from actors.ports import Instagram
from actors.publish.texts import NO_ACCOUNT_NOW, SILENT
from actors.runtime.child import ChildContext
from actors.runtime.waiting import WakeUp, look_and_sleep, seconds_to_poll_window

log = structlog.get_logger()

HOUR = 3600.0
LAST_READING_SECONDS = 22.5 * HOUR
GONE_SECONDS = 24 * HOUR
LOOK_SECONDS = 11 * HOUR  # less than the 12 after which a story of another worker is due
AGAIN_SECONDS = 600.0  # after a call that came to nothing: in the next poll window
ASK_SECONDS = 30.0
READ_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class InsightsDependencies:
    """All that the reader reaches; `worker` must be new with each start of the process."""

    worker: str
    store: Store
    instagram: Instagram


class InsightsReader:
    """The actor that asks Instagram how stories were seen, one after the other, and out of the way."""

    def __init__(self, dependencies: InsightsDependencies) -> None:
        self._dependencies = dependencies
        self._looks = count(1)

    async def run(self, context: ChildContext) -> None:
        """Look and sleep until stopped."""
        context.ready()
        await look_and_sleep(self._look, context.stopping, WakeUp())

    async def _look(self) -> float:
        """Read what is due; returns how long to sleep: not at all while more may be due."""
        owner = f"{self._dependencies.worker} insights {next(self._looks)}"
        try:
            work: InsightsWork = (
                await self._dependencies.store.ask(ClaimInsights(owner), terms_for(ASK_SECONDS))
            ).value
            for one in work.due:
                await self._read(one, owner)
        except NotStored:
            return seconds_to_poll_window()
        if work.due:
            return 0.0
        return seconds_to_poll_window(
            LOOK_SECONDS if work.next_seconds is None else min(LOOK_SECONDS, work.next_seconds)
        )

    async def _read(self, due: InsightsDue, owner: str) -> None:
        """Ask Instagram, and keep what it told."""
        told, pause = await self._told(due)
        again = next_reading(due.seconds_live, pause)
        await self._dependencies.store.ask(NoteInsights(due, owner, told, again), terms_for(ASK_SECONDS))
        place = {"chat_id": due.chat_id, "item_id": due.item_id, "version": due.version}
        log.info("insights", **place, outcome=told.outcome.value, reason=told.sentence, **asdict(told.insights))

    async def _told(self, due: InsightsDue) -> tuple[InsightsTold, float | None]:
        """What it told, and the pause before the same reading is tried again, if that is of use."""
        if due.seconds_live >= GONE_SECONDS:
            return InsightsTold(InsightsOutcome.MISSED), None
        if due.account is None:
            return InsightsTold(InsightsOutcome.NOT_TOLD, sentence=NO_ACCOUNT_NOW), AGAIN_SECONDS
        try:
            with anyio.fail_after(READ_SECONDS):
                return InsightsTold(
                    InsightsOutcome.TOLD, await self._dependencies.instagram.insights(due.account, due.media_id)
                ), None
        except (Unreachable, AnswerLost) as error:
            pause = max(AGAIN_SECONDS, error.retry_after_seconds or 0.0)
            return InsightsTold(InsightsOutcome.NOT_TOLD, sentence=str(error)), pause
        except PortError as error:
            return InsightsTold(InsightsOutcome.NOT_TOLD, sentence=str(error)), None
        except TimeoutError:
            return InsightsTold(InsightsOutcome.NOT_TOLD, sentence=SILENT), AGAIN_SECONDS


def next_reading(seconds_live: float, pause: float | None) -> float | None:
    """In how many seconds a story that is live for so long is read next; `pause`: this reading came to nothing.

    None: never, for it was read late enough, or Instagram would tell no more.
    """
    if seconds_live < LAST_READING_SECONDS:
        late = LAST_READING_SECONDS - seconds_live
        return late if pause is None else min(pause, late)
    return pause if pause is not None and seconds_live + pause < GONE_SECONDS else None
