"""What the bot is in a chat, in the platform's words."""

from __future__ import annotations

from enum import Enum


class BotMembership(Enum):
    """The value is what Telegram calls it; who is restricted outside of the chat counts as having left."""

    CREATOR = "creator"
    ADMINISTRATOR = "administrator"
    MEMBER = "member"
    RESTRICTED = "restricted"
    LEFT = "left"
    KICKED = "kicked"


OUTSIDE = frozenset({BotMembership.LEFT, BotMembership.KICKED})


def has_joined(before: BotMembership, after: BotMembership) -> bool:
    """Tell whether the bot came into the chat, and not just got or lost rights there."""
    return before in OUTSIDE and after not in OUTSIDE
