"""What the server keeps, and what every operation means to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

import anyio

from actors.operations import commands as wished
from actors.operations import operation as asked
from actors.operations import preflight as ahead
from actors.operations import publishes as published
from actors.operations import tokens as kept
from actors.operations.operation import Operation
from actors.operations.set_up import LookAtSetUp
from actors.ports import Clock
from tests.fakes import changes, commands, moves, preflight, publishes, schedule, set_up, taps
from tests.fakes import housekeeping as upkeep
from tests.fakes import tokens as accounts
from tests.fakes.tables import Tables
from tests.fakes.writer import Writer

T = TypeVar("T")

MEANINGS: Mapping[type[Operation[Any]], Callable[[Writer, Any], Any]] = MappingProxyType(
    {
        asked.RecordTap: taps.record_tap,
        asked.CloseTap: taps.close_tap,
        asked.LoadRow: taps.load_row,
        asked.LookAtButton: taps.look_at_button,
        asked.LookAtCard: taps.look_at_card,
        asked.ClaimDue: schedule.claim_due,
        asked.ChangesTold: changes.changes_told,
        asked.SaveCard: schedule.save_card,
        asked.SendFailed: schedule.send_failed,
        asked.KeepClaim: schedule.keep_claim,
        asked.StoreOutcome: schedule.store_outcome,
        asked.AcknowledgeCards: upkeep.acknowledge_cards,
        asked.Recover: upkeep.recover,
        asked.HoldLease: upkeep.hold_lease,
        asked.ReleaseLease: upkeep.release_lease,
        asked.WriteInteractions: upkeep.write_interactions,
        asked.TidyUp: upkeep.tidy_up,
        wished.LookAtChat: commands.look_at_chat,
        wished.PresentNext: commands.present_next,
        wished.PauseChat: commands.pause_chat,
        wished.RequeueItem: commands.requeue_item,
        wished.SetAside: commands.set_aside,
        wished.MoveChat: moves.move_chat,
        published.TakePublish: publishes.take_publish,
        published.StepPublish: publishes.step_publish,
        published.SavePermalink: publishes.save_permalink,
        kept.ClaimTokens: accounts.claim_tokens,
        kept.StoreToken: accounts.store_token,
        kept.NoteToken: accounts.note_token,
        ahead.LookAhead: preflight.look_ahead,
        ahead.StoreFinding: preflight.store_finding,
        LookAtSetUp: set_up.look_at_set_up,
    }
)


class Store:
    """What the server keeps, whoever is connected to it; several pools (workers) may share one."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.tables = Tables()
        self.commits = 0
        self._later: list[tuple[float, Operation[Any]]] = []

    def apply(self, operation: Operation[T]) -> T:
        """Run the operation in one transaction, now, after whatever should have happened before."""
        self.settle()
        return self._commit(operation)

    def apply_later(self, operation: Operation[Any], seconds: float) -> None:
        """Let the operation take effect after so long, though nobody waits for it any more."""
        self._later.append((anyio.current_time() + seconds, operation))

    def settle(self) -> None:
        """Let what was to happen until now have happened."""
        now = anyio.current_time()
        due = sorted((at, number) for number, (at, _) in enumerate(self._later) if at <= now)
        operations = [self._later[number][1] for _, number in due]
        self._later = [(at, operation) for at, operation in self._later if at > now]
        for operation in operations:
            self._commit(operation)

    def _commit(self, operation: Operation[T]) -> T:
        worker: str | None = getattr(operation, "worker", None)
        with self.tables.transaction():
            value: T = MEANINGS[type(operation)](Writer(self.tables, self.clock.now(), worker), operation)
        self.commits += 1
        return value
