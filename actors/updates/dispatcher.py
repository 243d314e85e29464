"""The dispatcher: hands each update to the actor that serves it; shared by polling and the webhook."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import structlog
from anyio.abc import TaskGroup

from actors.domain.messages import GiveUp
from actors.domain.taps import Press, Pressed
from actors.domain.updates import Heard, Membership, Moved, Poison, Said, Unknown, Update
from actors.errors import MailboxClosed, MailboxFull
from actors.item import texts
from actors.item.aloud import Aloud
from actors.item.callback_answers import refuse, refuse_unknown
from actors.peers import CommandRecipient, Items, MigrationRecipient
from actors.ports import Updates

log = structlog.get_logger()

SHOW_SECONDS = 2.0  # what is given up gets so long to be shown


@dataclass(slots=True, frozen=True)
class Recipients:
    """The actors and ports among which updates are dispatched."""

    updates: Updates
    items: Items
    aloud: Aloud
    commands: CommandRecipient
    migration: MigrationRecipient


class Dispatched(Enum):
    """What became of an update that was dispatched."""

    HELD = "an actor works on it, and will confirm it"
    DONE = "it asks nothing of us"
    REDELIVER = "those whom it concerns are about to start or to stop: it has to come again"


class Dispatcher:
    """Tells items and commands, and never waits for what an update comes to."""

    def __init__(self, recipients: Recipients, confirm: Callable[[int], None]) -> None:
        self._items = recipients.items
        self._aloud = recipients.aloud
        self._commands = recipients.commands
        self._migration = recipients.migration
        self._confirm = confirm

    def dispatch(self, update: Update, answers: TaskGroup) -> Dispatched:
        """Tell whom it concerns; a press for which its item has no room is answered within `answers`."""
        match update:
            case pressed if isinstance(pressed, Pressed):
                return self._tell(pressed, pressed.press, answers)
            case Unknown():
                answers.start_soon(refuse_unknown, self._aloud.chat, update, texts.EARLIER_VERSION, self._confirm)
                return Dispatched.HELD
            case Said() | Membership():
                return self._hear(update)
            case Moved():
                return self._follow(update)
            case Poison(update_id, why):
                log.error("update.poison", update_id=update_id, reason=why)
        return Dispatched.DONE

    def give_up(self, press: Press) -> bool:
        """Have a press refused visibly, unless it was recorded; False if its item cannot be told."""
        try:
            self._items.tell_nowait((press.chat_id, press.item_id), GiveUp(press))
        except (MailboxFull, MailboxClosed):
            log.warning("tap.kept", tap_id=press.id, item_id=press.item_id, chat_id=press.chat_id)
            return False
        return True

    def refuse(self, press: Press, answers: TaskGroup) -> None:
        """Say that there is no room for it, and then confirm it."""
        answers.start_soon(refuse, self._aloud, press, texts.BUSY, self._confirm)

    def _tell(self, message: Pressed, press: Press, answers: TaskGroup) -> Dispatched:
        try:
            self._items.tell_nowait((press.chat_id, press.item_id), message)
        except MailboxFull:
            self.refuse(press, answers)
        except MailboxClosed:
            return Dispatched.REDELIVER
        return Dispatched.HELD

    def _hear(self, heard: Heard) -> Dispatched:
        try:
            self._commands.tell_nowait(heard)
        except MailboxClosed:
            return Dispatched.REDELIVER
        return Dispatched.HELD

    def _follow(self, moved: Moved) -> Dispatched:
        try:
            self._migration.tell_nowait(moved)
        except MailboxClosed:
            return Dispatched.REDELIVER
        return Dispatched.HELD


def id_of(update: Update) -> int:
    """The id under which Telegram keeps it; negative: none."""
    return update.press.update_id if isinstance(update, Pressed) else update.update_id


def press_of(update: Update) -> Press | None:
    """The press in it, if it is one."""
    return update.press if isinstance(update, Pressed) else None
