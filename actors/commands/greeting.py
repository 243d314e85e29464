"""What the bot is in a chat changed: one line each, and a greeting, once an hour, in a group that it comes into."""

from __future__ import annotations

import anyio
import structlog

from actors.commands import texts
from actors.commands.delivery import MessageDelivery
from actors.commands.parsing import Courtesy
from actors.domain.group_ids import GroupKind
from actors.domain.membership import OUTSIDE, has_joined
from actors.domain.updates import Membership

log = structlog.get_logger()

SETTLE_SECONDS = 2.0  # a group that has just become a supergroup is known by its new id only then
GREETED = frozenset({GroupKind.GROUP, GroupKind.SUPERGROUP})


class Greeting:
    """Never speaks in a channel, nor to a person alone, who hears us at /start."""

    def __init__(self, delivery: MessageDelivery) -> None:
        self._delivery = delivery
        self._courtesy = Courtesy()

    async def decide(self, change: Membership) -> str | None:
        """Write its line, and find the greeting; None: none is due."""
        greets = self._may_greet(change)
        if greets:
            self._courtesy.tell(change.chat_id, anyio.current_time())
            await anyio.sleep(SETTLE_SECONDS)
        is_known = await self._delivery.is_known(change.chat_id, change.user_id)
        if is_known and change.after not in OUTSIDE:
            await self._delivery.reopen(change.chat_id)
        self.note(change, is_known)
        return texts.greeting(change.chat_id, is_known) if greets else None

    async def say(self, change: Membership, greeting: str) -> None:
        """Say it; a refusal is final."""
        trouble = await self._delivery.say(change.chat_id, greeting, change.at)
        if trouble is not None:
            log.info("chat.not_greeted", chat_id=change.chat_id, reason=trouble)

    def note(self, change: Membership, is_known: bool | None) -> None:
        """Write the line; `is_known`: the chat is set up, None: the database could not be asked."""
        write = log.warning if is_known and change.after in OUTSIDE else log.info
        write(
            "chat.member",
            chat_id=change.chat_id,
            chat_kind=change.kind.value,
            user_id=change.user_id,
            before=change.before.value,
            after=change.after.value,
            known=is_known,
        )

    def _may_greet(self, change: Membership) -> bool:
        fresh = self._courtesy.is_fresh(change.chat_id, anyio.current_time())
        return change.kind in GREETED and has_joined(change.before, change.after) and not fresh
