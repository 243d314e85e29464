"""How leases are held, interactions written, and what is old deleted."""

from __future__ import annotations

import json

from actors.operations.housekeeping import HoldLease, LeaseState, LeaseView, Prune, ReleaseLease, WriteInteractions
from infra.postgres.statement import Statement, Statements

HOLD_LEASE: Statement[HoldLease, LeaseView] = Statement(
    "select hold_lease($1, $2, $3, $4)",
    lambda operation: (operation.name, operation.worker, operation.seconds, operation.cut_seconds),
    lambda _, value: LeaseView(
        LeaseState.HELD if value["held"] else LeaseState.STANDBY, value["contested"], float(value["seconds_left"])
    ),
)


RELEASE_LEASE: Statement[ReleaseLease, bool] = Statement(
    "select release_lease($1, $2)",
    lambda operation: (operation.name, operation.worker),
    lambda _, value: bool(value),
)


WRITE_INTERACTIONS: Statement[WriteInteractions, int] = Statement(
    "select write_interactions($1, $2)",
    lambda operation: (
        operation.batch,
        json.dumps(
            [
                [line.chat_id, line.kind, line.user_id, line.user_name, line.item_id, line.tap_id, line.at_ms]
                for line in operation.lines
            ]
        ),
    ),
    lambda _, value: int(value),
)


PRUNE: Statement[Prune, int] = Statement("select prune()", lambda _: (), lambda _, value: int(value))
STATEMENTS: Statements = {
    HoldLease: HOLD_LEASE,
    ReleaseLease: RELEASE_LEASE,
    WriteInteractions: WRITE_INTERACTIONS,
    Prune: PRUNE,
}
