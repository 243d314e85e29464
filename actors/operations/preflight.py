"""What a card says before anybody taps: whether Auto Post would work, as far as can be seen. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from actors.domain.account import Account, Quota
from actors.domain.item import Row
from actors.operations.operation import Operation

DAY_SECONDS = 86_400.0
NOT_CONNECTED = "No Instagram account is connected: tell the operator."
NO_ANSWER = "Instagram does not answer just now."


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
class StoreFinding(Operation[Row | None]):
    """Put the finding on the item's cards, unless a decision or another connection has outdated it: then None.

    `quota` is remembered for the account, if it was read for this.
    """

    row: Row
    finding: str
    worker: str
    known: Outlook = Outlook(None)
    quota: Quota | None = None

    @property
    def account_id(self) -> int | None:
        """The account that was looked at."""
        return None if self.known.account is None else self.known.account.id


def finding(outlook: Outlook, troubles: tuple[str, ...] = ()) -> str:
    """Say in one line that all is well, or what is not; `troubles` are sentences about what was tried."""
    if outlook.account is None:
        return f"⚠️ {NOT_CONNECTED}"
    name = f"@{outlook.account.username}"
    wrong = (*_known(outlook, name), *troubles)
    if wrong:
        return f"⚠️ {' '.join(wrong)}"
    return "✅ " + ", ".join((f"Ready: {name}", *_good(outlook)))


def is_lost(outlook: Outlook) -> bool:
    """Tell whether there is nothing to ask Instagram with."""
    ended = outlook.seconds_left is not None and outlook.seconds_left <= 0
    return outlook.account is None or outlook.gone or ended


def _known(outlook: Outlook, name: str) -> list[str]:
    """What is wrong without asking further."""
    wrong = []
    if is_lost(outlook):
        wrong.append(f"Instagram wants {name} to be connected again: tell the operator.")
    if outlook.quota is not None and outlook.quota.used >= outlook.quota.total:
        wrong.append(f"{name} has no posts left today ({outlook.quota.used} of {outlook.quota.total} used).")
    return wrong


def _good(outlook: Outlook) -> list[str]:
    good = []
    if outlook.seconds_left is not None:
        good.append(f"token {_days(outlook.seconds_left)}")
    if outlook.quota is not None:
        good.append(f"{outlook.quota.total - outlook.quota.used} of {outlook.quota.total} posts left")
    return good


def _days(seconds: float) -> str:
    days = int(seconds // DAY_SECONDS)
    return "ends today" if days == 0 else "1 day" if days == 1 else f"{days} days"
