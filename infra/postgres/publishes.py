"""How a publishing saga is asked of the database."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import datetime
from typing import Any

from actors.domain.account import Account
from actors.domain.item import Item
from actors.domain.publish_phase import Phase
from actors.operations.publishes import PhaseChange, PublishRow, SavePermalink, StepPublish, StepResult, TakePublish
from infra.postgres import rows
from infra.postgres.statement import Statement, Statements


def _publish(value: Any) -> PublishRow:
    return PublishRow(
        chat_key=value["chat_key"],
        chat_id=value["chat_id"],
        item_id=value["item_id"],
        version=value["version"],
        phase=Phase(value["state"]),
        story=rows.story(value["story"]),
        owner=value["owner"],
        token=value["token"],
        seq=value["seq"],
        account=None if value["account"] is None else rows.account(value["account"]),
        token_gone=value["token_gone"],
        container_id=value["container_id"],
        attempt=value["attempt"],
        lost=value["lost"],
        inherited=value["inherited"],
        publishing_at=None if value["publishing_at"] is None else datetime.fromisoformat(value["publishing_at"]),
        since_seconds=float(value["since_seconds"]),
        containers=value["containers"],
        losses=value["losses"],
        first_call_seconds=float(value["first_call_seconds"]),
        refusal=value["refusal"],
    )


def _stepped(_: object, value: Any) -> StepResult:
    publish, row = value.get("publish"), value.get("row")
    return StepResult(
        None if publish is None else _publish(publish),
        None if row is None else rows.row(row),
        held=value.get("held", False),
    )


def _move(move: PhaseChange, account: Account | None) -> str:
    sealed = None if account is None else b64encode(account.sealed_token).decode()
    return json.dumps(
        {
            "state": move.phase.value,
            "container_id": move.container_id,
            "attempt": move.attempt,
            "lost": move.lost,
            "sentence": move.sentence,
            "media_id": move.media_id,
            "token_gone": move.token_gone,
            "calls": move.calls,
            "sealed_token": sealed,
            "once_connected": move.once_connected,
            "losses": move.losses,
            "refusal": move.refusal,
            "wait_seconds": move.wait_seconds,
            "answers": move.answers,
        }
    )


TAKE_PUBLISH: Statement[TakePublish, StepResult] = Statement(
    "select take_publish($1, $2, $3)",
    lambda operation: (operation.chat_key, operation.item_id, operation.owner),
    _stepped,
)
STEP_PUBLISH: Statement[StepPublish, StepResult] = Statement(
    "select step_publish($1, $2, $3, $4, $5, $6, $7, $8)",
    lambda operation: (
        operation.publish.chat_key,
        operation.publish.item_id,
        operation.publish.version,
        operation.publish.owner,
        operation.publish.token,
        operation.publish.seq,
        _move(operation.move, operation.publish.account),
        operation.worker,
    ),
    _stepped,
)
SAVE_PERMALINK: Statement[SavePermalink, Item | None] = Statement(
    "select save_permalink($1, $2, $3, $4, $5)",
    lambda operation: (operation.chat_key, operation.item_id, operation.version, operation.permalink, operation.worker),
    lambda _, value: None if value is None else rows.row(value),
)
STATEMENTS: Statements = {
    TakePublish: TAKE_PUBLISH,
    StepPublish: STEP_PUBLISH,
    SavePermalink: SAVE_PERMALINK,
}
