"""How commands in the chat are asked of the database."""

from __future__ import annotations

from typing import Any

from actors.operations.commands import (
    ChatView,
    CommandKey,
    CommandOutcome,
    LookAtChat,
    MoveChat,
    PauseChat,
    PresentNext,
    Relocation,
    RequeueItem,
    SetAside,
    Told,
)
from infra.postgres import rows
from infra.postgres.statement import Statement, Statements


def _key(key: CommandKey) -> tuple[object, ...]:
    return key.chat_id, key.message_id, key.person.id, key.person.name


def _told(_: object, value: Any) -> Told:
    row = value.get("row")
    return Told(CommandOutcome(value["verdict"]), None if row is None else rows.row(row), value.get("claimed", False))


def _view(_: object, value: Any) -> ChatView | None:
    if value is None:
        return None
    return ChatView(
        permitted=value["permitted"],
        timezone=value["timezone"],
        live=value["live"],
        paused=value["paused"],
        waiting=value["waiting"],
        in_review=value["in_review"],
        cards_lost=value["cards_lost"],
        set_aside=value["set_aside"],
        refused=value["refused"],
        refused_at=rows.moment(value["refused_at"]),
        tried_at=rows.moment(value["tried_at"]),
        next=None if value["next"] is None else rows.row(value["next"]),
        queue=rows.rows(value["queue"]),
        settled=None if value["settled"] is None else rows.row(value["settled"]),
    )


PRESENT_NEXT: Statement[PresentNext, Told] = Statement(
    "select present_next($1, $2, $3, $4, $5)",
    lambda operation: (*_key(operation.key), operation.worker),
    _told,
)
PAUSE_CHAT: Statement[PauseChat, Told] = Statement(
    "select pause_chat($1, $2, $3, $4, $5)",
    lambda operation: (*_key(operation.key), operation.paused),
    _told,
)
REQUEUE_ITEM: Statement[RequeueItem, Told] = Statement(
    "select requeue_by_command($1, $2, $3, $4, $5, true)",
    lambda operation: (*_key(operation.key), operation.item_id),
    _told,
)
SET_ASIDE: Statement[SetAside, Told] = Statement(
    "select set_command_aside($1, $2, $3, $4, $5)",
    lambda operation: (*_key(operation.key), operation.verb),
    _told,
)
MOVE_CHAT: Statement[MoveChat, Relocation] = Statement(
    "select move_chat($1, $2)",
    lambda operation: (operation.old_id, operation.new_id),
    lambda _, value: Relocation(value),
)
LOOK_AT_CHAT: Statement[LookAtChat, ChatView | None] = Statement(
    "select look_at_chat($1, $2, $3)",
    lambda operation: (operation.chat_id, operation.user_id, operation.most),
    _view,
)
STATEMENTS: Statements = {
    LookAtChat: LOOK_AT_CHAT,
    PresentNext: PRESENT_NEXT,
    PauseChat: PAUSE_CHAT,
    RequeueItem: REQUEUE_ITEM,
    SetAside: SET_ASIDE,
    MoveChat: MOVE_CHAT,
}
