"""The update poller's watchdog: what it promises at each step, and that it owes nothing once it was asked to stop."""

import anyio

from actors.bounds import POLL_SECONDS
from tests.actors.updates.fakes import IntakeStage, tap
from tests.kit.clock import virtual_time

anyio_backend = virtual_time


async def test_waiting_for_the_lease_is_no_death(stage: IntakeStage) -> None:
    stage.lease.look()

    async with stage.playing():
        await anyio.sleep(10 * POLL_SECONDS)
        assert stage.poller.watchdog.trouble() is None
        stage.lease.give()
        await anyio.sleep(10 * POLL_SECONDS)
        assert stage.poller.watchdog.trouble() is None


async def test_tap_that_is_held_for_long_keeps_the_poller_busy(stage: IntakeStage) -> None:
    stage.updates.put(tap(10))

    async with stage.playing():
        await anyio.sleep(95.0)
        assert stage.poller.watchdog.trouble() is None
        stage.confirm(10)


async def test_who_was_asked_to_stop_owes_no_poll(stage: IntakeStage) -> None:
    stage.updates.put(tap(10))

    async with stage.playing() as context:
        await stage.items.journal.until("Tap")
        context.stopping.set()
        await anyio.sleep(10 * POLL_SECONDS)
        assert stage.poller.watchdog.trouble() is None
        stage.confirm(10)
