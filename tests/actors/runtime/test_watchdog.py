"""The watchdog of work that goes in steps: who is late, who rests and who is dead; in virtual time."""

import anyio
import pytest

from actors.runtime.watchdog import LATE_SECONDS, Watchdog
from tests.kit.clock import virtual_time

anyio_backend = virtual_time


async def test_who_keeps_to_the_bound_is_alive() -> None:
    watchdog = Watchdog()

    for _ in range(3):
        watchdog.beat(50.0)
        await anyio.sleep(50.0 + LATE_SECONDS)
        assert watchdog.trouble() is None


async def test_who_is_past_the_bound_is_not() -> None:
    watchdog = Watchdog()
    watchdog.beat(50.0)

    await anyio.sleep(50.0 + LATE_SECONDS + 2.0)

    assert watchdog.trouble() == "has not moved on for 2 s more than its work can take"


async def test_who_has_no_work_owes_nothing() -> None:
    watchdog = Watchdog()
    watchdog.beat(50.0)
    watchdog.rest()

    await anyio.sleep(1000.0)

    assert watchdog.trouble() is None


async def test_work_that_ended_is_dead_at_once() -> None:
    watchdog = Watchdog()

    async def work() -> None:
        watchdog.beat(50.0)

    await watchdog.watch(work)

    assert watchdog.trouble() == "has ended"


async def test_work_that_crashed_is_dead_at_once() -> None:
    watchdog = Watchdog()

    async def work() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await watchdog.watch(work)

    assert watchdog.trouble() == "has ended"


async def test_work_that_was_cancelled_is_dead_until_it_begins_again() -> None:
    watchdog = Watchdog()

    async def work() -> None:
        watchdog.beat(50.0)
        await anyio.sleep(10.0)

    with anyio.move_on_after(1.0):
        await watchdog.watch(work)
    assert watchdog.trouble() == "has ended"

    watchdog.beat(50.0)
    assert watchdog.trouble() is None
