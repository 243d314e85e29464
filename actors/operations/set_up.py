"""What of the set-up is not complete, so that a part of the work cannot be done. Pure.

Set-up may come in any order, so none of this is an error: it is said until it has come right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from actors.domain.time_zones import is_known, unknown
from actors.operations.operation import Operation

MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Prerequisites:
    """What a process was given by its environment: keys to the tokens, and an address at which media can be fetched."""

    keys: bool = True
    links: bool = True


@dataclass(frozen=True, slots=True)
class SetUp:
    """What the database holds: how many accounts, and chats by their id (at most a hundred of each kind).

    `unconnected` are live without an account, `closed` restricted with nobody who has a role; `zones`: of all chats.
    """

    accounts: int = 0
    live: tuple[int, ...] = ()
    unconnected: tuple[int, ...] = ()
    closed: tuple[int, ...] = ()
    zones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LookAtSetUp(Operation[SetUp]):
    """Read what of the set-up may be missing."""


@dataclass(frozen=True, slots=True)
class Shortcoming:
    """What is missing, in one sentence that says what to do, and the chats that feel it; none: their time zone does."""

    reason: str
    chats: tuple[int, ...] = ()


def shortcomings(found: SetUp, means: Prerequisites) -> tuple[Shortcoming, ...]:
    """Everything that is not complete."""
    return (*_of_installation(found, means), *_of_chats(found))


def concerning(chat_id: int, all_of_them: Sequence[Shortcoming]) -> tuple[str, ...]:
    """What one chat feels."""
    return tuple(one.reason for one in all_of_them if chat_id in one.chats)


def _of_installation(found: SetUp, means: Prerequisites) -> list[Shortcoming]:
    missing = []
    if found.accounts and not means.keys:
        tokens = "the token of the account" if found.accounts == 1 else f"the tokens of the {found.accounts} accounts"
        reason = f"SECRET_KEYS is not set, so {tokens} cannot be read: set it to the keys that sealed them."
        missing.append(Shortcoming(reason, found.live))
    if found.live and not means.links:
        reason = (
            "Neither PUBLIC_URL nor MEDIA_BUCKET is set, so Instagram cannot fetch the stories of "
            f"live {_named(found.live)}: set one of the two, or say --dry-run."
        )
        missing.append(Shortcoming(reason, found.live))
    return missing


def _of_chats(found: SetUp) -> list[Shortcoming]:
    unconnected = [
        Shortcoming(
            f"Chat {chat} is live without an Instagram account: `account add --chat {chat}` connects one.", (chat,)
        )
        for chat in found.unconnected
    ]
    closed = [
        Shortcoming(
            f"In chat {chat} only people with a role may tap, and nobody has one: `member set {chat} USER_ID --role "
            "reviewer` gives one.",
            (chat,),
        )
        for chat in found.closed
    ]
    return [*unconnected, *closed, *(Shortcoming(unknown(name)) for name in found.zones if not is_known(name))]


def _named(chats: tuple[int, ...]) -> str:
    if len(chats) == 1:
        return f"chat {chats[0]}"
    names = ", ".join(str(chat) for chat in chats[:MOST_NAMED])
    return f"chats {names}{' and others' if len(chats) > MOST_NAMED else ''}"
