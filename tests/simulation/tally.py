"""What came of many worlds, added up: sums that are the same in whatever order the worlds were run."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field

from tests.simulation.plan import Outcome


@dataclass
class Tally:
    """The sums. `failed` holds the promise that each bad seed broke first."""

    seeds: int = 0
    taps: int = 0
    simulated_seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    cells: set[tuple[str, str, str]] = field(default_factory=set)
    violations: Counter[str] = field(default_factory=Counter)
    failed: dict[int, str] = field(default_factory=dict)
    traces: dict[int, str] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        """Count one more world."""
        seed = outcome.plan.seed
        self.seeds += 1
        self.taps += outcome.taps
        self.simulated_seconds += outcome.simulated_seconds
        self.faults.update(outcome.faults)
        self.cells.update(outcome.cells)
        self.violations.update(violation.invariant for violation in outcome.violations)
        self.traces[seed] = outcome.trace
        if outcome.violations:
            self.failed[seed] = outcome.violations[0].invariant

    def join(self, other: Tally) -> None:
        """Count what another one counted; the seeds differ."""
        self.seeds += other.seeds
        self.taps += other.taps
        self.simulated_seconds += other.simulated_seconds
        self.faults.update(other.faults)
        self.cells.update(other.cells)
        self.violations.update(other.violations)
        self.failed.update(other.failed)
        self.traces.update(other.traces)

    @property
    def trace(self) -> str:
        """One hash over all worlds, in order of their seeds."""
        lines = "\n".join(f"{seed} {trace}" for seed, trace in sorted(self.traces.items()))
        return hashlib.sha256(lines.encode()).hexdigest()[:16]
