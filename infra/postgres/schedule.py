"""How the schedule and the end of a publish are asked of the database."""

from __future__ import annotations

from typing import Any

from actors.domain.item import Item, State
from actors.operations.schedule import ChangesTold, ClaimDue, Due, ItemChange, StoreOutcome
from infra.postgres import rows
from infra.postgres.statement import Statement, Statements


def _change(value: Any) -> ItemChange:
    return ItemChange(**{**value, "state": State(value["state"])})


CLAIM_DUE: Statement[ClaimDue, Due] = Statement(
    "select claim_due($1, $2, true)",
    lambda operation: (operation.worker, operation.key),
    lambda _, value: Due(
        rows.rows(value["present"]),
        rows.rows(value["expired"]),
        value["next_seconds"],
        rows.rows(value["lost"]),
        tuple(map(_change, value["changes"])),
    ),
)


CHANGES_TOLD: Statement[ChangesTold, int] = Statement(
    "select changes_told($1, $2)", lambda operation: (operation.worker, operation.key), lambda _, value: int(value)
)


STORE_OUTCOME: Statement[StoreOutcome, Item] = Statement(
    "select store_outcome($1, $2, $3, $4, $5, $6)",
    lambda operation: (
        operation.row.chat_key,
        operation.row.id,
        operation.row.version,
        operation.action.value,
        operation.sentence,
        operation.worker,
    ),
    lambda _, value: rows.row(value),
)
STATEMENTS: Statements = {
    ClaimDue: CLAIM_DUE,
    ChangesTold: CHANGES_TOLD,
    StoreOutcome: STORE_OUTCOME,
}
