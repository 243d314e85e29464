"""Follows groups that become supergroups: their chats get the new id, and their cards come again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import anyio
import structlog
from anyio.abc import TaskGroup

from actors.database.asking import ask_until_answered, terms_for
from actors.database.request import NotStored, Store
from actors.domain.updates import Moved
from actors.errors import MailboxClosed
from actors.operations.commands import MoveChat, Relocation
from actors.runtime.child import ChildContext

log = structlog.get_logger()

ASK_SECONDS = 30.0

Migration: TypeAlias = tuple[int, int]  # Telegram's old id of a chat and its new one


class ChatMigration:
    """The actor that has migrations stored. Telegram tells each twice, and refusals tell it again: it is asked once."""

    def __init__(self, store: Store, confirm: Callable[[int], None], look_again: Callable[[], None]) -> None:
        self._store = store
        self._confirm = confirm
        self._look_again = look_again
        self._open: dict[Migration, list[int]] = {}
        self._tasks: TaskGroup | None = None

    def tell_nowait(self, moved: Moved) -> None:
        """Have it stored, then confirmed; raises MailboxClosed."""
        if self._tasks is None:
            raise MailboxClosed(moved)
        self._begin(self._tasks, (moved.old_id, moved.new_id)).append(moved.update_id)

    def follow(self, old_id: int, new_id: int) -> None:
        """Telegram refused the old id, and named the new one; the next refusal says it again."""
        if self._tasks is not None:
            self._begin(self._tasks, (old_id, new_id))

    async def run(self, context: ChildContext) -> None:
        """Store moves until stopped. What is not stored stays unconfirmed: Telegram tells it again."""
        try:
            async with anyio.create_task_group() as tasks:
                self._tasks = tasks
                for move in self._open:
                    tasks.start_soon(self._follow_through, move)
                context.ready()
                await context.stopping.wait()
                tasks.cancel_scope.cancel()
        finally:
            self._tasks = None

    def _begin(self, tasks: TaskGroup, move: Migration) -> list[int]:
        if move not in self._open:
            self._open[move] = []
            tasks.start_soon(self._follow_through, move)
        return self._open[move]

    async def _follow_through(self, move: Migration) -> None:
        outcome = await self._store_until_answered(move)
        if outcome is Relocation.MOVED:
            self._look_again()
        for update_id in self._open.pop(move):
            self._confirm(update_id)

    async def _store_until_answered(self, move: Migration) -> Relocation | None:
        """Ask until it is known; None: the database refuses it, and would do so again."""
        terms = partial(terms_for, ASK_SECONDS)
        try:
            reply = await ask_until_answered(self._store, MoveChat(*move), terms, _pause)
        except NotStored as lost:
            _complain(move, str(lost))
            return None
        assert reply is not None, "a stop cancels us"
        _report(reply.value, move)
        return reply.value


async def _pause(seconds: float) -> bool:
    await anyio.sleep(seconds)
    return False


def _report(outcome: Relocation, move: Migration) -> None:
    if outcome is Relocation.TAKEN:
        _complain(move, "a chat with the new id was added before; both are left alone")
    elif outcome is Relocation.MOVED:
        log.warning("chat.moved", chat_id=move[0], new_chat_id=move[1])


def _complain(move: Migration, reason: str) -> None:
    log.error("chat.not_moved", chat_id=move[0], new_chat_id=move[1], reason=reason)
