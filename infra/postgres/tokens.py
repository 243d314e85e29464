"""How tokens are claimed, renewed and warned of."""

from __future__ import annotations

from typing import Any

from actors.operations.tokens import ClaimTokens, NoteToken, StoreToken, TokenDue
from infra.postgres import rows
from infra.postgres.statement import Statement, Statements


def _due(value: Any) -> TokenDue:
    left = value["seconds_left"]
    return TokenDue(
        chat_key=value["chat_key"],
        chat_id=value["chat_id"],
        topic=value["topic"],
        account=rows.account(value["account"]),
        seconds_left=None if left is None else float(left),
        gone=value["gone"],
        warned_days=value["warned_days"],
    )


CLAIM_TOKENS: Statement[ClaimTokens, tuple[TokenDue, ...]] = Statement(
    "select claim_tokens($1)",
    lambda operation: (operation.owner,),
    lambda _, value: tuple(_due(one) for one in value),
)
STORE_TOKEN: Statement[StoreToken, TokenDue | None] = Statement(
    "select store_token($1, $2, $3, $4, $5, $6)",
    lambda operation: (
        operation.due.chat_key,
        operation.due.account.id,
        operation.due.account.sealed_token,
        operation.fresh.sealed_token,
        operation.fresh.expires_at,
        operation.fresh.data_access_ends_at,
    ),
    lambda _, value: None if value is None else _due(value),
)
NOTE_TOKEN: Statement[NoteToken, bool] = Statement(
    "select note_token($1, $2, $3, $4, $5, $6)",
    lambda operation: (
        operation.due.chat_key,
        operation.due.account.id,
        operation.owner,
        operation.due.account.sealed_token,
        operation.warned_days,
        operation.gone,
    ),
    lambda _, value: bool(value),
)
STATEMENTS: Statements = {
    ClaimTokens: CLAIM_TOKENS,
    StoreToken: STORE_TOKEN,
    NoteToken: NOTE_TOKEN,
}
