"""Every mistake that the simulation must find, and those that it has not found yet."""

from __future__ import annotations

from tests.mutants.actors_mutants import ACTORS
from tests.mutants.mutant import Mutant
from tests.mutants.promised_mutants import PROMISED
from tests.mutants.rows_mutants import ROWS
from tests.mutants.told_mutants import TOLD

# Never found, and hunted by `make mutants ARGS=--elusive`: in a world, whoever is refused a lease is made to look again
# by whatever killed its holder. tests/actors/publish/test_publish_actor.py finds it
# (test_f29_publish_that_another_worker_holds…).
ELUSIVE = frozenset({"held_by_the_dead"})

WRITTEN: tuple[Mutant, ...] = (*ACTORS, *ROWS, *PROMISED, *TOLD)
CATALOGUE: tuple[Mutant, ...] = tuple(mutant for mutant in WRITTEN if mutant.name not in ELUSIVE)
