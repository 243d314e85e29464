"""Keeps the tokens of the Instagram accounts fresh, and warns the team of one that cannot be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from typing import TypeVar

import anyio
import structlog

from actors.accounts.texts import token_ends
from actors.accounts.token_warnings import GONE, warning
from actors.database.asking import ask_until_answered, terms_for
from actors.database.request import NotStored, Reply, RequestTerms, Store
from actors.domain.account import FreshToken
from actors.errors import AnswerLost, PortError, TokenGone
from actors.operations.operation import Operation
from actors.operations.tokens import ClaimTokens, NoteToken, StoreToken, TokenDue
from actors.ports import Chat, Instagram
from actors.runtime.child import ChildContext
from actors.runtime.waiting import POLL_WINDOW_SECONDS, WakeUp, look_and_sleep, seconds_to_poll_window

T = TypeVar("T")
log = structlog.get_logger()

LOOK_SECONDS = 6 * 3600.0
ASK_SECONDS = 30.0
STORE_TRIES = 10
RENEW_SECONDS = 30.0
WARN_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class TokenDependencies:
    """All that the keeper reaches; `worker` must be new with each start of the process.

    `left_behind`: open cards say something of an account that is true no more.
    """

    worker: str
    store: Store
    instagram: Instagram
    chat: Chat
    left_behind: Callable[[], None]


@dataclass(frozen=True, slots=True)
class _NotingStore:
    """The database; each request without an answer has its log line."""

    store: Store

    async def ask(self, operation: Operation[T], terms: RequestTerms) -> Reply[T]:
        try:
            return await self.store.ask(operation, terms)
        except NotStored as lost:
            log.warning("token.not_stored", reason=str(lost))
            raise


class TokenKeeper:
    """The actor that looks at the tokens at start, then a few times a day, in a poll window that is there anyhow."""

    def __init__(self, dependencies: TokenDependencies) -> None:
        self._dependencies = dependencies
        self._looks = count(1)

    async def run(self, context: ChildContext) -> None:
        """Look and sleep until stopped."""
        context.ready()
        await look_and_sleep(self._look, context.stopping, WakeUp())

    async def _look(self) -> float:
        """Keep what is due; returns how long to sleep: to the next poll window only, if something was left undone."""
        owner = f"{self._dependencies.worker} tokens {next(self._looks)}"
        try:
            due = (await self._dependencies.store.ask(ClaimTokens(owner), _terms())).value
        except NotStored:
            return seconds_to_poll_window()
        done = [await self._keep(one, owner) for one in due]
        return seconds_to_poll_window() + (LOOK_SECONDS - POLL_WINDOW_SECONDS if all(done) else 0.0)

    async def _keep(self, due: TokenDue, owner: str) -> bool:
        """Renew, then warn if that was of no use; False: a warning is still to be given."""
        kept = due if due.gone else await self._renew(due)
        days = None if kept is None else warning(kept)
        return kept is None or days is None or await self._warn(kept, days, owner)

    async def _renew(self, due: TokenDue) -> TokenDue | None:
        """Return the account as it is now; None: another worker has it by now."""
        try:
            with anyio.fail_after(RENEW_SECONDS):
                fresh = await self._dependencies.instagram.renew(due.account)
        except TokenGone:
            return replace(due, gone=True)
        except (PortError, TimeoutError) as error:
            _log_account("token.not_renewed", due, reason=str(error) or "took too long")
            return due
        return await self._keep_fresh(due, fresh)

    async def _keep_fresh(self, due: TokenDue, fresh: FreshToken) -> TokenDue | None:
        kept = await self._insist(StoreToken(due, fresh))
        _log_account("token.not_kept" if kept is None else "token.renewed", due)
        self._dependencies.left_behind()
        return kept

    async def _warn(self, due: TokenDue, days: int, owner: str) -> bool:
        """Claimed before, so that no other worker says it too; taken back if it certainly was not said."""
        if not await self._insist(NoteToken(due, owner, days, gone=days == GONE)):
            return False
        if days == GONE:
            self._dependencies.left_behind()
        # Stopping now would leave a warning that is stored and was never given.
        with anyio.CancelScope(shield=True, deadline=anyio.current_time() + WARN_SECONDS):
            try:
                await self._dependencies.chat.send_text(due.chat_id, token_ends(due, days), due.topic)
            except AnswerLost:
                pass
            except PortError as error:
                _log_account("token.not_warned", due, days=days, reason=str(error))
                await self._insist(NoteToken(due, owner, due.warned_days, gone=days == GONE))
                return False
        _log_account("token.warned", due, days=days)
        return True

    async def _insist(self, operation: Operation[T]) -> T | None:
        """Ask until answered, ten times at most: what was renewed or claimed must not be forgotten over an outage."""
        tries = count(1)

        async def pause(seconds: float) -> bool:
            await anyio.sleep(seconds)
            return next(tries) == STORE_TRIES

        try:
            reply = await ask_until_answered(_NotingStore(self._dependencies.store), operation, _terms, pause)
        except NotStored:
            return None
        return None if reply is None else reply.value


def _terms() -> RequestTerms:
    return terms_for(ASK_SECONDS)


def _log_account(event: str, due: TokenDue, **more: object) -> None:
    log.info(event, chat_id=due.chat_id, account_id=due.account.id, account=due.account.username, **more)
