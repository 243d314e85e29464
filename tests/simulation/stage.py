"""What trouble can touch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.fakes.clock import FakeClock
from tests.simulation.database import SimulatedDatabase
from tests.simulation.fleet import Fleet
from tests.simulation.telegram import Sight, SimulatedTelegram
from tests.simulation.timeline import Timeline
from tests.simulation.weather import Weather


@dataclass
class Stage:
    """The parts of a world. Once `healed`, nothing goes wrong any more."""

    timeline: Timeline
    weather: Weather
    database: SimulatedDatabase
    telegram: SimulatedTelegram
    fleet: Fleet
    wall: FakeClock
    clock: FakeClock
    tell: Callable[[str], None]
    hammer: Callable[[], None]
    press: Callable[[Sight], None]
    ask_for_more: Callable[[], None]
    healed: bool = False

    def note(self, fault: str) -> None:
        """Count a fault that has happened."""
        self.weather.note(fault, self.timeline.now)
