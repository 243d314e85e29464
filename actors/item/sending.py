"""Sends the files of one item: each for as long as it moves, its card under a claim that lasts as long.

What fails before the end of the file has left is certainly not sent; of what fails after it, nothing is known.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TypeAlias, TypeVar

import anyio
import structlog

from actors.audit.lines import warn_of_item, write_item_line
from actors.bounds import KEEP_CLAIM_SECONDS, TAP_HOLD_SECONDS
from actors.commands.texts import card_lost, chat_closed, story_refused
from actors.database.asking import terms_for
from actors.database.request import NotStored
from actors.domain.item import Item
from actors.domain.messages import CardNotSent, CardSent, Message, OriginalNotSent, OriginalSent
from actors.domain.taps import Press
from actors.errors import AnswerLost, ChatMoved, ChatRefused, PortError, Refused, Unreachable
from actors.item.dependencies import ItemDependencies
from actors.operations.cards import KeepClaim, SaveCard, SendFailed
from actors.operations.operation import Operation
from actors.operations.refusals import PauseRefusedChat, SetStoryAside
from actors.ports import Sending, SentCard
from actors.runtime.backoff import Backoff

T = TypeVar("T")

log = structlog.get_logger()

QUIET_SECONDS = 60.0  # so long nothing moves, or no answer follows the end
LONGEST_SECONDS = 1800.0
MOVED_SECONDS = 60.0  # until the row names the new group
SAY_SECONDS = 600.0
SAY_RETRY = Backoff((5.0,))
STILL = f"nothing of it has left for {QUIET_SECONDS:.0f} s"
UNANSWERED = f"no answer within {QUIET_SECONDS:.0f} s"
TOO_LONG = f"it was not through after {LONGEST_SECONDS / 60:.0f} minutes"
STOPPED = "its worker was stopped"


Failure: TypeAlias = SendFailed | SetStoryAside | PauseRefusedChat


@dataclass(slots=True, eq=False)
class Patience:
    """How long a file is waited for: while it moves, up to a bound, and less once we stop."""

    end_at: float = field(default_factory=lambda: anyio.current_time() + LONGEST_SECONDS)
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    sending: Sending = field(init=False)
    stopped: bool = False

    def __post_init__(self) -> None:
        self.sending = Sending(self._moved)
        self._moved()

    def stop_within(self, seconds: float) -> None:
        """Wait no longer than that from now on."""
        self.stopped = True
        self.end_at = min(self.end_at, anyio.current_time() + seconds)
        self.scope.deadline = min(self.scope.deadline, self.end_at)

    def why_it_ended(self) -> str:
        """Tell why it was given up."""
        if anyio.current_time() >= self.end_at:
            return STOPPED if self.stopped else TOO_LONG
        return STILL if self.sending.kept_back else UNANSWERED

    def _moved(self) -> None:
        self.scope.deadline = min(anyio.current_time() + QUIET_SECONDS, self.end_at)


@dataclass
class Sends:
    """The sends of one item, of which one at most is under way."""

    dependencies: ItemDependencies
    tell: Callable[[Message], Awaitable[None]]
    _under_way: bool = False

    async def send(self, row: Item) -> None:
        """Claimed before, saved after; a send that failed is told to the row, with what is known of it."""
        if self._under_way:
            return  # its claim ran out while the database was away, and came again: the file is still on its way
        self._under_way = True
        try:
            outcome = await self._sent(row)
        finally:
            self._under_way = False
        if isinstance(outcome, SentCard):
            save = SaveCard(row, outcome.message_id, outcome.file_id, self.dependencies.worker)
            await self.store(
                save, lambda saved: self._saved(saved, row.revision, outcome), CardNotSent(row, "not saved")
            )
            return
        self._log(outcome)
        await self._keep_failure(outcome)
        self.dependencies.wake_schedule()

    async def _keep_failure(self, failed: Failure) -> None:
        sentence, unknown = failed.reason, CardNotSent(failed.row, failed.reason)
        if isinstance(failed, PauseRefusedChat):
            await self.store(failed, lambda pause: CardNotSent(pause.row, sentence, pause.begins), unknown)
        else:
            await self.store(failed, lambda kept: CardNotSent(kept, sentence), unknown)

    async def send_original(self, row: Item, press: Press) -> Message:
        """Send the file below the card that was pressed, for as long as it moves, too."""
        patience = Patience()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._hear_stop, patience)
            outcome = await self._original(row, press, patience)
            tasks.cancel_scope.cancel()
        return outcome

    async def report_lost(self, row: Item, reason: str) -> None:
        """Tell the operator, and the chat once text gets through, that this card cannot be tapped."""
        warn_of_item(row, "card_lost", "lost", reason)
        await self._say(row, card_lost(row, reason))

    async def report_refused(self, row: Item, reason: str) -> None:
        """Tell the operator, and the chat, that this story was set aside."""
        warn_of_item(row, "set_aside", "refused", reason)
        await self._say(row, story_refused(row, reason))

    async def report_chat_closed(self, row: Item, reason: str) -> None:
        """Tell the operator, and the chat if text gets through, that no card comes for now."""
        log.warning("chat.refuses_cards", chat_id=row.chat_id, item_id=row.id, reason=reason)
        await self._say(row, chat_closed(reason))

    async def _say(self, row: Item, text: str) -> None:
        give_up_at = anyio.current_time() + SAY_SECONDS
        stopping = False
        while not stopping and anyio.current_time() < give_up_at:
            try:
                await self.dependencies.chat.send_text(row.chat_id, text, row.topic)
            except Unreachable as error:
                stopping = await self.dependencies.pause(SAY_RETRY.after(1, error))
            except PortError:
                return  # refused; or it may stand there, and is not said twice
            else:
                return

    async def _original(self, row: Item, press: Press, patience: Patience) -> Message:
        try:
            with patience.scope:
                there = replace(row, topic=press.topic)  # where the card stands, wherever new ones come
                await self.dependencies.chat.send_original(there, press.message_id, patience.sending)
                return OriginalSent(press)
        except AnswerLost as error:
            return OriginalNotSent(press, patience.sending.kept_back, str(error))
        except PortError as error:
            return OriginalNotSent(press, True, str(error))
        return OriginalNotSent(press, patience.sending.kept_back, patience.why_it_ended())

    async def _sent(self, row: Item) -> SentCard | Failure:
        patience = Patience()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._keep_claim, row)
            tasks.start_soon(self._hear_stop, patience)
            outcome = await self._outcome(row, patience)
            tasks.cancel_scope.cancel()
        return outcome

    async def _outcome(self, row: Item, patience: Patience) -> SentCard | Failure:
        worker = self.dependencies.worker
        try:
            with patience.scope:
                return await self.dependencies.chat.send_card(row, patience.sending)
        except Unreachable as error:
            return SendFailed(row, worker, False, error.retry_after_seconds or 0.0, reason=str(error))
        except ChatRefused as error:
            return PauseRefusedChat(row, worker, str(error))
        except ChatMoved as error:
            return SendFailed(row, worker, False, MOVED_SECONDS, refused=True, reason=str(error))
        except Refused as error:
            return SetStoryAside(row, worker, str(error))
        except PortError as error:
            reason = str(error)
        else:
            reason = patience.why_it_ended()
        return SendFailed(row, worker, not patience.sending.kept_back, 0.0, reason=reason)

    async def _keep_claim(self, row: Item) -> None:
        """No other worker sends it meanwhile; once it is not ours any more, what is under way is let through."""
        kept = True
        while kept:
            await anyio.sleep(KEEP_CLAIM_SECONDS)
            terms = terms_for(KEEP_CLAIM_SECONDS)
            try:
                kept = (await self.dependencies.store.ask(KeepClaim(row, self.dependencies.worker), terms)).value
            except NotStored:
                continue

    async def _hear_stop(self, patience: Patience) -> None:
        """Half of what is left for the file, the other half to store what became of it."""
        if await self.dependencies.pause(LONGEST_SECONDS):
            patience.stop_within(self.dependencies.seconds_left() / 2)

    def _saved(self, saved: Item, shown: int, sent: SentCard) -> Message:
        write_item_line(saved, "card_sent", "presented", message_id=sent.message_id)
        self.dependencies.look_ahead(saved)
        return CardSent(saved, shown)

    def _log(self, failed: Failure) -> None:
        refused = not isinstance(failed, SendFailed) or failed.refused
        lost = isinstance(failed, SendFailed) and failed.ambiguous
        fate = "lost" if lost else "refused" if refused else "not_sent"
        warn_of_item(failed.row, "card_not_sent", fate, failed.reason)

    async def store(self, operation: Operation[T], told: Callable[[T], Message], lost: Message) -> None:
        """Store what became of the item, and tell it: `told` of the answer, or `lost`."""
        terms = terms_for(TAP_HOLD_SECONDS)
        try:
            reply = await self.dependencies.store.ask(operation, terms)
        except NotStored:
            await self.tell(lost)
        else:
            await self.tell(told(reply.value))
