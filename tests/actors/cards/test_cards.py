"""Cards: one edit in flight a message, the newest wish wins, and what must be shown is shown in the end."""

import anyio
import pytest

from actors.bounds import CONFIRM_SECONDS, EDIT_SECONDS, UNLOGGED_SECONDS
from actors.cards.rate_limit import BUDGET
from actors.domain.item import Action, State
from actors.errors import AnswerLost, ChatRefused, MessageGone, Refused, Unreachable
from actors.item import texts
from actors.operations.cards import REFUSED, UNKNOWN
from actors.peers import Drawn
from tests.actors.cards.fakes import CardStage
from tests.actors.fakes import After, Never
from tests.kit.clock import virtual_time
from tests.stories import row

anyio_backend = virtual_time

FIRST = row(State.IN_REVIEW, 1)
SECOND = row(State.IN_REVIEW, 2)
THIRD = row(State.SKIPPED, 3)
PROGRESS = row(State.PUBLISHING, 4)


async def test_card_is_drawn_at_once_and_says_what_it_took(stage: CardStage) -> None:
    async with stage.playing():
        await stage.draw(FIRST)
        await stage.journal.until("card 1")
        assert anyio.current_time() == pytest.approx(0.0)

    assert (stage.seen, stage.shown) == (["card 1"], {"card 1": 1})


@pytest.mark.parametrize(
    ("error", "drawn"),
    [
        (Unreachable("slow down", 3.0), Drawn(2, limited=True)),
        (Unreachable("no network"), Drawn(2, troubled=True)),
        (AnswerLost("timeout"), Drawn(2, troubled=True)),
    ],
    ids=["429", "no network", "answer lost"],
)
async def test_wish_knows_the_limit_of_telegram_from_an_edit_that_came_to_nothing(
    stage: CardStage, error: Unreachable | AnswerLost, drawn: Drawn
) -> None:
    stage.chat.will("edit 501", error)

    async with stage.playing():
        await stage.draw(FIRST)
        await stage.journal.until("card 1")

    assert stage.drawn["card 1"] == drawn


async def test_wish_beyond_the_budget_of_its_chat_waited_for_the_limit(stage: CardStage) -> None:
    async with stage.playing():
        await stage.spend(int(BUDGET))
        await stage.draw(FIRST)
        await stage.journal.until("card 1")

    assert stage.drawn["card 1"] == Drawn(1, limited=True)


async def test_message_has_one_edit_in_flight_and_then_its_newest_wish(stage: CardStage) -> None:
    stage.chat.will("edit 501", After(2.0))

    async with stage.playing():
        await stage.draw(FIRST)
        await stage.draw(SECOND)
        await stage.draw(THIRD)

    assert stage.seen == ["card 1", "card 3"]
    assert stage.chat.when("edit 501") == [pytest.approx(0.0), pytest.approx(2.0)]


async def test_who_wished_an_older_card_is_released_by_the_newer_one(stage: CardStage) -> None:
    stage.chat.will("edit 501", After(2.0), After(3.0))

    async with stage.playing():
        await stage.draw(FIRST)
        await stage.draw(SECOND)
        await stage.draw(THIRD)
        await stage.journal.until("card 3")
        assert anyio.current_time() == pytest.approx(5.0)

    assert stage.shown == {"card 1": 1, "card 2": 1, "card 3": 1}


async def test_messages_do_not_wait_for_each_other(stage: CardStage) -> None:
    stage.chat.will("edit 501", After(10.0))

    async with stage.playing():
        await stage.draw(FIRST)
        await stage.draw(SECOND, message=502)
        await stage.journal.until("card 2")
        assert anyio.current_time() == pytest.approx(0.0)


async def test_card_of_an_older_row_does_not_replace_the_one_that_waits(stage: CardStage) -> None:
    stage.chat.will("edit 501", After(2.0))

    async with stage.playing():
        await stage.draw(FIRST)
        await stage.draw(THIRD)
        await stage.draw(SECOND)

    assert stage.seen == ["card 1", "card 3"]
    assert set(stage.shown) == {"card 1", "card 2", "card 3"}


async def test_card_of_an_older_row_is_not_drawn_after_the_newer_one_in_flight(stage: CardStage) -> None:
    stage.chat.will("edit 501", After(2.0))

    async with stage.playing():
        await stage.draw(THIRD)
        await stage.draw(SECOND)

    assert stage.seen == ["card 3"]
    assert stage.shown == {"card 3": 1, "card 2": 1}


async def test_line_does_not_replace_a_waiting_card_but_stands_below_it(stage: CardStage) -> None:
    stage.chat.will("edit 501", After(2.0))

    async with stage.playing():
        await stage.draw(FIRST)
        await stage.draw(THIRD)
        await stage.line("not saved")

    face = stage.chat.faces[-1]
    assert (face.row, face.line, len(stage.chat.faces)) == (THIRD, "not saved", 2)
    assert [shown.revision for shown in stage.acknowledged] == [1, 3]


async def test_progress_is_left_out_when_a_card_waits(stage: CardStage) -> None:
    stage.chat.will("edit 501", After(2.0))

    async with stage.playing():
        await stage.draw(FIRST)
        await stage.draw(THIRD)
        await stage.line("skipping…", needed=False)

    assert stage.seen == ["card 1", "card 3"]
    assert "skipping…" in stage.shown


async def test_progress_does_not_replace_a_refusal_that_waits(stage: CardStage) -> None:
    stage.chat.will("edit 501", After(2.0))

    async with stage.playing():
        await stage.draw(FIRST)
        await stage.line("Anna's Skip was not saved")
        await stage.line("Ben is skipping this…", needed=False)

    assert stage.seen == ["card 1", "Anna's Skip was not saved"]


@pytest.mark.parametrize(
    ("line", "kept"),
    [("Anna's Skip was not saved", "Anna's Skip was not saved"), (texts.not_confirmed(Action.SKIP, "Anna"), None)],
)
async def test_card_keeps_a_refusal_that_waits_and_no_doubt(stage: CardStage, line: str, kept: str | None) -> None:
    """Simulation, seed 902: decided while its line waited, the card said "not confirmed yet" for good."""
    stage.chat.will("edit 501", After(2.0))

    async with stage.playing():
        await stage.line("skipping…")
        await stage.line(line)
        await stage.draw(row(State.IN_REVIEW, 0))

    assert stage.chat.faces[-1].line == kept


async def test_line_that_waits_gives_way_to_a_card(stage: CardStage) -> None:
    stage.chat.will("edit 501", After(2.0))

    async with stage.playing():
        await stage.draw(FIRST)
        await stage.line("skipping…", needed=False)
        await stage.draw(THIRD)

    assert stage.seen == ["card 1", "card 3"]


async def test_unreachable_chat_is_tried_again_with_growing_pauses(stage: CardStage) -> None:
    stage.chat.will("edit 501", *[Unreachable("no network")] * 6)

    async with stage.playing():
        await stage.draw(FIRST)
        await stage.journal.until("card 1")

    pauses = [0, 0.5, 1.5, 3.5, 7.5, 15.5, 23.5]
    assert stage.chat.when("edit 501") == pytest.approx(pauses)
    assert stage.shown == {"card 1": 7}


async def test_card_that_failed_is_not_lost_to_a_line_that_came_meanwhile(stage: CardStage) -> None:
    stage.chat.will("edit 501", After(2.0, Unreachable("no network")))

    async with stage.playing():
        await stage.draw(THIRD)
        await stage.line("not saved")
        await stage.journal.until("not saved")

    assert [(face.row, face.line) for face in stage.chat.faces] == [(THIRD, None), (THIRD, "not saved")]
    assert [shown.revision for shown in stage.acknowledged] == [3]


async def test_card_that_failed_gives_way_to_a_newer_one(stage: CardStage) -> None:
    stage.chat.will("edit 501", After(2.0, Unreachable("no network")))

    async with stage.playing():
        await stage.draw(SECOND)
        await stage.draw(THIRD)

    assert stage.seen == ["card 2", "card 3"]
    assert stage.shown == {"card 2": 1, "card 3": 1}


async def test_progress_that_failed_is_dropped(stage: CardStage) -> None:
    stage.chat.will("edit 501", Unreachable("no network"))

    async with stage.playing():
        await stage.line("skipping…", needed=False)
        await stage.journal.until("skipping…")
        await anyio.sleep(60)

    assert stage.seen == ["skipping…"]


async def test_edit_without_an_answer_is_given_up_after_15_s_and_made_again(stage: CardStage) -> None:
    stage.chat.will("edit 501", Never())

    async with stage.playing():
        await stage.draw(THIRD)
        await stage.journal.until("card 3")

    assert stage.chat.when("edit 501") == pytest.approx([0, EDIT_SECONDS + 0.5])


async def test_lost_answer_has_the_card_drawn_from_its_row_60_s_later(stage: CardStage) -> None:
    """Simulation, seed 12335: drawn once more from memory, it covered what another worker had shown meanwhile."""
    stage.chat.will("edit 501", AnswerLost("timeout"))

    async with stage.playing():
        await stage.draw(THIRD)
        await anyio.sleep(CONFIRM_SECONDS + 1)

    assert stage.seen == ["card 3", "card 3"]
    assert stage.chat.when("edit 501") == pytest.approx([0, 0.5])
    assert [one.revision for one in stage.acknowledged] == [3, UNKNOWN]


async def test_doubt_about_a_card_is_stored_within_a_second_of_its_end(stage: CardStage) -> None:
    """Until the row knows of it nobody draws the card again: without its ring the doubt waited for the next card."""
    stage.chat.will("edit 501", AnswerLost("timeout"))

    async with stage.playing():
        await stage.draw(THIRD)
        await anyio.sleep(CONFIRM_SECONDS + 1)
        assert [one.revision for one in stage.acknowledged] == [3, UNKNOWN]


async def test_lost_answer_of_a_message_without_a_row_leads_to_the_same_edit_60_s_later(stage: CardStage) -> None:
    stage.chat.will("edit 501", AnswerLost("timeout"))

    async with stage.playing():
        await stage.line("not saved")
        await anyio.sleep(CONFIRM_SECONDS + 1)

    assert stage.seen == ["not saved"] * 3
    assert stage.chat.when("edit 501") == pytest.approx([0, 0.5, CONFIRM_SECONDS])


async def test_doubtful_edit_is_not_confirmed_over_one_in_flight(stage: CardStage) -> None:
    stage.chat.will("edit 501", AnswerLost("timeout"), None, After(10.0))

    async with stage.playing():
        await stage.draw(SECOND)
        await anyio.sleep(CONFIRM_SECONDS - 1)
        await stage.draw(THIRD)
        await anyio.sleep(CONFIRM_SECONDS)

    assert stage.seen == ["card 2", "card 2", "card 3"]
    assert UNKNOWN not in [one.revision for one in stage.acknowledged]


async def test_doubtful_edit_is_not_waited_for_when_we_stop(stage: CardStage) -> None:
    stage.chat.will("edit 501", AnswerLost("timeout"))

    async with stage.playing():
        await stage.draw(THIRD)
        await stage.journal.until("card 3")

    assert anyio.current_time() == pytest.approx(0.5)


async def test_line_whose_edit_was_in_doubt_gives_way_to_its_row(stage: CardStage) -> None:
    """Simulation, seed 20173: drawn once more after a minute, it covered what another worker had shown meanwhile."""
    stage.chat.will("edit 501", AnswerLost("timeout"))

    async with stage.playing():
        await stage.line("not saved", row=SECOND)
        await anyio.sleep(CONFIRM_SECONDS + 1)

    assert stage.seen == ["not saved", "not saved"]
    assert [(one.card.message_id, one.revision) for one in stage.acknowledged] == [(501, UNKNOWN)]


async def test_doubt_about_a_line_that_was_dropped_confirms_nothing(stage: CardStage) -> None:
    stage.chat.will("edit 501", AnswerLost("timeout"))

    async with stage.playing():
        await stage.line("skipping…", needed=False)
        await anyio.sleep(2 * CONFIRM_SECONDS)

    assert stage.seen == ["skipping…"]


async def test_message_that_is_gone_is_acknowledged_as_gone(stage: CardStage) -> None:
    stage.chat.will("edit 501", MessageGone("message to edit not found"))

    async with stage.playing():
        await stage.draw(THIRD)
        await stage.journal.until("card 3")

    assert [(shown.revision, shown.gone) for shown in stage.acknowledged] == [(3, True)]
    assert [line["event"] for line in stage.logs] == ["card.gone"]


@pytest.mark.parametrize(
    "refusal",
    [
        ChatRefused("bot was kicked from the supergroup chat"),
        ChatRefused("CHAT_WRITE_FORBIDDEN"),
        Refused("an answer that is not known yet"),
    ],
)
async def test_edit_that_is_refused_is_kept_to_be_drawn_later_and_never_taken_for_gone(
    stage: CardStage, refusal: Refused
) -> None:
    """A:Client.cpp:8161-8191: 403 of a bot that was removed passes once it is brought back."""
    stage.chat.will("edit 501", refusal)

    async with stage.playing():
        await stage.draw(THIRD)
        await stage.journal.until("card 3")

    drawn = stage.drawn["card 3"]
    assert [(shown.revision, shown.gone) for shown in stage.acknowledged] == [(REFUSED, False)]
    assert [(line["event"], line["reason"]) for line in stage.logs] == [("card.refused", str(refusal))]
    assert (drawn.edits, drawn.gone) == (0, True)


async def test_line_whose_edit_is_refused_has_no_row_to_keep_it_and_is_said_elsewhere(stage: CardStage) -> None:
    stage.chat.will("edit 501", ChatRefused("bot is not a member of the supergroup chat"))

    async with stage.playing():
        await stage.line("too late")
        await stage.journal.until("too late")

    assert stage.drawn["too late"].gone
    assert stage.acknowledged == []


async def test_429_pauses_that_chat_only(stage: CardStage) -> None:
    stage.chat.will("edit 501", Unreachable("429", retry_after_seconds=17.0))

    async with stage.playing():
        await stage.draw(SECOND)
        await stage.draw(SECOND, "same chat", message=502)
        await stage.draw(THIRD, "another chat", message=601, chat=-2)
        await stage.journal.until("another chat")
        assert anyio.current_time() == pytest.approx(0.0)
        await stage.draw(SECOND, "while closed", message=503)
        await stage.journal.until("while closed")
        assert anyio.current_time() == pytest.approx(17.0)

    assert stage.chat.when("edit 501") == pytest.approx([0, 17.0])


async def test_progress_is_dropped_when_the_budget_is_short(stage: CardStage) -> None:
    async with stage.playing():
        await stage.spend(15)
        await stage.line("skipping…", needed=False, message=90)
        await stage.draw(PROGRESS, message=91)
        await stage.journal.until("card 4")

    assert len(stage.chat.faces) == 15
    assert (stage.shown["skipping…"], stage.shown["card 4"]) == (0, 0)


async def test_progress_takes_the_place_of_an_older_wish_when_the_budget_is_short(stage: CardStage) -> None:
    """Simulation, seed 101: it was dropped, and the question in its place was drawn over the decision."""
    async with stage.playing():
        await stage.spend(20)
        await anyio.sleep(0.1)
        await stage.draw(SECOND, message=91)
        await stage.draw(PROGRESS, message=91)

    assert stage.seen[20:] == ["card 4"]


async def test_final_card_is_never_dropped_and_goes_first(stage: CardStage) -> None:
    async with stage.playing():
        await stage.spend(20)
        await anyio.sleep(0.1)
        await stage.draw(SECOND, message=90)
        await stage.draw(row(State.IN_DOUBT, 5), message=91)
        await stage.draw(THIRD, message=92)

    assert stage.seen[20:] == ["card 3", "card 5", "card 2"]
    assert stage.chat.when("edit 92") == pytest.approx([3.0])


async def test_card_is_acknowledged_once_the_log_explains_the_tap(stage: CardStage) -> None:
    """Who finds a card behind its row explains its tap; so a card that is not may have no tap without a line."""
    written = anyio.Event()

    async with stage.playing():
        await stage.draw(SECOND, logged=written.is_set)
        await stage.draw(FIRST, "another one", message=502)
        await anyio.sleep(20)
        before = [(shown.card.message_id, shown.revision) for shown in stage.acknowledged]
        written.set()
        await anyio.sleep(1)

    assert before == [(502, 1)]
    assert [shown.revision for shown in stage.acknowledged] == [1, 2]


async def test_no_newer_card_of_a_message_is_acknowledged_before_one_that_waits_for_its_line(stage: CardStage) -> None:
    written = anyio.Event()

    async with stage.playing():
        await stage.draw(SECOND, logged=written.is_set)
        await stage.draw(THIRD)
        await anyio.sleep(20)
        before = stage.acknowledged
        written.set()

    assert before == []
    assert [shown.revision for shown in stage.acknowledged] == [2, 3]


async def test_who_wished_a_card_that_a_newer_one_replaced_is_waited_for_too(stage: CardStage) -> None:
    stage.chat.will("edit 501", After(2.0))
    written = anyio.Event()

    async with stage.playing():
        await stage.draw(FIRST)
        await stage.draw(SECOND, logged=written.is_set)
        await stage.draw(THIRD)
        await anyio.sleep(20)
        before = [shown.revision for shown in stage.acknowledged]
        written.set()

    assert before == [1]
    assert [shown.revision for shown in stage.acknowledged] == [1, 3]


async def test_card_whose_tap_nobody_explains_is_to_be_drawn_again(stage: CardStage) -> None:
    """Its actor has crashed; whoever draws the card again explains the tap."""
    async with stage.playing():
        await stage.draw(SECOND, logged=lambda: False)
        await anyio.sleep(UNLOGGED_SECONDS + 1)
        assert stage.lost_claims == [pytest.approx(UNLOGGED_SECONDS, abs=1)]

    assert stage.acknowledged == []
