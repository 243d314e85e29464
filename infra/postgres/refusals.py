"""How the database is told which cards the platform refuses to take, and when they can be tried again."""

from __future__ import annotations

from actors.domain.item import Item
from actors.operations.refusals import ChatPause, PauseRefusedChat, ReopenChat, SetStoryAside
from infra.postgres import rows
from infra.postgres.statement import Statement, Statements

SET_STORY_ASIDE: Statement[SetStoryAside, Item] = Statement(
    "select set_story_aside($1, $2, $3, $4)",
    lambda operation: (operation.row.chat_key, operation.row.id, operation.worker, operation.reason),
    lambda _, value: rows.row(value),
)
PAUSE_REFUSED_CHAT: Statement[PauseRefusedChat, ChatPause] = Statement(
    "select pause_refused_chat($1, $2, $3, $4, $5)",
    lambda operation: (
        operation.row.chat_key,
        operation.row.id,
        operation.worker,
        operation.reason,
        operation.row.chat_id,
    ),
    lambda _, value: ChatPause(rows.row(value["row"]), value["begins"]),
)
REOPEN_CHAT: Statement[ReopenChat, bool] = Statement(
    "select reopen_chat($1)",
    lambda operation: (operation.chat_id,),
    lambda _, value: bool(value),
)
STATEMENTS: Statements = {
    SetStoryAside: SET_STORY_ASIDE,
    PauseRefusedChat: PAUSE_REFUSED_CHAT,
    ReopenChat: REOPEN_CHAT,
}
