"""A worker whose health is as a test says; unless told, nothing is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from actors.runtime.child import ChildState

UP = ChildState(up=True, restarts=0, last_error=None)
DOWN = ChildState(up=False, restarts=1, last_error="a secret")


@dataclass
class FakeVitals:
    """A worker that is as it is told."""

    state: dict[str, ChildState] = field(default_factory=lambda: {"database": UP, "intake": UP})
    silence_seconds: float | None = 3.0
    poller: str | None = None
    database: str | None = None
    telegram: str | None = None
    token: str | None = None
    lacks: list[str] = field(default_factory=list)

    def children(self) -> Mapping[str, ChildState]:
        return self.state

    def poll_silence_seconds(self) -> float | None:
        return self.silence_seconds

    def poller_trouble(self) -> str | None:
        return self.poller

    def database_trouble(self) -> str | None:
        return self.database

    def telegram_trouble(self) -> str | None:
        return self.telegram

    def shortcomings(self) -> list[str]:
        return self.lacks

    def token_trouble(self) -> str | None:
        return self.token
