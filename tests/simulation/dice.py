"""All chance of a simulated world, from one integer: a stream of its own for each who rolls dice."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Dice:
    """One seed. Streams are told apart by name, so that who is left out of a world changes nobody else's luck."""

    seed: int

    def of(self, name: str) -> Random:
        """Begin the stream of this name."""
        return Random(f"{self.seed}/{name}")  # a string is hashed by SHA-512, whatever PYTHONHASHSEED says
