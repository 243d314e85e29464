"""What is asked of the database by the clock: what is due, what the log does not tell yet, how a publish ended."""

from __future__ import annotations

from dataclasses import dataclass

from actors.domain.item import Action, Item, State
from actors.operations.operation import Operation


@dataclass(frozen=True, slots=True)
class ItemChange:
    """A change of an item that the log does not tell yet; `number` names it within its chat."""

    chat_key: int
    number: int
    chat_id: int
    item_id: int
    change: str
    cause: str
    state: State
    version: int


@dataclass(frozen=True, slots=True)
class Due:
    """What the sweep of the schedule found; the next one is needed in `next_seconds` (None: nothing is planned).

    `lost`: their second send was lost with the worker that made it. `changes` are to be told, and then `ChangesTold`.
    """

    present: tuple[Item, ...]
    expired: tuple[Item, ...]
    next_seconds: float | None
    lost: tuple[Item, ...] = ()
    changes: tuple[ItemChange, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimDue(Operation[Due]):
    """Expire what was not tapped in time, then claim at most one due item for each chat that is allowed a card now.

    `key` names this look: asked again because its answer was lost, it returns what it had claimed, too.
    """

    worker: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class ChangesTold(Operation[int]):
    """The log tells what this look had claimed to tell; answers how many changes that were."""

    worker: str
    key: str


@dataclass(frozen=True, slots=True)
class StoreOutcome(Operation[Item]):
    """Store how a publish ended, by compare-and-set on the version; answers with the row as it is then."""

    row: Item
    action: Action
    sentence: str
    worker: str
