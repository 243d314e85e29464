"""What the operator asks of the database, each in one statement that says itself why it refuses."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeAlias

import anyio
import asyncpg

from actors.errors import Refused
from actors.operations.set_up import SetUp
from infra.postgres.connect import DatabaseAddress, connected
from infra.postgres.scram import Connection
from infra.postgres.set_up import set_up
from infra.postgres.sqlstates import FAILURES, During, classify_error

AdminLines: TypeAlias = list[dict[str, Any]]

ASK_SECONDS = 20.0
OPERATOR = "the operator"
OLD_SCHEMA = (
    asyncpg.UndefinedFunctionError,
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
)


@asynccontextmanager
async def open_admin(address: DatabaseAddress, say: Callable[[str], None]) -> AsyncIterator[PostgresAdmin]:
    """Yield it; `say` is told every few seconds that we still wait for the database."""
    async with connected(address, say) as connection:
        yield PostgresAdmin(connection)


class PostgresAdmin:
    """What the operator asks of the database, over one connection.

    Each answer is a list of lines to show, `id` first; a refusal is one line {"refused": why, …facts}. Raises PortError
    when the database fails; `AnswerLost` then means that the change may have been made.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add_chat(self, chat_id: int, columns: Mapping[str, object]) -> AdminLines:
        """Set up a chat; `columns` are columns of chats by name."""
        return await self._ask("add_chat($1, $2::jsonb)", chat_id, json.dumps(columns))

    async def set_chat(self, chat_id: int, columns: Mapping[str, object]) -> AdminLines:
        """Change what is named in `columns`, and have the open cards drawn again if they show it."""
        return await self._ask("set_chat($1, $2::jsonb)", chat_id, json.dumps(columns))

    async def list_chats(self) -> AdminLines:
        """Every chat, by title."""
        return await self._ask("list_chats()")

    async def add_media(self, chat_id: int, stories: Sequence[Mapping[str, object]]) -> AdminLines:
        """Make files that are stored already stories of a chat; `new` is false for one that it had."""
        answers = await self._ask_any("add_media($1, $2::jsonb)", chat_id, json.dumps(list(stories)))
        return [answers] if isinstance(answers, dict) else [{**line, "new": new} for line, new in answers]

    async def list_media(self, chat_id: int | None) -> AdminLines:
        """The stories of a chat, or of all."""
        return await self._ask("list_media($1)", chat_id)

    async def add_item(self, chat_id: int, media_id: int, due: datetime, force: bool = False) -> AdminLines:
        """Queue a story; `force` overrides the lock of a posted or skipped one, never that of a rejected one."""
        return await self._ask("operator_queues($1, $2, $3, $4)", chat_id, media_id, due, force)

    async def list_items(self, chat_id: int | None, settled_too: bool = False) -> AdminLines:
        """The queue of a chat, or of all, by slot."""
        return await self._ask("list_items($1, $2)", chat_id, settled_too)

    async def remove_item(self, item_id: int) -> AdminLines:
        """Take an item out of the queue; a worker draws its cards."""
        return await self._ask("operator_removes($1, $2)", item_id, OPERATOR)

    async def requeue_item(self, item_id: int, due: datetime | None, force: bool = False) -> AdminLines:
        """Bring a skipped or expired item back, now or at `due`; a worker draws its old cards as retired."""
        return await self._ask("operator_requeues($1, $2, $3, $4)", item_id, due, force, OPERATOR)

    async def why(self, item_id: int) -> AdminLines:
        """The item's row, then everything that happened to it, in order."""
        answer = await self._ask_any("why_item($1)", item_id)
        return [answer] if isinstance(answer, dict) else [answer[0], *answer[1]]

    async def set_member(self, chat_id: int, user_id: int, columns: Mapping[str, object]) -> AdminLines:
        """Change `role` (None: no right in a restricted chat) or `name`, whichever is named in `columns`."""
        return await self._ask("set_member($1, $2, $3::jsonb)", chat_id, user_id, json.dumps(columns))

    async def list_members(self, chat_id: int | None) -> AdminLines:
        """The people of a chat, or of all, those with a role first."""
        return await self._ask("list_members($1)", chat_id)

    async def add_account(self, chat_id: int, account: Mapping[str, Any]) -> AdminLines:
        """Connect an account, or give it a new token.

        `account`: ig_user_id, username, login, sealed_token, token_expires_at, and data_access_ends_at if it is known.
        """
        named = ("ig_user_id", "username", "login", "sealed_token", "token_expires_at")
        given = (*(account[name] for name in named), account.get("data_access_ends_at"))
        return await self._ask("add_account($1, $2, $3, $4, $5, $6, $7)", chat_id, *given)

    async def list_accounts(self, chat_id: int | None) -> AdminLines:
        """The accounts of a chat, or of all."""
        return await self._ask("list_accounts($1)", chat_id)

    async def set_account(self, account_id: int) -> AdminLines:
        """Have its chat publish by this account from now on; what was tapped before stays with the account of then."""
        return await self._ask("set_account($1)", account_id)

    async def remove_account(self, account_id: int) -> AdminLines:
        """Forget an account's token."""
        return await self._ask("remove_account($1)", account_id)

    async def sealed_tokens(self) -> AdminLines:
        """Every account with its sealed token, as text."""
        return await self._ask("sealed_tokens()")

    async def reseal_token(self, account_id: int, old: bytes, new: bytes) -> AdminLines:
        """Put a token that was sealed again in the place of the old one, if that still stands there."""
        return await self._ask("reseal_token($1, $2, $3)", account_id, old, new)

    async def look_at_set_up(self) -> SetUp:
        """What of the set-up may be missing."""
        return set_up(await self._ask_any("look_at_set_up()"))

    async def _ask(self, call: str, *arguments: object) -> AdminLines:
        answer = await self._ask_any(call, *arguments)
        return [answer] if isinstance(answer, dict) else answer

    async def _ask_any(self, call: str, *arguments: object) -> Any:
        try:
            with anyio.fail_after(ASK_SECONDS):
                answer = await self._connection.fetchval(f"select {call}", *arguments)
        except OLD_SCHEMA as error:
            raise Refused("the database does not have the tables of this release: run `migrate` first") from error
        except FAILURES as error:
            raise classify_error(error, During.RUN) from error
        return json.loads(answer)
