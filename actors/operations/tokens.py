"""What the keeper of the tokens asks of the database: to be their only keeper, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass

from actors.domain.account import Account, FreshToken
from actors.operations.operation import Operation


@dataclass(frozen=True, slots=True)
class TokenDue:
    """An account whose token wants attention.

    `seconds_left` is by the database's clock, None if the token's end is not known. `warned_days` is the newest
    warning that was given: so many days before the end, 0 when it was gone. `topic`: where its chat's cards stand.
    """

    chat_key: int
    chat_id: int
    account: Account
    seconds_left: float | None
    gone: bool = False
    warned_days: int | None = None
    topic: int | None = None


@dataclass(frozen=True, slots=True)
class ClaimTokens(Operation[tuple[TokenDue, ...]]):
    """Claim the accounts whose token ends within 20 days, or may, or is gone unsaid; `owner` names this look alone."""

    owner: str


@dataclass(frozen=True, slots=True)
class StoreToken(Operation[TokenDue | None]):
    """Put a renewed token in the place of the one that it renews; None: another one is there by now."""

    due: TokenDue
    fresh: FreshToken


@dataclass(frozen=True, slots=True)
class NoteToken(Operation[bool]):
    """Remember which warning is being given, and whether the token is gone; False: it is not this look's any more."""

    due: TokenDue
    owner: str
    warned_days: int | None
    gone: bool
