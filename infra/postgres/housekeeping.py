"""How cards are acknowledged, crashes recovered from, leases held and logs written."""

from __future__ import annotations

import json

from actors.operations.operation import (
    AcknowledgeCards,
    HoldLease,
    LeaseView,
    Recover,
    Recoverable,
    ReleaseLease,
    Standing,
    TidyUp,
    WriteInteractions,
)
from infra.postgres import rows
from infra.postgres.statement import Binding

ACKNOWLEDGE_CARDS: Binding[AcknowledgeCards, int] = Binding(
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
RECOVER: Binding[Recover, Recoverable] = Binding(
    "select recover($1, $2)",
    lambda operation: (operation.worker, operation.everything),
    lambda _, value: Recoverable(
        rows.rows(value["behind"]), rows.rows(value["again"]), rows.rows(value["unpublished"]), value["next_seconds"]
    ),
)
HOLD_LEASE: Binding[HoldLease, LeaseView] = Binding(
    "select hold_lease($1, $2, $3, $4)",
    lambda operation: (operation.name, operation.worker, operation.seconds, operation.cut_seconds),
    lambda _, value: LeaseView(
        Standing.HELD if value["held"] else Standing.STANDBY, value["contested"], float(value["seconds_left"])
    ),
)
RELEASE_LEASE: Binding[ReleaseLease, bool] = Binding(
    "select release_lease($1, $2)",
    lambda operation: (operation.name, operation.worker),
    lambda _, value: bool(value),
)
WRITE_INTERACTIONS: Binding[WriteInteractions, int] = Binding(
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
TIDY_UP: Binding[TidyUp, int] = Binding("select tidy_up()", lambda _: (), lambda _, value: int(value))
