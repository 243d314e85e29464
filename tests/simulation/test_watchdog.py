"""A world that goes round and round at one moment is ended, and told like any other that breaks a promise."""

import signal
from contextlib import suppress

from infra.telegram.caption_text import visible
from tests.simulation.plan import Outcome, Plan
from tests.simulation.toy import ToyWorlds, toy_outcome, toy_plan
from tests.simulation.watchdog import ENDS, watched

SOON_SECONDS = 0.02


def spinning(_plan: Plan) -> Outcome:
    """A world in which an actor crashes and crashes, and is always started again."""
    while True:
        with suppress(Exception):
            visible("⏳")


def test_world_that_spins_is_ended_and_the_place_is_named() -> None:
    outcome = watched(toy_plan(), spinning, SOON_SECONDS)

    assert [one.invariant for one in outcome.violations] == [ENDS]
    assert "it spins in infra.telegram.caption_text, visible" in outcome.violations[0].sentence


def test_world_that_ends_is_left_alone() -> None:
    worlds = ToyWorlds(lambda _plan: None)

    assert watched(toy_plan(), worlds) == toy_outcome(toy_plan())


def test_alarm_is_given_back_as_it_was_found() -> None:
    before = signal.getsignal(signal.SIGPROF), signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)

    watched(toy_plan(), spinning, SOON_SECONDS)

    assert (signal.getsignal(signal.SIGPROF), signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)) == before
