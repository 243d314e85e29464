"""How a tap is asked of the database."""

from __future__ import annotations

from typing import Any

from actors.rules.messages import Forbidden, Gone, NotRecorded, Recorded, Stale, Tap, TapOutcome
from actors.rules.operations import CloseTap, LoadRow, LookAtCard, RecordTap
from infra.postgres import rows
from infra.postgres.binding import Binding


def _key(tap: Tap) -> tuple[object, ...]:
    press = tap.press
    person = press.person
    return (
        press.id,
        press.chat_id,
        press.message_id,
        person.id,
        person.name,
        press.item_id,
        press.version,
        tap.step.value,
    )


def _outcome(tap: Tap, value: Any) -> TapOutcome:
    if value["outcome"] == "refused":
        return NotRecorded(tap, certain=True)
    if value["outcome"] == "gone" or value["row"] is None:
        return Gone(tap)
    row = rows.row(value["row"])
    match value["outcome"]:
        case "recorded":
            return Recorded(tap, row, replayed=value.get("replayed", False))
        case "forbidden":
            return Forbidden(tap, row)
        case _:
            return Stale(tap, row)


RECORD_TAP: Binding[RecordTap, TapOutcome] = Binding(
    "select record_tap($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    lambda operation: (*_key(operation.tap), operation.worker),
    lambda operation, value: _outcome(operation.tap, value),
)
CLOSE_TAP: Binding[CloseTap, TapOutcome] = Binding(
    "select close_tap($1, $2, $3, $4, $5, $6, $7, $8)",
    lambda operation: _key(operation.tap),
    lambda operation, value: _outcome(operation.tap, value),
)
LOAD_ROW: Binding[LoadRow, Any] = Binding(
    "select load_row($1, $2)",
    lambda operation: (operation.chat_id, operation.item_id),
    lambda _, value: None if value is None else rows.row(value),
)
LOOK_AT_CARD: Binding[LookAtCard, Any] = Binding(
    "select jsonb_set(load_row($1, $2), '{cards}', coalesce(("
    " select jsonb_build_array(jsonb_build_array(k.message_id, k.retired)) from cards k join chats c using (chat_key)"
    " where c.chat_id = $1 and k.item_id = $2 and k.message_id = $3 and not k.gone), '[]'))",
    lambda operation: (operation.chat_id, operation.item_id, operation.message_id),
    lambda _, value: None if value is None else rows.row(value),
)
