"""A whole worker between fakes; its database notes when it was asked what."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import anyio
from structlog.testing import capture_logs

from actors.domain.item import Action, State
from actors.domain.messages import Recorded
from actors.errors import Unreachable
from actors.operations.cards import AcknowledgeCards, Recover, Recoverable, SaveCard, SendFailed
from actors.operations.housekeeping import HoldLease, LeaseState, LeaseView, Prune, ReleaseLease, WriteInteractions
from actors.operations.insights import ClaimInsights, InsightsWork
from actors.operations.operation import Operation
from actors.operations.schedule import ClaimDue, Due
from actors.operations.set_up import LookAtSetUp, Prerequisites, SetUp
from actors.operations.taps import CloseTap, RecordTap
from actors.operations.tokens import ClaimTokens
from actors.ports import Webhook
from actors.runtime.child import ChildContext
from actors.worker import Identity, Ports, Worker
from tests.actors.fakes import FakeChat
from tests.actors.item.fakes import NoonClock
from tests.actors.updates.fakes import FakeUpdates
from tests.kit.lives import supervising
from tests.pools import FakePool
from tests.stories import ANNA, row, settled

SKIPPED = settled(row(State.SKIPPED, 1), Action.SKIP, ANNA)


class TimedPool(FakePool):
    """Answers an empty database, and notes when it was asked what."""

    def __init__(self) -> None:
        super().__init__(size=2)
        self.asked: list[tuple[float, str]] = []
        self.due: list[Due] = []
        self.standing = LeaseState.HELD
        self.listened: list[float] = []
        self.set_up = SetUp()
        self.answers(self._reply)

    def when(self, kind: type[Operation[Any]]) -> list[float]:
        """At which times this was answered."""
        return [at for at, name in self.asked if name == kind.__name__]

    @asynccontextmanager
    async def notifications(self) -> AsyncIterator[AsyncIterator[None]]:
        """Listening does not work here."""
        self.listened.append(anyio.current_time())
        raise Unreachable("there is no connection to spare for listening")
        yield

    def _reply(self, operation: Operation[Any]) -> Any:
        self.asked.append((anyio.current_time(), type(operation).__name__))
        match operation:
            case ClaimDue():
                return self.due.pop() if self.due else Due((), (), None)
            case Recover():
                return Recoverable((), (), (), None)
            case HoldLease():
                return LeaseView(self.standing, False, operation.seconds)
            case RecordTap(pressed) | CloseTap(pressed):
                return Recorded(pressed, SKIPPED)
            case SendFailed():
                return row(State.WAITING)
            case SaveCard():
                return row(State.IN_REVIEW)
            case ReleaseLease() | ClaimTokens() | ClaimInsights():
                return SHORT_ANSWERS[type(operation)]
            case LookAtSetUp():
                return self.set_up
            case AcknowledgeCards() | Prune() | WriteInteractions():
                return 0
        raise AssertionError(operation)


SHORT_ANSWERS: dict[type[Operation[Any]], object] = {ReleaseLease: True, ClaimTokens: (), ClaimInsights: InsightsWork()}


@dataclass
class TreeStage:
    """A worker between fakes."""

    pool: TimedPool = field(default_factory=TimedPool)
    chat: FakeChat = field(default_factory=FakeChat)
    updates: FakeUpdates = field(default_factory=FakeUpdates)
    web: Callable[[Worker, ChildContext], Any] | None = None
    webhook: Webhook | None = None
    means: Prerequisites = field(default_factory=Prerequisites)
    logs: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        ports = Ports(self.pool, self.chat, self.updates, NoonClock(), webhook=self.webhook, means=self.means)
        self.worker = Worker(ports, Identity("w1", "here", 10.0), Random(1), self.web)

    @asynccontextmanager
    async def playing(self) -> AsyncIterator[Worker]:
        """Let the worker live, then stop it."""
        with capture_logs() as self.logs:
            async with supervising(self.worker.supervisor):
                await anyio.sleep(0.5)
                yield self.worker

    def lines(self, event: str) -> list[list[str]]:
        """Which children each line of the tree names."""
        return [line["children"] for line in self.logs if line["event"] == event]
