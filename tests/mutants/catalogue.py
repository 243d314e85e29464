"""Every mistake that the simulation must find, and those that it has not found yet."""

from __future__ import annotations

from tests.mutants.actors_mutants import ACTORS
from tests.mutants.mutant import Mutant
from tests.mutants.rows_mutants import ROWS

# Never found, and hunted by `make mutants ARGS=--elusive`: whoever is refused a lease has looked, or is made to look by
# the next start or take-over, so that the look which this mistake leaves out has not been missed in any world.
ELUSIVE = frozenset({"held_by_the_dead"})

WRITTEN: tuple[Mutant, ...] = (*ACTORS, *ROWS)
CATALOGUE: tuple[Mutant, ...] = tuple(mutant for mutant in WRITTEN if mutant.name not in ELUSIVE)
