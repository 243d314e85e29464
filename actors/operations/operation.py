"""What an actor can ask of the database: an operation; each subject's file holds its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Operation(Generic[T]):
    """One request, one round trip, one commit; running it again with the same key changes nothing more."""
