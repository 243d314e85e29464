"""Cards: what is shown is acknowledged in batches, and neither a stop nor a crash loses a wish."""

from random import Random

import anyio
import pytest

from actors.bounds import CONFIRM_SECONDS
from actors.cards.actor import ACKNOWLEDGE_SECONDS
from actors.database.request import Cause, NotStored
from actors.domain.item import State
from actors.errors import AnswerLost, Unreachable
from actors.operations.cards import AcknowledgeCards, Shown
from actors.runtime.child import ChildSpec
from actors.runtime.restarts import RestartLimit
from actors.runtime.supervisor import Policy, Supervisor
from tests.actors.cards.fakes import CardStage
from tests.actors.fakes import After, Bug, Never
from tests.kit.clock import virtual_time
from tests.kit.lives import living
from tests.stories import CHAT, row

anyio_backend = virtual_time

FIRST = row(State.IN_REVIEW, 1)
SECOND = row(State.IN_REVIEW, 2)
THIRD = row(State.SKIPPED, 3)


async def test_cards_shown_within_half_a_second_are_acknowledged_together(stage: CardStage) -> None:
    async with stage.playing():
        await stage.draw(FIRST, message=501)
        await anyio.sleep(0.3)
        await stage.draw(SECOND, message=502)
        await stage.store.journal.until("AcknowledgeCards")
        assert anyio.current_time() == pytest.approx(ACKNOWLEDGE_SECONDS)

    assert [len(operation.shown) for operation in stage.store.of(AcknowledgeCards)] == [2]
    assert isinstance(stage.acknowledged[0], Shown)
    assert stage.acknowledged[0].card.message_id == 501


async def test_line_is_not_acknowledged(stage: CardStage) -> None:
    async with stage.playing():
        await stage.line("not saved")

    assert stage.acknowledged == []


async def test_one_acknowledgement_is_under_way_at_a_time(stage: CardStage) -> None:
    stage.store.will("AcknowledgeCards", After(5.0, 0))

    async with stage.playing():
        await stage.draw(FIRST, message=501)
        await anyio.sleep(1.0)
        await stage.draw(SECOND, message=502)
        await stage.store.journal.until("AcknowledgeCards", 2)
        assert stage.store.when("AcknowledgeCards") == pytest.approx([0.5, 5.5])


async def test_what_was_shown_is_acknowledged_at_the_stop_without_a_pause(stage: CardStage) -> None:
    async with stage.playing():
        await stage.draw(FIRST)

    assert [shown.revision for shown in stage.acknowledged] == [1]
    assert anyio.current_time() == pytest.approx(0.0)


async def test_stop_waits_for_the_edit_in_flight_and_acknowledges_it(stage: CardStage) -> None:
    stage.chat.will("edit 501", After(2.0))

    async with stage.playing():
        await stage.draw(THIRD)

    assert anyio.current_time() == pytest.approx(2.0)
    assert [shown.revision for shown in stage.acknowledged] == [3]


async def test_stop_draws_what_is_wanted_already(stage: CardStage) -> None:
    stage.chat.will("edit 501", After(2.0, Unreachable("no network")))

    async with stage.playing():
        await stage.draw(THIRD)

    assert stage.seen == ["card 3", "card 3"]


async def test_acknowledgement_that_was_not_stored_goes_along_with_the_next(stage: CardStage) -> None:
    stage.store.will("AcknowledgeCards", NotStored(Cause.EXPIRED, certain=False))

    async with stage.playing():
        await stage.draw(FIRST, message=501)
        await anyio.sleep(1.0)
        await stage.draw(SECOND, message=502)

    batches = [[shown.revision for shown in asked.shown] for asked in stage.store.of(AcknowledgeCards)]
    assert batches == [[1], [1, 2]]


async def test_lost_claim_wakes_the_reconciler(stage: CardStage) -> None:
    stage.store.will("AcknowledgeCards", 1)

    async with stage.playing():
        await stage.draw(FIRST)
        await stage.store.journal.until("AcknowledgeCards")

    assert stage.lost_claims == [pytest.approx(ACKNOWLEDGE_SECONDS)]


async def test_acknowledgements_without_a_lost_claim_wake_nobody(stage: CardStage) -> None:
    async with stage.playing():
        await stage.draw(FIRST)

    assert stage.lost_claims == []


async def test_wishes_made_before_the_drawer_lives_are_drawn_once_it_does(stage: CardStage) -> None:
    async with stage.people():
        await stage.draw(THIRD)
        assert stage.seen == []
        async with living(stage.drawer.run):
            await stage.journal.until("card 3")

    assert stage.seen == ["card 3"]


async def test_crash_over_one_card_loses_no_other(stage: CardStage) -> None:
    stage.chat.will("edit 501", After(1.0, Bug("not a PortError")))
    stage.chat.will("edit 502", Never())

    async with stage.people(), anyio.create_task_group() as tasks:
        supervisor = Supervisor([ChildSpec("cards", stage.drawer.run)], Random(1))
        tasks.start_soon(supervisor.run)
        await anyio.sleep(0.1)
        await stage.draw(FIRST, message=501)
        await stage.draw(THIRD, message=502)
        await stage.journal.until("card 3")
        supervisor.stop()

    assert stage.seen == ["card 1", "card 3", "card 3"]
    assert stage.shown == {"card 1": 1, "card 3": 2}


async def test_wish_made_between_two_lives_is_drawn_by_the_second(stage: CardStage) -> None:
    stage.chat.will("edit 501", Bug("not a PortError"))

    async with stage.people(), anyio.create_task_group() as tasks:
        supervisor = Supervisor([ChildSpec("cards", stage.drawer.run)], Random(1), Policy(limit=RestartLimit(5, 30)))
        tasks.start_soon(supervisor.run)
        await anyio.sleep(0.1)
        await stage.draw(FIRST, message=501)
        await anyio.sleep(0.05)
        await stage.draw(THIRD, message=502)
        assert "card 3" not in stage.seen
        await stage.journal.until("card 3")
        supervisor.stop()

    assert stage.shown == {"card 1": 1, "card 3": 1}


async def test_chats_that_have_rested_are_forgotten_as_others_come(stage: CardStage) -> None:
    async with stage.playing():
        await stage.draw(FIRST, "a", chat=-1)
        await stage.draw(FIRST, "b", chat=-2)
        await anyio.sleep(3600)
        await stage.draw(FIRST, "c", chat=-3)
        assert stage.drawer.chats == 1


async def test_chat_is_remembered_as_long_as_an_edit_of_it_is_in_doubt_and_no_longer(stage: CardStage) -> None:
    stage.chat.will("edit 501", AnswerLost("timeout"))

    async with stage.playing():
        await stage.draw(FIRST, "a", chat=-1)
        await anyio.sleep(CONFIRM_SECONDS - 1)
        await stage.draw(FIRST, "b", chat=-2)
        assert stage.drawer.chats == 2
        await anyio.sleep(3600)
        await stage.draw(FIRST, "c", chat=-3)
        assert stage.drawer.chats == 1


async def test_chat_that_has_not_rested_keeps_its_budget(stage: CardStage) -> None:
    async with stage.playing():
        await stage.spend(20)
        await anyio.sleep(0.1)
        await stage.draw(FIRST, "another chat", chat=-2)
        await stage.draw(THIRD, message=90)
        assert stage.drawer.chats == 2

    assert stage.chat.when("edit 90") == pytest.approx([3.0])
    assert CHAT in {face.chat_id for face in stage.chat.faces}
