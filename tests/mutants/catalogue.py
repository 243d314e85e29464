"""Every mistake that the simulation must find."""

from __future__ import annotations

from tests.mutants.actors_mutants import ACTORS
from tests.mutants.mutant import Mutant
from tests.mutants.rows_mutants import ROWS

CATALOGUE: tuple[Mutant, ...] = (*ACTORS, *ROWS)
