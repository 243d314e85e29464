"""Looks, once a card is shown, whether Auto Post would work, and has the card say so."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import anyio
import structlog

from actors.accounts.texts import FILE_TOO_SLOW, NO_ANSWER, finding
from actors.database.asking import terms_for
from actors.database.request import NotStored, RequestTerms, Store
from actors.domain.account import Quota
from actors.domain.item import Item, State, Story
from actors.domain.messages import Changed
from actors.errors import MailboxClosed, PortError, Refused, TokenGone
from actors.operations.preflight import LookAhead, Outlook, StoreFinding, is_lost
from actors.peers import Items
from actors.ports import Instagram
from actors.publish.texts import unprefixed
from actors.runtime.child import ChildContext
from actors.runtime.waiting import WakeUp

log = structlog.get_logger()

MOST_OPEN = 100
AT_ONCE = 4
ASK_SECONDS = 30.0
CALL_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class PreflightDependencies:
    """All that a check reaches; `reach` raises PortError if Instagram could not fetch the story's file."""

    worker: str
    store: Store
    instagram: Instagram
    items: Items
    reach: Callable[[Story], Awaitable[None]]


class Preflight:
    """The actor that looks ahead; a few cards at a time, and never in the way of a tap."""

    def __init__(self, dependencies: PreflightDependencies) -> None:
        self._dependencies = dependencies
        self._rows: deque[Item] = deque()
        self._running = 0
        self._wake_up = WakeUp()

    def tell_nowait(self, row: Item) -> None:
        """A card is shown; beyond the bound it stays without a finding. Never waits, never raises."""
        if not row.live or row.state is not State.IN_REVIEW or row.preflight is not None:
            return
        if len(self._rows) + self._running >= MOST_OPEN:
            log.info("preflight.dropped", chat_id=row.chat_id, item_id=row.id)
            return
        self._rows.append(row)
        self._wake_up.ring()

    async def run(self, context: ChildContext) -> None:
        """Look until stopped; a check under way is given up then."""
        context.ready()
        self._running = 0
        few = anyio.Semaphore(AT_ONCE)
        stopping = False
        async with anyio.create_task_group() as tasks:
            while not stopping:
                while self._rows:
                    self._running += 1
                    tasks.start_soon(self._take_turn, self._rows.popleft(), few)
                stopping = await self._wake_up.wait(math.inf, context.stopping)
            tasks.cancel_scope.cancel()

    async def _take_turn(self, row: Item, few: anyio.Semaphore) -> None:
        async with few:
            try:
                await self._check(row)
            except NotStored as lost:
                log.info("preflight.not_stored", chat_id=row.chat_id, item_id=row.id, reason=str(lost))
        self._running -= 1

    async def _check(self, row: Item) -> None:
        known = (await self._dependencies.store.ask(LookAhead(row.chat_key), _terms())).value
        troubles: list[str] = []
        quota: Quota | None = None
        if not is_lost(known):
            known, quota = await self._count(known, troubles)
        if not is_lost(known):
            await self._try_file(row.story, troubles)
        found = finding(known, tuple(troubles))
        store = StoreFinding(row, found, self._dependencies.worker, known, quota)
        shown = (await self._dependencies.store.ask(store, _terms())).value
        if shown is not None:
            await self._show(shown)

    async def _count(self, known: Outlook, troubles: list[str]) -> tuple[Outlook, Quota | None]:
        """Return what is known now, and the quota if it was read for that."""
        if known.account is None or known.quota is not None:
            return known, None
        try:
            with anyio.fail_after(CALL_SECONDS):
                quota = await self._dependencies.instagram.quota(known.account)
        except TokenGone:
            return replace(known, gone=True), None
        except Refused as refused:
            troubles.append(unprefixed(str(refused)))
        except PortError as error:
            troubles.append(str(error))
        except TimeoutError:
            troubles.append(NO_ANSWER)
        else:
            return replace(known, quota=quota), quota
        return known, None

    async def _try_file(self, story: Story, troubles: list[str]) -> None:
        try:
            with anyio.fail_after(CALL_SECONDS):
                await self._dependencies.reach(story)
        except PortError as error:
            troubles.append(str(error))
        except TimeoutError:
            troubles.append(FILE_TOO_SLOW)

    async def _show(self, row: Item) -> None:
        try:
            await self._dependencies.items.tell((row.chat_id, row.id), Changed(row, "preflight"))
        except MailboxClosed:
            log.info("preflight.stopped", chat_id=row.chat_id, item_id=row.id)


def _terms() -> RequestTerms:
    return terms_for(ASK_SECONDS)
