"""What is asked of the database to see what of the set-up is not complete."""

from __future__ import annotations

from dataclasses import dataclass

from actors.operations.operation import Operation


@dataclass(frozen=True, slots=True)
class Prerequisites:
    """What a process was given by its environment: keys to the tokens, and an address at which media can be fetched."""

    keys: bool = True
    links: bool = True


@dataclass(frozen=True, slots=True)
class SetUp:
    """What the database holds: how many accounts, and chats by their id (at most a hundred of each kind).

    `unconnected` are live without an account, `closed` restricted, and no member has a role; `zones`: of all chats.
    """

    accounts: int = 0
    live: tuple[int, ...] = ()
    unconnected: tuple[int, ...] = ()
    closed: tuple[int, ...] = ()
    zones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LookAtSetUp(Operation[SetUp]):
    """Read what of the set-up may be missing."""
