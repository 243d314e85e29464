"""What a person wrote to the bot, read as a command, and what it asks of the database. Pure."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum

from actors.operations.commands import CommandKey, LookAtChat, PauseChat, PresentNext, RequeueItem

SHAPE = re.compile(r"/([a-z0-9_]{1,32})(?:@(\w{1,64}))?(?:\s+(.*))?", re.IGNORECASE | re.DOTALL | re.ASCII)
MENTION = re.compile(r"(?<![\w@/])@(\w{1,64})", re.ASCII)
NUMBER = re.compile(r"#?([1-9][0-9]{0,17})", re.ASCII)
MOST_LINES = 10
OLD_SECONDS = 120.0


class CommandVerb(Enum):
    """A command of ours; the value is what people write after the slash."""

    START = "start"
    HELP = "help"
    STATE = "status"
    QUEUE = "queue"
    NEXT = "next"
    PAUSE = "pause"
    RESUME = "resume"
    REQUEUE = "requeue"


CHANGES = frozenset({CommandVerb.NEXT, CommandVerb.PAUSE, CommandVerb.RESUME, CommandVerb.REQUEUE})
VERBS = {verb.value: verb for verb in CommandVerb}


@dataclass(frozen=True, slots=True)
class Command:
    """One of ours; `unclear` if the words behind it cannot be read."""

    verb: CommandVerb
    item_id: int | None = None
    unclear: bool = False


Asked = LookAtChat | PresentNext | PauseChat | RequeueItem


def addressee(text: str) -> str | None:
    """Find the bot that a command names, as in `/next@its_name`; None: it names none, or is no command."""
    found = SHAPE.fullmatch(text.strip())
    return found[2] if found else None


def read(text: str) -> Command | None:
    """Read a command, whichever bot it names; None: it is none of ours."""
    found = SHAPE.fullmatch(text.strip())
    verb = VERBS.get(found[1].lower()) if found else None
    if found is None or verb is None:
        return None
    words = (found[3] or "").strip()
    if verb is not CommandVerb.REQUEUE or not words:
        return Command(verb)
    number = NUMBER.fullmatch(words)
    return Command(verb, int(number[1])) if number else Command(verb, unclear=True)


def looks_like_one(text: str) -> bool:
    """Tell whether it has the shape of a command, ours or not."""
    return SHAPE.fullmatch(text.strip()) is not None


def mentions(text: str, own_name: str | None) -> bool:
    """Tell whether a text calls us by our name, as in `@our_name, please`."""
    return own_name is not None and own_name.lower() in {found.lower() for found in MENTION.findall(text)}


def is_too_old(command: Command, age_seconds: float) -> bool:
    """Tell whether it must be said again: Telegram keeps messages for a day, but what only looks may come late."""
    return age_seconds > OLD_SECONDS and command.verb in CHANGES and not command.unclear


def asked(command: Command, key: CommandKey, worker: str) -> Asked:
    """Say what the command asks of the database; even help is for chats that are set up."""
    match command.verb:
        case CommandVerb.NEXT:
            return PresentNext(key, worker)
        case CommandVerb.PAUSE | CommandVerb.RESUME as verb:
            return PauseChat(key, paused=verb is CommandVerb.PAUSE)
        case CommandVerb.REQUEUE if not command.unclear:
            return RequeueItem(key, command.item_id)
        case _:
            return LookAtChat(key.chat_id, key.person.id, MOST_LINES)


class Courtesy:
    """Which chats were told something lately that no chat hears twice within the hour. Bounded."""

    def __init__(self, most: int = 1000, seconds: float = 3600.0) -> None:
        self._most = most
        self._seconds = seconds
        self._told_at: OrderedDict[int, float] = OrderedDict()

    def is_fresh(self, chat_id: int, now: float) -> bool:
        """Say whether this chat was told within the hour."""
        return chat_id in self._told_at and now - self._told_at[chat_id] < self._seconds

    def tell(self, chat_id: int, now: float) -> None:
        """Remember that it is told now; when there are too many, the oldest is forgotten."""
        self._told_at[chat_id] = now
        self._told_at.move_to_end(chat_id)
        if len(self._told_at) > self._most:
            self._told_at.popitem(last=False)
