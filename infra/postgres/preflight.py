"""How a look ahead is asked for, and its finding stored."""

from __future__ import annotations

from typing import Any

from actors.domain.account import Quota
from actors.domain.item import Item
from actors.operations.preflight import LookAhead, Outlook, StoreFinding
from infra.postgres import rows
from infra.postgres.statement import Statement, Statements


def _outlook(_: object, value: Any) -> Outlook:
    if value is None:
        return Outlook(None)
    left, quota = value["seconds_left"], value["quota"]
    return Outlook(
        rows.account(value["account"]),
        None if left is None else float(left),
        value["gone"],
        None if quota is None else Quota(*quota),
        value["connection"],
    )


LOOK_AHEAD: Statement[LookAhead, Outlook] = Statement(
    "select look_ahead($1)", lambda operation: (operation.chat_key,), _outlook
)
STORE_FINDING: Statement[StoreFinding, Item | None] = Statement(
    "select store_finding($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    lambda operation: (
        operation.row.chat_key,
        operation.row.id,
        operation.row.version,
        operation.finding,
        operation.account_id,
        operation.known.connection,
        None if operation.quota is None else operation.quota.used,
        None if operation.quota is None else operation.quota.total,
        operation.worker,
    ),
    lambda _, value: None if value is None else rows.row(value),
)
STATEMENTS: Statements = {
    LookAhead: LOOK_AHEAD,
    StoreFinding: STORE_FINDING,
}
