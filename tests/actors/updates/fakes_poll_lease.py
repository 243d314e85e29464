"""The lease's row, as a database keeps it, and workers who want it."""

from __future__ import annotations

from dataclasses import dataclass, field

import anyio

from actors.bounds import CONTESTED_SECONDS
from actors.operations.housekeeping import HoldLease, LeaseState, LeaseView, ReleaseLease
from actors.updates.poll_lease import PollLease
from tests.actors.fakes import After, FakeStore


@dataclass
class Table:
    """The row of the lease, as the database keeps it."""

    owner: str | None = None
    until: float = 0.0
    standby_at: float = -3600.0

    def hold(self, asked: HoldLease) -> LeaseView:
        """Give, renew, or register a standby, who cuts what is left."""
        now = anyio.current_time()
        if self.owner not in {None, asked.worker} and self.until > now:
            self.standby_at = now
            self.until = min(self.until, now + asked.cut_seconds)
            return LeaseView(LeaseState.STANDBY, True, self.until - now)
        self.owner, self.until = asked.worker, now + asked.seconds
        return LeaseView(LeaseState.HELD, now - self.standby_at < CONTESTED_SECONDS, asked.seconds)

    def release(self, asked: ReleaseLease) -> bool:
        """Give it back, if it is theirs."""
        mine = self.owner == asked.worker
        self.owner = None if mine else self.owner
        return mine


@dataclass
class Worker:
    """One worker's lease; its nudge reaches whom the test says, but for the first ones that come between two polls."""

    name: str
    table: Table
    store: FakeStore = field(default_factory=FakeStore)
    nudges: list[float] = field(default_factory=list)
    took_over: list[float] = field(default_factory=list)
    rival: Worker | None = None
    nudge_seconds: float = 0.0
    missed_nudges: int = 0

    def __post_init__(self) -> None:
        self.store.always("HoldLease", After(0.01, self.table.hold))
        self.store.always("ReleaseLease", After(0.01, self.table.release))
        self.lease = PollLease(self.store, self.name, self._nudge, lambda: self.took_over.append(anyio.current_time()))

    async def _nudge(self) -> None:
        self.nudges.append(anyio.current_time())
        await anyio.sleep(self.nudge_seconds)
        if self.rival is not None and len(self.nudges) > self.missed_nudges:
            self.rival.lease.look()
