"""Which cells a world has visited: the row's state, what its item was told, and what had gone wrong last."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import get_args

from actors.domain.item import State
from actors.domain.messages import Message

RECENT_SECONDS = 15.0
STATES = (*(state.value for state in State), "unknown")
MESSAGES = tuple(sorted(message.__name__ for message in get_args(Message)))
TROUBLES = ("refused connection", "lost request", "lost reply", "late", "silence")
RARE = ("refusal", "held up", "slow")
FAULTS = (
    "none",
    *(f"{port} {trouble}" for port in ("database", "telegram", "instagram") for trouble in TROUBLES),
    "connections cut",
    "row locked",
    "telegram 429",
    "instagram error though published",
    "instagram container unreadable",
    "instagram container never readable",
    "instagram link refused",
    "instagram not ready though finished",
    "worker killed",
    "worker frozen",
    "worker thawed",
    "worker stopped",
    "worker deployed",
    "clock jumped",
    "message deleted",
    "chat paused",
    "account switched",
    "somebody hammers",
    "item removed",
    "telegram creeping",
    "telegram stalled",
    "token revoked",
    "picture refused",
    "chat closed",
    "token of an account refused",
    "account connected again",
    "story queued",
    "rights changed",
    "telegram token refused",
    *(f"{port} {rare}" for port in ("database", "telegram", "instagram") for rare in RARE),
)
CELLS = len(STATES) * len(MESSAGES) * len(FAULTS)

Cell = tuple[str, str, str]


@dataclass
class Coverage:
    """The cells of one world."""

    cells: set[Cell] = field(default_factory=set)

    def visit(self, state: str, message: Message, fault: str) -> None:
        """An item in this state was told this, shortly after this went wrong."""
        assert state in STATES
        assert fault in FAULTS
        self.cells.add((state, type(message).__name__, fault))
