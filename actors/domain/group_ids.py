"""Whether the id of a chat is that of a group in which the bot can work, and what is meant if it is not. Pure.

A group's id is negative. A supergroup's is -(10^12 + its number), which reads as -100 and the number; programs show the
number alone, or with the minus alone, and both look like ids: the one of a person, the other of a small group.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

LEAST_SUPERGROUP = 10**12
LEAST_NUMBER = 10**8  # a smaller number of a supergroup is hardly ever seen, and its id does not read as -100 and it
PREFIX = -100
EXAMPLE = "-1001234567890"


class GroupKind(Enum):
    """What an id leads to; the value is Telegram's word."""

    GROUP = "group"
    SUPERGROUP = "supergroup"
    CHANNEL = "channel"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class Group:
    """What Telegram says of a chat; a group that threw the bot out has no name for it any more."""

    kind: GroupKind
    name: str | None
    bot_is_in: bool = True
    may_send_pictures: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence about an id; `hopeless`: it never becomes the id of a group of ours."""

    sentence: str
    hopeless: bool = False


def meant(chat_id: int) -> tuple[int, ...]:
    """The ids of groups that may be meant by an id that Telegram does not know, the likeliest first."""
    number = abs(chat_id)
    if chat_id <= -LEAST_SUPERGROUP:
        return ()
    if number > LEAST_SUPERGROUP:
        return (-number,)
    prefixed = (-(LEAST_SUPERGROUP + number),) if number >= LEAST_NUMBER else ()
    return prefixed if chat_id < 0 else (*prefixed, -number)


def unasked(chat_id: int) -> Finding | None:
    """Judge by the looks alone: without a token Telegram cannot be asked."""
    if chat_id == PREFIX:
        return Finding(f"-100 is only how the ids of most groups begin: the whole id is like {EXAMPLE}.", hopeless=True)
    likely = meant(chat_id)
    if chat_id > 0:
        hint = f"try {likely[0]}" if abs(likely[0]) >= LEAST_NUMBER else f"it looks like {EXAMPLE}"
        return Finding(f"{chat_id} is the id of a person, if of anything; a group's is negative: {hint}.")
    if likely and abs(chat_id) >= LEAST_NUMBER:
        return Finding(f"If no card comes: the ids of most groups begin with -100, so {likely[0]} may be meant.")
    return None


def asked(chat_id: int, group: Group) -> Finding | None:
    """Judge what Telegram says; None: all is well."""
    name = f"“{group.name}”" if group.name else f"group {chat_id}"
    if group.kind is GroupKind.PRIVATE:
        return Finding(
            f"{chat_id} is a person, {name}, and no group: add the bot to the team's group, and use its id.", True
        )
    if group.kind is GroupKind.CHANNEL:
        return Finding(
            f"{chat_id} is the channel {name}, and no group: add the bot to the team's group, and use its id.", True
        )
    if not group.bot_is_in:
        return Finding(f"The bot is not in {name}: add it there, else no card comes.")
    if not group.may_send_pictures:
        return Finding(
            f"The bot may not send pictures in {name}: make it an administrator, or let members send photos and videos."
        )
    return None


def not_known(chat_id: int, found: tuple[int, Group] | None) -> Finding:
    """Telegram knows no such chat of this bot's; `found`: but it knows one whose id looks nearly so."""
    if found is not None:
        other, group = found
        return Finding(f"Telegram knows no chat {chat_id}, but {other}, “{group.name}”: that is the id to use.", True)
    if chat_id > 0:
        hint = unasked(chat_id)
        assert hint is not None, "no group has such an id"
        return Finding(f"Telegram knows no chat {chat_id} of this bot's. {hint.sentence}", True)
    others = f", or is {meant(chat_id)[0]} meant" if meant(chat_id) else ""
    return Finding(
        f"Telegram knows no chat {chat_id} of this bot's: add the bot to the group, if this is its id{others}."
    )


def moved(chat_id: int, new_id: int) -> Finding:
    """The group became a supergroup."""
    return Finding(f"Group {chat_id} became a supergroup: its id is {new_id} now.", hopeless=True)
