"""How the database is told what became of cards, and asked which of them lie."""

from __future__ import annotations

import json

from actors.domain.item import Item
from actors.operations.cards import AcknowledgeCards, KeepClaim, Recover, Recoverable, SaveCard, SendFailed
from infra.postgres import rows
from infra.postgres.statement import Statement, Statements

SAVE_CARD: Statement[SaveCard, Item] = Statement(
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


SEND_FAILED: Statement[SendFailed, Item] = Statement(
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


KEEP_CLAIM: Statement[KeepClaim, bool] = Statement(
    "select keep_claim($1, $2, $3)",
    lambda operation: (operation.row.chat_key, operation.row.id, operation.worker),
    lambda _, value: bool(value),
)


ACKNOWLEDGE_CARDS: Statement[AcknowledgeCards, int] = Statement(
    "select acknowledge_cards($1, $2)",
    lambda operation: (
        json.dumps(
            [
                [one.card.chat_key, one.card.message_id, one.revision, one.gone, one.card.chat_id]
                for one in operation.shown
            ]
        ),
        operation.worker,
    ),
    lambda _, value: int(value),
)


RECOVER: Statement[Recover, Recoverable] = Statement(
    "select recover($1, $2)",
    lambda operation: (operation.worker, operation.everything),
    lambda _, value: Recoverable(
        rows.rows(value["behind"]), rows.rows(value["again"]), rows.rows(value["unpublished"]), value["next_seconds"]
    ),
)
STATEMENTS: Statements = {
    SaveCard: SAVE_CARD,
    SendFailed: SEND_FAILED,
    KeepClaim: KEEP_CLAIM,
    AcknowledgeCards: ACKNOWLEDGE_CARDS,
    Recover: RECOVER,
}
