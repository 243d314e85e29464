"""What trouble can touch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.fakes.clock import FakeClock
from tests.simulation.database import SimulatedDatabase
from tests.simulation.fleet import Fleet
from tests.simulation.guests import Guests
from tests.simulation.instagram import SimulatedInstagram
from tests.simulation.telegram import SimulatedTelegram
from tests.simulation.timeline import Timeline
from tests.simulation.weather import Weather


@dataclass
class Stage:
    """The parts of a world. Once `healed`, nothing goes wrong any more."""

    timeline: Timeline
    weather: Weather
    database: SimulatedDatabase
    telegram: SimulatedTelegram
    instagram: SimulatedInstagram
    fleet: Fleet
    wall: FakeClock
    clock: FakeClock
    tell: Callable[[str], None]
    guests: Guests
    healed: bool = False

    def note(self, fault: str) -> None:
        """Count a fault that has happened."""
        self.weather.note(fault, self.timeline.now)
