"""A whole worker between fakes, in virtual time: what /healthz and /readyz say of it, minute by minute."""

from __future__ import annotations

import anyio
import pytest

from actors.bounds import POLL_CALL_SECONDS, POLL_SECONDS
from actors.errors import AnswerLost, BotTokenRefused, Unreachable
from actors.operations.housekeeping import LeaseState
from actors.ports import Conflict
from actors.runtime.watchdog import LATE_SECONDS
from actors.worker import Worker
from infra.web.health import CrashWatch, alive, ready
from tests.actors.fakes import After, Bug, Never
from tests.actors.fakes_worker import TreeStage
from tests.actors.updates.fakes_webhook import FakeWebhook
from tests.kit.clock import virtual_time

anyio_backend = virtual_time

RED_WITHIN_SECONDS = 30.0


@pytest.fixture
def stage() -> TreeStage:
    return TreeStage()


def healthz(worker: Worker, watch: CrashWatch | None = None) -> tuple[str, ...]:
    """What is wrong with the worker."""
    return alive(worker, watch or CrashWatch(), anyio.current_time()).problems


async def test_quiet_group_is_green_at_each_point_of_a_long_poll(stage: TreeStage) -> None:
    async with stage.playing() as worker:
        await anyio.sleep(POLL_SECONDS - 1.0)
        assert healthz(worker) == ()
        await anyio.sleep(2.0)
        assert healthz(worker) == ()
        await anyio.sleep(100 * POLL_SECONDS)
        assert healthz(worker) == ()


async def test_poll_that_never_returns_is_red_once_it_outlives_its_own_bound(stage: TreeStage) -> None:
    """As when the HTTP client itself is stuck: no error comes, and nothing else would ever tell."""
    stage.updates.always("get", Never())

    async with stage.playing() as worker:
        await anyio.sleep(POLL_CALL_SECONDS)
        assert healthz(worker) == ()
        await anyio.sleep(LATE_SECONDS + 0.1)
        assert healthz(worker) == ("the poller has not moved on for 1 s more than its work can take",)

    assert LATE_SECONDS < RED_WITHIN_SECONDS


@pytest.mark.parametrize("failure", [Unreachable("no network"), After(70.0, AnswerLost("no answer in time"))])
async def test_telegram_that_is_away_leaves_the_poller_alive_and_the_worker_not_ready(
    stage: TreeStage, failure: object
) -> None:
    stage.updates.always("get", failure)

    async with stage.playing() as worker:
        await anyio.sleep(600.0)
        assert healthz(worker) == ()
        assert len(ready(worker).problems) == 1


async def test_token_that_is_revoked_is_red_with_its_sentence_said_once_and_tried_slowly(stage: TreeStage) -> None:
    stage.updates.always("get", BotTokenRefused("the token is refused", 30.0))

    async with stage.playing() as worker:
        await anyio.sleep(600.0)
        assert healthz(worker) == ("the token is refused",)
        assert ready(worker).problems == ("telegram: the token is refused",)
        assert len(stage.updates.asked) <= 600 / 30 + 1
        stage.updates.always("get", None)
        await anyio.sleep(30.0 + POLL_SECONDS)
        assert (healthz(worker), ready(worker).problems) == ((), ())

    said = [line["event"] for line in stage.logs if line["event"].startswith(("telegram.", "intake."))]
    assert said == ["telegram.token_refused", "telegram.token_taken"]


async def test_token_that_was_refused_stays_red_while_nothing_answers(stage: TreeStage) -> None:
    stage.updates.will("get", BotTokenRefused("the token is refused", 30.0))

    async with stage.playing() as worker:
        stage.updates.always("get", Unreachable("no network"))
        await anyio.sleep(600.0)
        assert healthz(worker) == ("the token is refused",)


async def test_with_a_webhook_a_token_that_is_refused_is_red_too() -> None:
    webhook = FakeWebhook()
    stage = TreeStage(webhook=webhook)
    webhook.always("look", BotTokenRefused("the token is refused", 30.0))

    async with stage.playing() as worker:
        await anyio.sleep(600.0)
        assert healthz(worker) == ("the token is refused",)
        webhook.always("look", None)
        await anyio.sleep(31.0)
        assert healthz(worker) == ()

    said = [line["event"] for line in stage.logs if line["event"].startswith(("telegram.", "webhook."))]
    assert said == ["webhook.registered", "telegram.token_refused", "telegram.token_taken"]


async def test_pause_that_telegram_asks_for_is_no_death(stage: TreeStage) -> None:
    stage.updates.will("get", Unreachable("429", retry_after_seconds=900.0))

    async with stage.playing() as worker:
        await anyio.sleep(890.0)
        assert healthz(worker) == ()
        await anyio.sleep(20.0)
        assert healthz(worker) == ()


async def test_program_that_polls_with_the_same_token_is_named(stage: TreeStage) -> None:
    stage.updates.always("get", After(1.0, Conflict()))

    async with stage.playing() as worker:
        await anyio.sleep(600.0)
        assert healthz(worker) == ()
        assert ready(worker).problems == ("telegram: another program reads this bot's updates",)
        stage.updates.always("get", None)
        await anyio.sleep(2 * POLL_SECONDS)
        assert ready(worker).problems == ()


async def test_standby_owes_no_poll(stage: TreeStage) -> None:
    stage.pool.standing = LeaseState.STANDBY

    async with stage.playing() as worker:
        await anyio.sleep(600.0)
        assert healthz(worker) == ()
        assert ready(worker).problems == ()


async def test_poller_that_crashed_is_red_until_it_runs_again(stage: TreeStage) -> None:
    stage.updates.will("get", [], After(10.0, Bug()))

    async with stage.playing() as worker:
        await anyio.sleep(9.55)
        assert healthz(worker) == ("intake is down", "the poller has ended")
        await anyio.sleep(0.5)
        assert healthz(worker) == ()


async def test_crash_loop_is_red_within_30_seconds_although_the_child_is_up_at_each_look(stage: TreeStage) -> None:
    watch = CrashWatch()
    stage.updates.always("get", After(9.0, Bug()))

    async with stage.playing() as worker:
        assert healthz(worker, watch) == ()
        await anyio.sleep(RED_WITHIN_SECONDS)
        assert all(child.up for child in worker.children().values())
        assert healthz(worker, watch) == ("intake crashes again and again",)
