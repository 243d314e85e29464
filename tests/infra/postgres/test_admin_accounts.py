"""Accounts at the operator's desk, while a worker lives on the same rows; against a real PostgreSQL."""

from __future__ import annotations

import json
from typing import Any

import asyncpg
import pytest

from infra.postgres.admin import PostgresAdmin
from tests.kit.clock import on_asyncio
from tests.stage import CHAT

anyio_backend = on_asyncio

STUDIO = {"ig_user_id": "178", "username": "studio", "login": "instagram", "token_expires_at": None}
CONNECT = "select add_account($1, '179', 'shop', 'facebook', 'sealed', null)"
ARRIVE = "insert into members (chat_key, user_id, name) select chat_key, 7, 'Anna' from chats"


async def connect(desk: PostgresAdmin, token: bytes) -> int:
    account: int = (await desk.add_account(CHAT, {**STUDIO, "sealed_token": token}))[0]["id"]
    return account


@pytest.mark.usefixtures("desk")
async def test_people_tap_while_an_account_is_being_connected(database_url: str) -> None:
    operator = await asyncpg.connect(database_url)
    worker = await asyncpg.connect(database_url, server_settings={"lock_timeout": "50ms"})
    try:
        async with operator.transaction():
            await operator.execute(CONNECT, CHAT)
            arrived = await worker.execute(ARRIVE)
    finally:
        await operator.close()
        await worker.close()

    assert arrived == "INSERT 0 1"


async def test_new_token_is_looked_after_at_once(desk: PostgresAdmin, database: asyncpg.Connection[Any]) -> None:
    account = await connect(desk, b"old")
    await database.fetchval("select claim_tokens('w1 tokens 1')")
    await database.execute("update accounts set token_renewed_at = now(), warned_days = 0, token_gone = true")

    await connect(desk, b"new")

    (due,) = json.loads(await database.fetchval("select claim_tokens('w2 tokens 1')"))
    assert (due["account"]["id"], due["gone"], due["warned_days"]) == (account, False, None)


async def test_warning_of_the_old_token_is_not_noted_on_the_new_one(
    desk: PostgresAdmin, database: asyncpg.Connection[Any]
) -> None:
    account = await connect(desk, b"old")
    await database.fetchval("select claim_tokens('w1 tokens 1')")

    await connect(desk, b"new")

    noted = await database.fetchval("select note_token(1, $1, 'w1 tokens 1', 'old', 0, true)", account)
    assert noted == "false"
    assert [line["token_gone"] for line in await desk.list_accounts(CHAT)] == [False]
