"""The registry of publishes under way, and what their actors are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import TypeAlias

import anyio
import structlog

from actors.domain.item import Item
from actors.errors import MailboxClosed
from actors.publish.messages import Begin, PublishMessage
from actors.runtime.actor import Actor, Context, DeadLetter, Reason
from actors.runtime.child import ChildContext
from actors.runtime.registry import Registry

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ended:
    """An effect ended; `saga` began it, and no other incarnation may take its outcome for its own."""

    saga: object
    outcome: PublishMessage


SagaKey: TypeAlias = tuple[int, int]  # (our own chat key, item id)
SagaMessage: TypeAlias = Begin | Ended


class PublishRegistry:
    """Every publish under way; the others cost nothing."""

    def __init__(
        self,
        make: Callable[[Context[SagaKey, SagaMessage]], Actor[SagaMessage]],
        worker: str,
        on_crash: Callable[[], None],
    ) -> None:
        self.registry: Registry[SagaKey, SagaMessage] = Registry(make, self._to_dead_letters)
        self._on_crash = on_crash
        self._worker = worker
        self._numbers = count(1)
        self._stopping = anyio.Event()

    def owner(self) -> str:
        """A name for one lease."""
        return f"{self._worker} {next(self._numbers)}"

    async def go_on(self, row: Item) -> None:
        """Begin with the publish of this item, or go on with it."""
        try:
            await self.registry.tell((row.chat_key, row.id), Begin())
        except MailboxClosed:
            log.info("publish.left", chat_id=row.chat_id, item_id=row.id)

    async def pause(self, seconds: float) -> bool:
        """Sleep; True if it was cut short because we stop."""
        with anyio.move_on_after(seconds):
            await self._stopping.wait()
        return self._stopping.is_set()

    async def run(self, context: ChildContext) -> None:
        """Let sagas live until stopped; a call under way is finished and its end stored, a pause is not."""
        self._stopping = context.stopping
        await self.registry.run(context)

    def _to_dead_letters(self, letter: DeadLetter[SagaKey, SagaMessage]) -> None:
        if letter.reason in {Reason.CRASHED, Reason.QUARANTINED}:
            self._on_crash()
