"""The door through which updates come in: each is handed to whom it concerns, whichever way it came."""

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
from actors.item import texts as words
from actors.item.aloud import Aloud
from actors.item.callback_answers import refuse, refuse_unknown
from actors.peers import Hearers, Items, Movers
from actors.ports import Updates

log = structlog.get_logger()

MOST_WAITING = 90  # Telegram shows at most 100 unconfirmed updates at once: beyond, nobody's tap would be seen
STUCK_SECONDS = 5.0  # fewer seconds are a burst that a healthy database takes in its stride
SHOW_SECONDS = 2.0  # what is given up gets so long to be shown


@dataclass(slots=True, frozen=True)
class Neighbours:
    """Whom whoever takes updates in talks to."""

    updates: Updates
    items: Items
    aloud: Aloud
    commands: Hearers
    moves: Movers


class Taken(Enum):
    """What became of an update at the door."""

    HELD = "somebody works on it, and will confirm it"
    DONE = "it asks nothing of us"
    NOT_NOW = "those whom it concerns are about to start or to stop: it has to come again"


class Door:
    """Tells items and commands, and never waits for what an update comes to."""

    def __init__(self, neighbours: Neighbours, confirm: Callable[[int], None]) -> None:
        self._items = neighbours.items
        self._aloud = neighbours.aloud
        self._commands = neighbours.commands
        self._moves = neighbours.moves
        self._confirm = confirm

    def hand_on(self, update: Update, answers: TaskGroup) -> Taken:
        """Tell whom it concerns; a press for which its item has no room is answered within `answers`."""
        match update:
            case pressed if isinstance(pressed, Pressed):
                return self._tell(pressed, pressed.press, answers)
            case Unknown():
                answers.start_soon(refuse_unknown, self._aloud.chat, update, words.EARLIER_VERSION, self._confirm)
                return Taken.HELD
            case Said() | Membership():
                return self._hear(update)
            case Moved():
                return self._follow(update)
            case Poison(update_id, why):
                log.error("update.poison", update_id=update_id, reason=why)
        return Taken.DONE

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
        answers.start_soon(refuse, self._aloud, press, words.BUSY, self._confirm)

    def _tell(self, message: Pressed, press: Press, answers: TaskGroup) -> Taken:
        try:
            self._items.tell_nowait((press.chat_id, press.item_id), message)
        except MailboxFull:
            self.refuse(press, answers)
        except MailboxClosed:
            return Taken.NOT_NOW
        return Taken.HELD

    def _hear(self, heard: Heard) -> Taken:
        try:
            self._commands.tell_nowait(heard)
        except MailboxClosed:
            return Taken.NOT_NOW
        return Taken.HELD

    def _follow(self, moved: Moved) -> Taken:
        try:
            self._moves.tell_nowait(moved)
        except MailboxClosed:
            return Taken.NOT_NOW
        return Taken.HELD


def id_of(update: Update) -> int:
    """The id under which Telegram keeps it; negative: none."""
    return update.press.update_id if isinstance(update, Pressed) else update.update_id


def press_of(update: Update) -> Press | None:
    """The press in it, if it is one."""
    return update.press if isinstance(update, Pressed) else None
