"""One worker, wired: what it costs while nobody taps, what a tap sets in motion, in which order it stops."""

from __future__ import annotations

from itertools import pairwise

import anyio
import pytest

from actors.domain.item import Action, State
from actors.errors import BotTokenRefused, Unreachable
from actors.item import texts
from actors.operations.cards import AcknowledgeCards, Recover, SaveCard
from actors.operations.housekeeping import HoldLease, LeaseState, WriteInteractions
from actors.operations.schedule import ClaimDue, Due
from actors.operations.taps import RecordTap
from actors.operations.tokens import ClaimTokens
from actors.ports import Conflict, Receipt
from actors.runtime.child import ChildContext
from actors.worker import ATTEMPT_SECONDS, Worker
from tests.actors.fakes import Bug, Never
from tests.actors.fakes_worker import SKIPPED, TreeStage
from tests.actors.updates.fakes import other, tap
from tests.actors.updates.fakes_webhook import FakeWebhook
from tests.kit.clock import virtual_time
from tests.stories import ANNA, CHAT, row

anyio_backend = virtual_time

HOUR = 3600.0
START_SECONDS = 60.0  # in which everything is looked at twice
CHILDREN = [
    "database",
    "interactions",
    "cards",
    "items",
    "publishes",
    "preflight",
    "commands",
    "moves",
    "reconciler",
    "scheduler",
    "tokens",
    "insights",
    "setup",
    "hints",
    "lease",
    "intake",
]


@pytest.fixture
def stage() -> TreeStage:
    return TreeStage()


def in_hour(asked: list[tuple[float, str]], hour: int) -> list[float]:
    """When something was asked in this hour after the start."""
    return [at for at, _ in asked if hour * HOUR <= at - START_SECONDS < (hour + 1) * HOUR]


def bursts(moments: list[float]) -> int:
    """How many groups they make that a database cannot sleep between."""
    return (1 if moments else 0) + sum(later - at > 60 for at, later in pairwise(moments))


async def test_idle_day_costs_twelve_statements_an_hour_at_most_in_two_bursts(stage: TreeStage) -> None:
    async with stage.playing():
        await anyio.sleep(24 * HOUR + 60)

    hours = [in_hour(stage.pool.asked, hour) for hour in range(24)]
    assert max(map(len, hours)) <= 12
    assert max(map(bursts, hours)) <= 2
    assert len(stage.pool.asked) <= 24 * 5


async def test_bursts_stay_together_after_something_happened(stage: TreeStage) -> None:
    async with stage.playing() as worker:
        await anyio.sleep(700.0)
        worker.scheduler.wake()
        await anyio.sleep(HOUR)
        worker.reconciler.wake()
        await anyio.sleep(12 * HOUR)

    hours = [in_hour(stage.pool.asked, hour) for hour in range(2, 13)]
    assert max(map(bursts, hours)) <= 2


async def test_tap_is_recorded_shown_acknowledged_and_confirmed(stage: TreeStage) -> None:
    async with stage.playing():
        await anyio.sleep(10.0)
        stage.updates.put(tap(10))
        await anyio.sleep(5.0)

    assert stage.chat.toasts == [("tap-10", "Skipping…")]
    assert [face.row for face in stage.chat.faces] == [SKIPPED]
    assert stage.pool.when(RecordTap) == pytest.approx([10.51], abs=0.02)
    assert len(stage.pool.when(AcknowledgeCards)) == len(stage.pool.when(WriteInteractions)) == 1
    assert 11 in stage.updates.offsets
    line = next(line for line in stage.logs if line["event"] == "tap")
    assert (line["outcome"], line["db_attempts"], line["edit_attempts"]) == ("recorded", 1, 1)


async def test_due_item_is_sent_and_saved(stage: TreeStage) -> None:
    stage.pool.due.append(Due((row(State.PRESENTING),), (), None))

    async with stage.playing():
        await anyio.sleep(1.0)

    assert stage.chat.sent == [row(State.PRESENTING)]
    assert len(stage.pool.when(SaveCard)) == 1


async def test_f32_every_worker_looks_at_the_tokens(stage: TreeStage) -> None:
    async with stage.playing():
        await anyio.sleep(24 * HOUR)

    assert len(stage.pool.when(ClaimTokens)) == 5


async def test_send_that_failed_has_the_schedule_looked_at(stage: TreeStage) -> None:
    stage.pool.due.append(Due((row(State.PRESENTING),), (), None))
    stage.chat.will("send_card", Unreachable("no network"))

    async with stage.playing():
        await anyio.sleep(1.0)

    assert len(stage.pool.when(ClaimDue)) == 2


async def test_database_that_came_back_is_looked_at_for_what_was_left_behind(stage: TreeStage) -> None:
    async with stage.playing() as worker:
        await anyio.sleep(10.0)
        stage.pool.go_away()
        worker.scheduler.wake()
        await anyio.sleep(5.0)
        assert worker.database_trouble() is not None
        stage.pool.come_back()
        await anyio.sleep(10.0)
        assert worker.database_trouble() is None

    assert len(stage.pool.when(Recover)) == 2


async def test_crash_of_an_item_has_the_reconciler_look(stage: TreeStage) -> None:
    stage.chat.will("answer", Bug("not a PortError"))

    async with stage.playing():
        await anyio.sleep(10.0)
        stage.updates.put(tap(10))
        await anyio.sleep(5.0)

    assert len(stage.pool.when(Recover)) == 2


async def test_database_lives_longest_and_intake_stops_first(stage: TreeStage) -> None:
    async with stage.playing():
        await anyio.sleep(1.0)

    assert stage.lines("tree.started") == [CHILDREN]
    assert stage.lines("tree.stopped") == [CHILDREN[::-1]]
    assert [line for line in stage.logs if line["event"].startswith("child.")] == []


async def test_stop_waits_for_a_card_that_cannot_be_drawn_and_ends_within_its_grace(stage: TreeStage) -> None:
    """A statement may still be under way then, which nothing interrupts."""
    stage.chat.always("edit 501", Never())
    stage.updates.put(tap(10))

    async with stage.playing():
        await anyio.sleep(1.0)
        began = anyio.current_time()

    took = anyio.current_time() - began
    assert took == pytest.approx(0.9 * (10.0 - ATTEMPT_SECONDS), abs=0.1)
    assert took + ATTEMPT_SECONDS <= 10.0


async def test_web_child_stands_before_intake_and_sees_the_worker() -> None:
    seen: list[Worker] = []

    async def web(worker: Worker, context: ChildContext) -> None:
        seen.append(worker)
        context.ready()
        await context.stopping.wait()

    stage = TreeStage(web=web)
    async with stage.playing() as worker:
        assert list(worker.children()) == [*CHILDREN[:-1], "web", "intake"]
        assert all(child.up for child in worker.children().values())

    assert seen == [stage.worker]


async def test_with_a_webhook_nobody_polls_and_the_door_opens_last() -> None:
    async def web(_: Worker, context: ChildContext) -> None:
        context.ready()
        await context.stopping.wait()

    stage = TreeStage(web=web, webhook=FakeWebhook())
    async with stage.playing() as worker:
        await anyio.sleep(HOUR)
        assert list(worker.children()) == [*CHILDREN[:-2], "web", "reception"]

    assert (stage.updates.asked, stage.pool.when(HoldLease)) == ([], [])


async def test_tap_that_is_brought_is_recorded_shown_and_taken() -> None:
    stage = TreeStage(webhook=FakeWebhook())
    async with stage.playing() as worker:
        assert worker.receiver is not None
        receipt = await worker.receiver.take(tap(10))
        await anyio.sleep(1.0)

    assert receipt is Receipt.DONE
    assert stage.chat.toasts == [("tap-10", "Skipping…")]
    assert [face.row for face in stage.chat.faces] == [SKIPPED]


async def test_with_a_webhook_the_worker_says_what_telegram_last_said_of_it() -> None:
    webhook = FakeWebhook()
    stage = TreeStage(webhook=webhook)
    webhook.will("register", Unreachable("no network"), Unreachable("no network"))
    async with stage.playing() as worker:
        assert (worker.telegram_trouble(), worker.poll_silence_seconds()) == ("no network", None)
        await anyio.sleep(10.0)
        assert worker.telegram_trouble() is None
        assert worker.poll_silence_seconds() == pytest.approx(9.0, abs=0.1)
        assert worker.poller_trouble() is None


async def test_tap_that_no_database_takes_is_called_not_confirmed_until_it_is_known() -> None:
    stage = TreeStage(webhook=FakeWebhook())
    async with stage.playing() as worker:
        assert worker.receiver is not None
        stage.pool.go_away()
        receipt = await worker.receiver.take(tap(10))
        await anyio.sleep(12.0)
        said = stage.chat.texts
        stage.pool.come_back()
        await anyio.sleep(30.0)
        repeated = await worker.receiver.take(tap(10))

    assert (receipt, repeated) == (Receipt.LATER, Receipt.DONE)
    assert said[0] == (CHAT, texts.not_confirmed(Action.SKIP, ANNA.name))
    assert worker.receiver.open == 0


async def test_silence_counts_from_the_last_answered_poll(stage: TreeStage) -> None:
    async with stage.playing() as worker:
        assert worker.poll_silence_seconds() == pytest.approx(0.5, abs=0.05)
        await anyio.sleep(60.0)
        assert worker.poll_silence_seconds() == pytest.approx(10.5, abs=0.1)

    assert worker.poll_silence_seconds() is None


async def test_trouble_with_telegram_is_told_until_it_answers(stage: TreeStage) -> None:
    stage.updates.will("get", Unreachable("no network"))

    async with stage.playing() as worker:
        await anyio.sleep(1.0)
        assert worker.telegram_trouble() == "no network"
        stage.updates.put(other(10))
        await anyio.sleep(1.0)
        assert worker.telegram_trouble() is None


async def test_token_that_telegram_refuses_is_told_whichever_way_updates_come() -> None:
    webhook = FakeWebhook()
    brought, polled = TreeStage(webhook=webhook), TreeStage()
    webhook.will("register", BotTokenRefused("refused"))
    polled.updates.will("get", BotTokenRefused("refused"))

    async with brought.playing() as worker:
        assert worker.token_trouble() == "refused"
        await anyio.sleep(60.0)
        assert worker.token_trouble() is None
    async with polled.playing() as worker:
        assert worker.token_trouble() == "refused"


@pytest.mark.parametrize("failure", [Conflict(), Unreachable("no network")])
async def test_standby_nudges_the_holder_and_does_not_mind_the_answer(stage: TreeStage, failure: Exception) -> None:
    stage.pool.standing = LeaseState.STANDBY
    stage.updates.will("get", failure)

    async with stage.playing() as worker:
        await anyio.sleep(10.0)
        assert worker.poll_silence_seconds() is None

    assert stage.updates.asked[0][1:] == (None, 0.0)
    assert [line for line in stage.logs if line["event"] == "child.crashed"] == []
