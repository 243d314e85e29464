"""Polls for updates; the offset has Telegram forget one only when its effect is durable, or visibly refused."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import anyio
import structlog
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint

from actors.bounds import HIDING_SECONDS, MOST_SHOWN, MOST_WAITING, POLL_CALL_SECONDS, POLL_SECONDS, STUCK_SECONDS
from actors.domain.taps import Press
from actors.domain.updates import Membership, Said, Update
from actors.errors import BotTokenRefused, PortError, ShutOut
from actors.peers import Lease
from actors.ports import Conflict
from actors.runtime.backoff import Backoff
from actors.runtime.child import ChildContext
from actors.runtime.watchdog import Watchdog
from actors.updates.bot_token import BotToken
from actors.updates.dispatcher import SHOW_SECONDS, Dispatched, Dispatcher, Recipients, id_of, press_of

log = structlog.get_logger()

AGAIN_SECONDS = 0.5  # the same offset sooner is answered with one update only
GATHER_SECONDS = 0.02  # a poll for each tap that is done would fetch all that are not, again and again
GATHER_MORE_SECONDS = 0.001  # for each more that is not done: reading a hundred again takes milliseconds
SLICE = 4  # updates parsed in one go: a hundred at once would hold up the loop
STILL_SECONDS = 5.0  # the same offset is answered at once: two pollers may go by turns, and Telegram sees no conflict
RETRY = Backoff((0.2, 0.5, 1.0, 2.0, 5.0))


@dataclass(slots=True)
class _UnconfirmedUpdate:
    """An update that Telegram still keeps for us."""

    update: Update
    at: float
    done: bool = False
    given_up: bool = False
    let_go_at: float = math.inf


class UpdatePoller:
    """The actor that polls. Concurrent across items, in order within one; it never waits for what a tap comes to."""

    def __init__(self, recipients: Recipients, lease: Lease) -> None:
        self._updates = recipients.updates
        self._dispatcher = Dispatcher(recipients, self.confirm)
        self._lease = lease
        self._held: dict[int, _UnconfirmedUpdate] = {}
        self._offset: int | None = None
        self._asked: int | None = None
        self._suspected_at = 0.0
        self._moved = anyio.Event()
        self._confirmed = anyio.Event()
        self._backlog = True
        self._backlog_since: float | None = None
        self._failures = 0
        self._answers: TaskGroup | None = None
        self.watchdog = Watchdog()
        self.token = BotToken()
        self.polled_at: float | None = None
        self.trouble: str | None = None

    @property
    def waiting(self) -> int:
        """How many updates Telegram still keeps for us."""
        return sum(not held.done for held in self._held.values())

    def confirm(self, update_id: int) -> None:
        """The effect of this update is durable, or was visibly refused: Telegram may forget it, in its turn."""
        if update_id in self._held:
            self._held[update_id].done = True
            self._confirmed.set()
            before = self._offset
            self._advance()
            if self._offset != before:
                self._moved.set()

    async def run(self, context: ChildContext) -> None:
        """Poll until stopped; then wait for what is held, and confirm what was done."""
        async with anyio.create_task_group() as answers:
            self._answers = answers
            async with anyio.create_task_group() as polling:
                polling.start_soon(self.watchdog.watch, self._poll_all)
                context.ready()
                await context.stopping.wait()
                polling.cancel_scope.cancel()
            self.watchdog.rest()
        now = anyio.current_time()
        with anyio.CancelScope(deadline=now + (context.ends_at - now) / 2):
            await self._drain(lambda: self.waiting)
        # What people write comes again to the next poller: it is not worth being killed for.
        await self._drain(
            lambda: sum(press_of(held.update) is not None for held in self._held.values() if not held.done)
        )
        await self._say_goodbye()

    async def _drain(self, waiting: Callable[[], int]) -> None:
        while waiting():
            self._confirmed = anyio.Event()
            await self._confirmed.wait()

    def _advance(self) -> None:
        """Move the offset over what is done from the front, and no further."""
        waiting = [update_id for update_id, held in self._held.items() if not held.done]
        if self._held:
            self._offset = min(waiting) if waiting else max(self._held) + 1

    def _forget_below(self, asked: int | None) -> None:
        """Telegram has heard of these. Until then they are kept: a poll under way may still bring them again."""
        for update_id in [known for known in self._held if asked is not None and known < asked]:
            del self._held[update_id]

    async def _poll_all(self) -> None:
        while True:
            if not self._lease.is_held:
                # Another worker may poll meanwhile: what comes afterwards may be known to the database already.
                self._expect_backlog()
                self.watchdog.rest()
            await self._lease.wait_held()
            self.watchdog.beat(POLL_CALL_SECONDS)
            self._moved = anyio.Event()
            asked = self._asked = self._offset
            sent_at = anyio.current_time()
            try:
                batch = await self._updates.get(asked, POLL_SECONDS)
            except Conflict:
                log.info("intake.conflict")
                self.token.is_taken()
                self._expect_backlog()
                self.trouble = "another program reads this bot's updates"
                self._lease.look()
            except PortError as error:
                await self._rest(error)
            else:
                self._failures, self.trouble = 0, None
                self.token.is_taken()
                self._forget_below(asked)
                await self._take(batch, sent_at)
                self._suspect(asked)
                await self._gather(batch, asked)

    def _suspect(self, asked: int | None) -> None:
        """While the offset stands still, have the lease read: after a freeze it may be another worker's."""
        now = anyio.current_time()
        since = max(self._suspected_at, min((held.at for held in self._held.values() if not held.done), default=now))
        if self._offset == asked and now - since >= STILL_SECONDS:
            self._suspected_at = now
            self._lease.suspect()

    async def _rest(self, error: PortError) -> None:
        if isinstance(error, ShutOut):
            # What a webhook was brought meanwhile may be known to the database already.
            self._expect_backlog()
        pause = RETRY.after(self._failures + 1, error)
        self._asked = None
        self._failures += 1
        self.trouble = str(error)
        if isinstance(error, BotTokenRefused):
            self.token.is_refused(error)
        else:
            log.warning("intake.unreachable", failures=self._failures, reason=self.trouble)
        self.watchdog.beat(pause)
        await anyio.sleep(pause)

    def _expect_backlog(self) -> None:
        self._backlog, self._backlog_since = True, None

    def _is_backlog_over(self, batch: Sequence[object], sent_at: float) -> bool:
        """A short batch ends it, unless it is short because another poller had just asked for the same offset."""
        if self._backlog_since is None:
            self._backlog_since = sent_at
        return len(batch) < MOST_SHOWN and sent_at >= self._backlog_since + AGAIN_SECONDS

    async def _take(self, batch: Sequence[object], sent_at: float) -> None:
        """Tell every new update to its item, until one could not be told."""
        self.polled_at = anyio.current_time()
        self.watchdog.beat(AGAIN_SECONDS)
        redelivered = self._backlog
        for number, raw in enumerate(batch):
            if number % SLICE == SLICE - 1:
                await checkpoint()
            # Looked at one by one: a batch may hold an update twice.
            if self._updates.identify(raw) not in self._held and not self._take_one(raw, redelivered):
                break
        else:
            self._backlog = self._backlog and not self._is_backlog_over(batch, sent_at)
        if not batch and not self._held:
            # Everything below the offset is confirmed by now. Telegram starts its ids anew after a quiet week, and an
            # offset above them would confirm taps that were never seen.
            self._offset = None
        self._advance()
        self._refuse_oldest()

    async def _gather(self, batch: Sequence[object], asked: int | None) -> None:
        """Wait until there is a reason to poll again."""
        if batch or self._held:
            waiting = self.waiting
            gather = min(GATHER_SECONDS + GATHER_MORE_SECONDS * (waiting - 1), AGAIN_SECONDS) if waiting else 0.0
            await anyio.sleep(gather)
            if self._offset == asked:
                with anyio.move_on_after(AGAIN_SECONDS - gather):
                    await self._moved.wait()

    def _take_one(self, raw: object, redelivered: bool) -> bool:
        """Hold an update and tell it; False if it must come again, and with it all that came after it."""
        at = anyio.current_time()
        update = self._updates.parse(raw, at, redelivered)
        update_id = id_of(update)
        if update_id < 0:
            log.error("update.poison", update_id=None, reason="it has no id, so it cannot be confirmed")
            return True
        held = self._held[update_id] = _UnconfirmedUpdate(update, at)
        assert self._answers is not None, "polls run beside the answers"
        taken = self._dispatcher.dispatch(update, self._answers)
        if taken is Dispatched.REDELIVER:
            # Unconfirmed, it comes again.
            del self._held[update_id]
            return False
        held.done = held.done or taken is Dispatched.DONE
        return True

    def _refuse_oldest(self) -> None:
        """Telegram shows a hundred from the oldest open one on: give up what stands there, that newer taps are seen."""
        kept = [held for update_id, held in sorted(self._held.items()) if update_id >= (self._offset or 0)]
        patience = STUCK_SECONDS if self.waiting >= MOST_WAITING else HIDING_SECONDS
        now = anyio.current_time()
        for held in kept[: max(0, len(kept) - MOST_WAITING + 1)]:
            if not held.done and held.at < now - patience:
                self._give_up(held, now)

    def _give_up(self, held: _UnconfirmedUpdate, now: float) -> None:
        press = press_of(held.update)
        if isinstance(held.update, Said | Membership):
            # It is answered all the same, if we live; Telegram may be short of room for the answer.
            self.confirm(held.update.update_id)
        elif press is not None and not held.given_up:
            held.given_up = True
            held.let_go_at = now + SHOW_SECONDS if self._dispatcher.give_up(press) else math.inf
        elif press is not None and now >= held.let_go_at:
            self._let_go(press)

    def _let_go(self, press: Press) -> None:
        """It may have been stored, and is closed once the database answers: until then it would hide all newer taps."""
        log.warning("tap.not_confirmed", tap_id=press.id, item_id=press.item_id, chat_id=press.chat_id)
        self.confirm(press.update_id)

    async def _say_goodbye(self) -> None:
        """Confirm what was done, so that the next worker need not look at it again; no offset is worth saying twice."""
        if self._offset in {None, self._asked} or not self._lease.is_held:
            return
        try:
            with anyio.move_on_after(2.0):
                await self._updates.get(self._offset, 0.0)
        except (PortError, Conflict):
            log.info("intake.not_confirmed")
