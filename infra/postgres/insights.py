"""How the database is asked which stories are to be read, and told what came of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from actors.operations.insights import ClaimInsights, InsightsDue, InsightsTold, InsightsWork, NoteInsights
from infra.postgres import rows
from infra.postgres.statement import Statement, Statements


def _due(value: Any) -> InsightsDue:
    return InsightsDue(
        chat_key=value["chat_key"],
        chat_id=value["chat_id"],
        item_id=value["item_id"],
        version=value["version"],
        media_id=value["media_id"],
        seconds_live=float(value["seconds_live"]),
        account=None if value["account"] is None else rows.account(value["account"]),
    )


def _work(_: object, value: Any) -> InsightsWork:
    following = value["next_seconds"]
    return InsightsWork(tuple(_due(one) for one in value["due"]), None if following is None else float(following))


def _told(told: InsightsTold) -> str:
    return json.dumps({"outcome": told.outcome.value, "sentence": told.sentence} | asdict(told.insights))


CLAIM_INSIGHTS: Statement[ClaimInsights, InsightsWork] = Statement(
    "select claim_insights($1)", lambda operation: (operation.owner,), _work
)
NOTE_INSIGHTS: Statement[NoteInsights, bool] = Statement(
    "select note_insights($1, $2, $3, $4, $5, $6)",
    lambda operation: (
        operation.due.chat_key,
        operation.due.item_id,
        operation.due.version,
        operation.owner,
        _told(operation.told),
        operation.again_seconds,
    ),
    lambda _, value: bool(value),
)
STATEMENTS: Statements = {
    ClaimInsights: CLAIM_INSIGHTS,
    NoteInsights: NOTE_INSIGHTS,
}
