"""How the set-up is looked at."""

from __future__ import annotations

from typing import Any

from actors.operations.set_up import LookAtSetUp, SetUp
from infra.postgres.statement import Statement, Statements


def set_up(value: Any) -> SetUp:
    """Read what `look_at_set_up` answers."""
    chats = {name: tuple(value[name]) for name in ("live", "unconnected", "closed", "zones")}
    return SetUp(accounts=value["accounts"], **chats)


LOOK_AT_SET_UP: Statement[LookAtSetUp, SetUp] = Statement(
    "select look_at_set_up()", lambda _: (), lambda _, value: set_up(value)
)
STATEMENTS: Statements = {
    LookAtSetUp: LOOK_AT_SET_UP,
}
