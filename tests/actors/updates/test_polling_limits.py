"""The update poller: what it does when taps pile up, when another worker polls, and when it is told to stop."""

import anyio
import pytest

from actors.bounds import HIDING_SECONDS, MOST_WAITING, POLL_SECONDS, STUCK_SECONDS
from actors.domain.messages import GiveUp, Message
from actors.domain.taps import Tap
from actors.errors import ShutOut, Unreachable
from actors.ports import Conflict
from actors.updates.dispatcher import SHOW_SECONDS
from actors.updates.polling import AGAIN_SECONDS
from tests.actors.fakes import Never
from tests.actors.updates.fakes import IntakeStage, other, said, tap
from tests.kit.clock import virtual_time

anyio_backend = virtual_time


def given_up(stage: IntakeStage) -> list[str]:
    return [message.press.id for message in stage.items.messages if isinstance(message, GiveUp)]


def redelivered(messages: list[Message]) -> list[bool]:
    return [message.press.redelivered for message in messages if isinstance(message, Tap)]


async def test_ninety_taps_that_are_stuck_cost_the_oldest_its_place(stage: IntakeStage) -> None:
    stage.updates.put(*[tap(number) for number in range(MOST_WAITING)])

    async with stage.playing():
        await anyio.sleep(STUCK_SECONDS - 0.5)
        assert given_up(stage) == []
        await anyio.sleep(1.5)
        assert given_up(stage) == ["tap-0"]
        stage.confirm(*range(MOST_WAITING))


async def test_tap_given_up_that_may_have_been_stored_does_not_hide_newer_ones(stage: IntakeStage) -> None:
    """It stays open until the database answers, and Telegram shows a hundred updates from the oldest open one on."""
    stage.updates.put(*[tap(number) for number in range(MOST_WAITING)])

    async with stage.playing():
        await anyio.sleep(STUCK_SECONDS + SHOW_SECONDS + 2.0)
        assert stage.updates.asked[-1][1] == 1
        stage.confirm(*range(MOST_WAITING))

    assert [line["tap_id"] for line in stage.logs if line["event"] == "tap.not_confirmed"] == ["tap-0"]


async def test_room_that_was_made_lets_the_next_tap_be_seen(stage: IntakeStage) -> None:
    stage.updates.put(*[tap(number) for number in range(MOST_WAITING)])

    async with stage.playing():
        await anyio.sleep(STUCK_SECONDS + 1)
        stage.confirm(0)
        stage.updates.put(tap(500))
        await stage.items.journal.until("Tap", MOST_WAITING + 1)
        await anyio.sleep(1.0)
        assert given_up(stage) == ["tap-0", "tap-1"]
        stage.confirm(500, *range(MOST_WAITING))


async def test_eighty_nine_taps_that_are_stuck_are_kept(stage: IntakeStage) -> None:
    stage.updates.put(*[tap(number) for number in range(MOST_WAITING - 1)])

    async with stage.playing():
        await anyio.sleep(60.0)
        stage.confirm(*range(MOST_WAITING))

    assert given_up(stage) == []


async def test_tap_that_is_stuck_before_many_that_are_done_hides_no_newer_ones(stage: IntakeStage) -> None:
    """Telegram forgets in order: what is done behind it takes up room, too."""
    stage.updates.put(*[tap(number) for number in range(MOST_WAITING)])

    async with stage.playing():
        await stage.items.journal.until("Tap", MOST_WAITING)
        stage.confirm(*range(1, MOST_WAITING))
        await anyio.sleep(HIDING_SECONDS - 1.0)
        assert given_up(stage) == []
        await anyio.sleep(2.0)
        assert given_up(stage) == ["tap-0"]
        stage.confirm(0)


async def test_command_that_waits_for_its_answer_hides_no_taps(stage: IntakeStage) -> None:
    """Simulation, seed 1307: its answer may wait a minute for Telegram, and everybody's taps behind it."""
    stage.updates.put(said(0), *[tap(number) for number in range(1, MOST_WAITING)])

    async with stage.playing():
        await stage.items.journal.until("Tap", MOST_WAITING - 1)
        await anyio.sleep(STUCK_SECONDS + 1.0)
        assert stage.updates.asked[-1][1] == 1
        stage.confirm(*range(1, MOST_WAITING))

    assert given_up(stage) == []


async def test_burst_that_the_database_takes_in_its_stride_costs_nobody_a_place(stage: IntakeStage) -> None:
    stage.updates.put(*[tap(number) for number in range(100)])

    async with stage.playing():
        await anyio.sleep(STUCK_SECONDS - 1)
        stage.confirm(*range(100))

    assert given_up(stage) == []


async def test_tap_that_cannot_be_given_up_is_kept_and_said_so(stage: IntakeStage) -> None:
    stage.updates.put(*[tap(number) for number in range(MOST_WAITING)])

    async with stage.playing():
        await stage.items.journal.until("Tap", MOST_WAITING)
        stage.items.full = True
        await anyio.sleep(STUCK_SECONDS + 1)
        stage.confirm(*range(MOST_WAITING))

    assert [line["tap_id"] for line in stage.logs if line["event"] == "tap.kept"] == ["tap-0"]


async def test_first_taps_of_a_process_may_have_been_worked_on_before(stage: IntakeStage) -> None:
    stage.updates.put(tap(10))

    async with stage.playing():
        await stage.items.journal.until("Tap")
        await anyio.sleep(AGAIN_SECONDS + 0.1)
        stage.updates.put(tap(11))
        await stage.items.journal.until("Tap", 2)
        stage.confirm(10, 11)

    assert redelivered(stage.items.messages) == [True, False]


async def test_one_update_at_first_is_not_all_of_the_backlog(stage: IntakeStage) -> None:
    """Simulation, seed 20555: the worker before had asked for this offset a moment ago, so Telegram gave one."""
    stage.updates.put(tap(10))

    async with stage.playing():
        await stage.items.journal.until("Tap")
        stage.updates.put(tap(11))
        stage.confirm(10)
        await stage.items.journal.until("Tap", 2)
        stage.confirm(11)

    assert redelivered(stage.items.messages) == [True, True]


async def test_full_batch_is_followed_by_more_of_the_backlog(stage: IntakeStage) -> None:
    stage.updates.put(*[other(number) for number in range(100)], tap(100))

    async with stage.playing():
        await stage.items.journal.until("Tap")
        stage.confirm(100)

    assert redelivered(stage.items.messages) == [True]


async def test_conflict_makes_the_lease_be_looked_at_and_stops_the_polls(stage: IntakeStage) -> None:
    stage.updates.will("get", Conflict())

    async with stage.playing():
        await anyio.sleep(30.0)
        assert (stage.lease.looks, len(stage.updates.asked)) == (1, 1)
        stage.lease.give()
        await anyio.sleep(1.0)
        assert len(stage.updates.asked) == 2

    assert [line["event"] for line in stage.logs].count("intake.conflict") == 1


@pytest.mark.parametrize("other", [Conflict(), ShutOut("a webhook is there")], ids=["poller", "webhook"])
async def test_taps_after_another_worker_may_have_been_worked_on_by_it(stage: IntakeStage, other: Exception) -> None:
    stage.updates.will("get", [], other)

    async with stage.playing():
        await anyio.sleep(1.0)
        stage.updates.put(tap(10))
        stage.lease.give()
        await stage.items.journal.until("Tap")
        stage.confirm(10)

    assert redelivered(stage.items.messages) == [True]


async def test_taps_after_a_lease_lost_in_silence_may_have_been_worked_on_by_another(stage: IntakeStage) -> None:
    async with stage.playing():
        await anyio.sleep(1.0)
        stage.updates.put(other(8))
        await anyio.sleep(1.0)
        stage.updates.put(other(9))  # the backlog of the start is over with it
        await anyio.sleep(1.0)
        stage.updates.put(tap(10))
        await stage.items.journal.until("Tap")
        stage.confirm(10)
        await anyio.sleep(1.0)
        stage.lease.look()
        stage.updates.put(other(11))
        await anyio.sleep(1.0)
        stage.updates.put(tap(12))
        stage.lease.give()
        await stage.items.journal.until("Tap", 2)
        stage.confirm(12)

    assert redelivered(stage.items.messages) == [False, True]


async def test_nothing_is_polled_without_the_lease(stage: IntakeStage) -> None:
    stage.lease.look()

    async with stage.playing():
        await anyio.sleep(60.0)

    assert stage.updates.asked == []


async def test_stop_waits_for_what_is_held_and_confirms_it(stage: IntakeStage) -> None:
    stage.updates.put(tap(10), tap(11))

    async with stage.playing() as context:
        await stage.items.journal.until("Tap", 2)
        context.stopping.set()
        await anyio.sleep(7.0)
        stage.confirm(11)
        await anyio.sleep(1.0)
        stage.confirm(10)

    assert stage.updates.polled_at[-1] == pytest.approx(8.0)
    assert stage.updates.asked[-1][1:] == (12, 0.0)


async def test_stop_waits_for_what_people_wrote_half_of_its_time_and_for_taps_to_the_end(stage: IntakeStage) -> None:
    """A command comes again, and may wait for our own name or for a Telegram that is away."""
    stage.updates.put(said(10), tap(11))

    async with stage.playing() as context:
        await stage.items.journal.until("Tap")
        context.ends_at = anyio.current_time() + 10.0
        context.stopping.set()
        await anyio.sleep(7.0)
        stage.confirm(11)
        await anyio.sleep(1.0)
        polls = len(stage.updates.asked)
        ended_at = anyio.current_time()

    assert anyio.current_time() == ended_at
    assert len(stage.updates.asked) == polls


async def test_stop_polls_no_more_while_it_waits(stage: IntakeStage) -> None:
    stage.updates.put(tap(10))

    async with stage.playing() as context:
        await stage.items.journal.until("Tap")
        context.stopping.set()
        await anyio.sleep(0.1)
        polls = len(stage.updates.asked)
        await anyio.sleep(60.0)
        assert len(stage.updates.asked) == polls
        stage.confirm(10)


async def test_stop_without_anything_to_confirm_says_nothing(stage: IntakeStage) -> None:
    async with stage.playing():
        await anyio.sleep(1.0)

    assert len(stage.updates.asked) == 1


async def test_stop_says_no_offset_twice(stage: IntakeStage) -> None:
    stage.updates.put(tap(10))

    async with stage.playing():
        await stage.items.journal.until("Tap")
        stage.confirm(10)
        await anyio.sleep(1.0)
        polls = len(stage.updates.asked)
        assert stage.updates.asked[-1][1] == 11

    assert len(stage.updates.asked) == polls


async def test_stop_without_the_lease_leaves_the_updates_to_who_holds_it(stage: IntakeStage) -> None:
    stage.updates.put(tap(10))

    async with stage.playing():
        await stage.items.journal.until("Tap")
        stage.lease.look()
        stage.confirm(10)
        await anyio.sleep(1.0)
        polls = len(stage.updates.asked)

    assert len(stage.updates.asked) == polls


@pytest.mark.parametrize("answer", [Unreachable("no network"), Conflict(), Never()])
async def test_goodbye_that_fails_keeps_nobody_longer_than_2_s(stage: IntakeStage, answer: object) -> None:
    stage.updates.put(tap(10))

    async with stage.playing() as context:
        await stage.items.journal.until("Tap")
        context.stopping.set()
        await anyio.sleep(1.0)
        stage.updates.will("get", answer)
        stage.confirm(10)

    assert anyio.current_time() <= 3.0 + 0.001


async def test_poll_is_dated(stage: IntakeStage) -> None:
    async with stage.playing():
        await anyio.sleep(POLL_SECONDS + 1.0)
        assert stage.poller.polled_at == pytest.approx(POLL_SECONDS)
