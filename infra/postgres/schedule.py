"""How the schedule, the sending of cards and the end of a publish are asked of the database."""

from __future__ import annotations

from typing import Any

from actors.domain.item import Row, State
from actors.operations.operation import (
    Change,
    ChangesTold,
    ClaimDue,
    Due,
    KeepClaim,
    SaveCard,
    SendFailed,
    StoreOutcome,
)
from infra.postgres import rows
from infra.postgres.statement import Binding


def _change(value: Any) -> Change:
    return Change(**{**value, "state": State(value["state"])})


CLAIM_DUE: Binding[ClaimDue, Due] = Binding(
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
CHANGES_TOLD: Binding[ChangesTold, int] = Binding(
    "select changes_told($1, $2)", lambda operation: (operation.worker, operation.key), lambda _, value: int(value)
)
SAVE_CARD: Binding[SaveCard, Row] = Binding(
    "select save_card($1, $2, $3, $4, $5, $6, $7)",
    lambda operation: (
        operation.row.chat_key,
        operation.row.id,
        operation.message_id,
        operation.row.revision,
        operation.file_id,
        operation.worker,
        operation.row.chat_id,
    ),
    lambda _, value: rows.row(value),
)
SEND_FAILED: Binding[SendFailed, Row] = Binding(
    "select send_failed($1, $2, $3, $4, $5, $6, $7, $8)",
    lambda operation: (
        operation.row.chat_key,
        operation.row.id,
        operation.worker,
        operation.ambiguous,
        operation.pause_seconds,
        operation.row.chat_id,
        operation.refused,
        operation.reason,
    ),
    lambda _, value: rows.row(value),
)
KEEP_CLAIM: Binding[KeepClaim, bool] = Binding(
    "select keep_claim($1, $2, $3)",
    lambda operation: (operation.row.chat_key, operation.row.id, operation.worker),
    lambda _, value: bool(value),
)
STORE_OUTCOME: Binding[StoreOutcome, Row] = Binding(
    "select store_outcome($1, $2, $3, $4, $5, $6)",
    lambda operation: (
        operation.row.chat_key,
        operation.row.id,
        operation.row.version,
        operation.step.value,
        operation.sentence,
        operation.worker,
    ),
    lambda _, value: rows.row(value),
)
