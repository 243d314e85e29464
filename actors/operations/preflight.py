"""What is asked of the database to see, before a tap, whether Auto Post would work."""

from __future__ import annotations

from dataclasses import dataclass

from actors.domain.account import Account, Quota
from actors.domain.item import Item
from actors.operations.operation import Operation


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the database knows of an item's chances; `quota` only if it was read within 10 minutes.

    `connection` tells this account with this token from every other: what was found of it counts for no other.
    """

    account: Account | None
    seconds_left: float | None = None
    gone: bool = False
    quota: Quota | None = None
    connection: str | None = None


@dataclass(frozen=True, slots=True)
class LookAhead(Operation[Outlook]):
    """Read with which account an item's chat would publish now."""

    chat_key: int


@dataclass(frozen=True, slots=True)
class StoreFinding(Operation[Item | None]):
    """Put the finding on the item's cards, unless a decision or another connection has outdated it: then None.

    `quota` is remembered for the account, if it was read for this.
    """

    row: Item
    finding: str
    worker: str
    known: Outlook = Outlook(None)
    quota: Quota | None = None

    @property
    def account_id(self) -> int | None:
        """The account that was looked at."""
        return None if self.known.account is None else self.known.account.id


def is_lost(outlook: Outlook) -> bool:
    """Tell whether there is nothing to ask Instagram with."""
    ended = outlook.seconds_left is not None and outlook.seconds_left <= 0
    return outlook.account is None or outlook.gone or ended
