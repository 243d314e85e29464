"""Takes in the updates that Telegram brings to our webhook; our answer confirms them, so it waits for their effects.

Telegram has few connections to us while we take nothing: one, unless something was taken within 10 s
(WebhookActor.cpp:279-305 in tdlib/telegram-bot-api). A request that waited for a database that is away would keep the
next person's tap from being answered. So an update that is not durable within a second is given back: its toast is
out, Telegram keeps it for 150 s and brings it again, and its repetition is answered from memory by its id. Nothing is
taken before its effect is durable or was visibly refused.

Telegram brings a person's taps one after the other: the next one waits until this one is taken. So after 10 s a tap is
given up visibly, like one that could not be stored.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice

import anyio
import structlog
from anyio.abc import TaskGroup

from actors.bounds import MOST_WAITING, PUSH_HOLD_SECONDS, STUCK_SECONDS
from actors.domain.taps import Press
from actors.errors import BotTokenRefused, PortError
from actors.ports import Conflict, Receipt, Webhook
from actors.runtime.backoff import Backoff
from actors.runtime.child import ChildContext
from actors.updates.bot_token import BotToken
from actors.updates.dispatcher import SHOW_SECONDS, Dispatched, Dispatcher, Recipients, id_of, press_of

log = structlog.get_logger()

PATIENCE_SECONDS = 1.0  # of a request
CROWDED_SECONDS = 0.2  # while others were given back, and come again and again
AGAIN_SECONDS = 2.0
MOST_OPEN = 500  # those that were given up, but may have been stored, are closed only once the database answers
LOOK_SECONDS = 30.0
RETRY = Backoff((0.5, 1.0, 2.0, 5.0, 10.0))
REMEMBER = 1000
REMEMBER_SECONDS = 600.0  # Telegram starts its ids anew after a quiet week


@dataclass(slots=True, eq=False)
class _ReceivedUpdate:
    """An update that is worked on."""

    press: Press | None
    at: float
    done: anyio.Event = field(default_factory=anyio.Event)
    hurry: anyio.Event = field(default_factory=anyio.Event)  # it is done, or others need its place
    given_back: bool = False


class WebhookReceiver:
    """The actor behind the webhook. Every worker may have one: all effects are keyed, so that none needs a lease."""

    def __init__(self, recipients: Recipients, webhook: Webhook) -> None:
        self._updates = recipients.updates
        self._dispatcher = Dispatcher(recipients, self.confirm)
        self._webhook = webhook
        self._held: dict[int, _ReceivedUpdate] = {}
        self._lately: dict[int, float] = {}
        self._answers: TaskGroup | None = None
        self._emptied = anyio.Event()
        self._is_registered = False
        self._complaint: str | None = None
        self.token = BotToken()
        self.looked_at: float | None = None
        self.trouble: str | None = None

    @property
    def open(self) -> int:
        """How many updates are worked on."""
        return len(self._held)

    def confirm(self, update_id: int) -> None:
        """The effect of this update is durable, or was visibly refused: Telegram may forget it."""
        held = self._held.pop(update_id, None)
        if held is not None:
            held.done.set()
            held.hurry.set()
            self._remember(update_id)
        if not self._held:
            self._emptied.set()

    async def take(self, raw: object) -> Receipt:
        """Take one update in; returns once its effect is durable or was refused, or after 1 s at most."""
        update_id = self._updates.identify(raw)
        if update_id < 0:
            return Receipt.UNREADABLE
        if self._is_known(update_id):
            return Receipt.DONE
        held = self._held.get(update_id) or self._let_in(raw)
        return Receipt.LATER if held is None else await self._wait(held)

    async def run(self, context: ChildContext) -> None:
        """Take updates in until stopped; then wait for what is held."""
        self._is_registered = False
        try:
            async with anyio.create_task_group() as answers, anyio.create_task_group() as watching:
                self._answers = answers
                watching.start_soon(self._watch)
                context.ready()
                await context.stopping.wait()
                self._answers = None
                watching.cancel_scope.cancel()
        finally:
            self._answers = None
        while self._held:
            self._emptied = anyio.Event()
            await self._emptied.wait()

    def _let_in(self, raw: object) -> _ReceivedUpdate | None:
        """Hold an update and tell whom it concerns; None if it has to come again."""
        if self._answers is None:
            return None
        at = anyio.current_time()
        # Telegram does not say how often an update was brought, and where: any may have been worked on before.
        update = self._updates.parse(raw, at, redelivered=True)
        update_id, press = id_of(update), press_of(update)
        held = self._held[update_id] = _ReceivedUpdate(press, at)
        if len(self._held) > MOST_OPEN and press is not None:
            self._dispatcher.refuse(press, self._answers)
            return held
        taken = self._dispatcher.dispatch(update, self._answers)
        if taken is Dispatched.REDELIVER:
            del self._held[update_id]
            return None
        if taken is Dispatched.DONE:
            self.confirm(update_id)
        elif press is not None:
            self._answers.start_soon(self._give_up, held, press)
        self._hurry_oldest()
        return held

    async def _wait(self, held: _ReceivedUpdate) -> Receipt:
        """Wait a moment for the effect, or for a visible refusal; then it is Telegram that keeps the update."""
        crowded = any(one.given_back for one in self._held.values())
        with anyio.move_on_after(CROWDED_SECONDS if crowded else PATIENCE_SECONDS):
            await held.done.wait()
        if held.done.is_set():
            return Receipt.DONE
        held.given_back = True
        return Receipt.LATER

    async def _give_up(self, held: _ReceivedUpdate, press: Press) -> None:
        """Have a tap that is not durable in time refused visibly, unless it was recorded."""
        with anyio.CancelScope(deadline=held.at + PUSH_HOLD_SECONDS):
            await held.hurry.wait()
        while not (held.done.is_set() or self._dispatcher.give_up(press)):
            with anyio.move_on_after(AGAIN_SECONDS):
                await held.done.wait()
        with anyio.move_on_after(SHOW_SECONDS):
            await held.done.wait()
        if not held.done.is_set():
            log.warning("tap.not_confirmed", tap_id=press.id, item_id=press.item_id, chat_id=press.chat_id)

    def _hurry_oldest(self) -> None:
        """So many wait for a database that does not answer that Telegram soon brings no more: give up the oldest."""
        waiting = [held for held in self._held.values() if held.press is not None and not held.hurry.is_set()]
        long_ago = anyio.current_time() - STUCK_SECONDS
        for held in islice(waiting, max(0, len(waiting) - MOST_WAITING + 1)):
            if held.at < long_ago:
                held.hurry.set()

    def _remember(self, update_id: int) -> None:
        self._lately.pop(update_id, None)
        self._lately[update_id] = anyio.current_time()
        if len(self._lately) > REMEMBER:
            del self._lately[next(iter(self._lately))]

    def _is_known(self, update_id: int) -> bool:
        return anyio.current_time() - self._lately.get(update_id, float("-inf")) < REMEMBER_SECONDS

    async def _watch(self) -> None:
        """Register; then look again and again, since a worker that polls ends the webhook that it finds."""
        failures = 0
        while True:
            try:
                await self._look()
            except BotTokenRefused as error:
                self.token.is_refused(error)
                pause, self.trouble = error.retry_after_seconds or LOOK_SECONDS, str(error)
            except (PortError, Conflict) as error:
                failures += 1
                pause = RETRY.after(failures, error)
                self.trouble = str(error)
                log.warning("webhook.unreachable", failures=failures, reason=self.trouble)
            else:
                failures, pause, self.trouble = 0, LOOK_SECONDS, None
                self.token.is_taken()
            await anyio.sleep(pause)

    async def _look(self) -> None:
        if not self._is_registered:
            await self._register()
        delivery = await self._webhook.look()
        self.looked_at = anyio.current_time()
        if not delivery.is_ours:
            await self._register()
        elif delivery.trouble != self._complaint:
            self._complaint = delivery.trouble
            log.warning("webhook.trouble", waiting=delivery.waiting, reason=delivery.trouble)

    async def _register(self) -> None:
        self._is_registered = False
        await self._webhook.register()
        self._is_registered = True
        log.info("webhook.registered")
