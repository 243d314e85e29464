"""How a tap is asked of the database."""

from __future__ import annotations

from typing import Any

from actors.domain.messages import (
    Barred,
    Forbidden,
    Foreign,
    Gone,
    NotOurs,
    NotRecorded,
    Recorded,
    Stale,
    TapOutcome,
    Vouched,
)
from actors.domain.taps import Pressed, Tap
from actors.operations.taps import CloseTap, LoadItem, LookAtButton, LookAtCard, RecordTap
from infra.postgres import rows
from infra.postgres.statement import Statement, Statements


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
        tap.action.value,
    )


def _place(pressed: Pressed) -> tuple[object, ...]:
    return pressed.press.chat_id, pressed.press.message_id, pressed.press.item_id


def _proof(pressed: Pressed) -> tuple[object, ...]:
    return pressed.press.mark, pressed.press.shown


def _outcome(tap: Tap, value: Any) -> TapOutcome:
    if value["outcome"] == "refused":
        return NotRecorded(tap, certain=True)
    if value["outcome"] == "unknown":
        return _foreign(tap, value)
    row = rows.row(value["row"]) if value.get("row") else None
    if value["outcome"] == "forbidden" or value.get("barred"):
        return Forbidden(tap, row)
    if value["outcome"] == "gone" or row is None:
        return Gone(tap)
    if value["outcome"] == "recorded":
        return Recorded(tap, row, replayed=value.get("replayed", False))
    return Stale(tap, row)


def _foreign(about: Pressed, value: Any) -> NotOurs:
    return NotOurs(about, Foreign(value["why"]), None if value["row"] is None else rows.row(value["row"]))


def _button(about: Pressed, value: Any) -> Vouched | NotOurs | Barred:
    if not value["may"]:
        return Barred(about, None if value["row"] is None else rows.row(value["row"]))
    return _foreign(about, value) if value["why"] is not None else Vouched(about, rows.row(value["row"]))


RECORD_TAP: Statement[RecordTap, TapOutcome] = Statement(
    "select record_tap($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    lambda operation: (*_key(operation.tap), operation.worker, *_proof(operation.tap)),
    lambda operation, value: _outcome(operation.tap, value),
)
CLOSE_TAP: Statement[CloseTap, TapOutcome] = Statement(
    "select close_tap($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    lambda operation: (*_key(operation.tap), *_proof(operation.tap)),
    lambda operation, value: _outcome(operation.tap, value),
)
LOOK_AT_BUTTON: Statement[LookAtButton, Vouched | NotOurs | Barred] = Statement(
    "select look_at_button($1, $2, $3, $4, $5, $6)",
    lambda operation: (*_place(operation.pressed), operation.pressed.press.person.id, *_proof(operation.pressed)),
    lambda operation, value: _button(operation.pressed, value),
)
LOAD_ITEM: Statement[LoadItem, Any] = Statement(
    "select load_row($1, $2)",
    lambda operation: (operation.chat_id, operation.item_id),
    lambda _, value: None if value is None else rows.row(value),
)
LOOK_AT_CARD: Statement[LookAtCard, Any] = Statement(
    "select jsonb_set(load_row($1, $2), '{cards}', coalesce(("
    " select jsonb_build_array(jsonb_build_array(k.message_id, k.retired)) from cards k join chats c using (chat_key)"
    " where c.chat_id = $1 and k.item_id = $2 and k.message_id = $3 and not k.gone), '[]'))",
    lambda operation: (operation.chat_id, operation.item_id, operation.message_id),
    lambda _, value: None if value is None else rows.row(value),
)
STATEMENTS: Statements = {
    RecordTap: RECORD_TAP,
    CloseTap: CLOSE_TAP,
    LookAtButton: LOOK_AT_BUTTON,
    LoadItem: LOAD_ITEM,
    LookAtCard: LOOK_AT_CARD,
}
