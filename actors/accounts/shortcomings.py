"""What of the set-up is not complete, so that a part of the work cannot be done. Pure.

Set-up may come in any order, so none of this is an error: it is said until it has come right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from actors.accounts.texts import no_account, no_keys, no_links, no_roles
from actors.domain.time_zones import is_known, unknown
from actors.operations.set_up import Prerequisites, SetUp


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
        missing.append(Shortcoming(no_keys(found.accounts), found.live))
    if found.live and not means.links:
        missing.append(Shortcoming(no_links(found.live), found.live))
    return missing


def _of_chats(found: SetUp) -> list[Shortcoming]:
    unconnected = [Shortcoming(no_account(chat), (chat,)) for chat in found.unconnected]
    closed = [Shortcoming(no_roles(chat), (chat,)) for chat in found.closed]
    return [*unconnected, *closed, *(Shortcoming(unknown(name)) for name in found.zones if not is_known(name))]
