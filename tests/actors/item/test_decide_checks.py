"""What a card was drawn without is compared with its row: a view from memory, or from what a person saw, may lie."""

from dataclasses import replace

import pytest

from actors.domain.item import Action, Card, Item, State
from actors.domain.messages import AskExpired, Checked, Message, NotRecorded, Stale, StillRecording
from actors.domain.taps import AskToReject, KeepIt, LeaveIt, Question, Tap
from actors.item import texts
from actors.item.decide import decide
from actors.item.effects import CheckCard, Effect, ShowCard, ShowLine, ShowQuestion
from actors.item.memory import ItemMemory
from tests.stories import ANNA, CHAT, press, remembered, row, settled

ANNAS = Tap(press("anna-1", ANNA), Action.SKIP)
ROW = row(State.IN_REVIEW)
SKIPPED = settled(row(State.SKIPPED, version=1), Action.SKIP, ANNA)
RETIRED = replace(ROW, cards=(Card(1, CHAT, 501, retired=True),))
REFUSED = texts.not_saved(Action.SKIP, "Anna")


def effects(memory: ItemMemory, message: Message) -> tuple[Effect, ...]:
    return decide(memory, message).effects


def test_a_card_that_was_drawn_without_its_row_is_drawn_from_it() -> None:
    decision = decide(remembered(), Checked(ANNAS.press, SKIPPED, None))

    assert decision.effects == (ShowCard(SKIPPED, None, "checked"),)
    assert decision.memory.row == SKIPPED


def test_a_refusal_stays_while_the_person_may_tap_again() -> None:
    shown = effects(remembered(), Checked(ANNAS.press, ROW, REFUSED))

    assert shown == (ShowLine(ANNAS.press, ROW, REFUSED, needed=True, check=True),)


def test_a_refusal_that_stands_on_what_its_row_says_is_left_as_it_is() -> None:
    assert effects(remembered(), Checked(ANNAS.press, ROW, REFUSED, drawn=ROW.revision)) == ()


def test_a_refusal_gives_way_to_a_decision_that_was_made_meanwhile() -> None:
    assert effects(remembered(), Checked(ANNAS.press, SKIPPED, REFUSED)) == (ShowCard(SKIPPED, None, "checked"),)


def test_a_message_of_an_earlier_round_is_drawn_as_that_whatever_stood_on_it() -> None:
    assert effects(remembered(), Checked(ANNAS.press, RETIRED, REFUSED)) == (ShowCard(RETIRED, None, "checked"),)


def test_a_message_that_no_row_knows_is_left_as_it_is() -> None:
    """It may be the only copy of a card whose sending was ambiguous: its buttons must stay."""
    assert effects(remembered(), Checked(ANNAS.press, replace(ROW, cards=()), None)) == ()


def test_an_older_row_than_memory_s_is_not_drawn() -> None:
    (shown,) = effects(remembered(SKIPPED), Checked(ANNAS.press, ROW, None))

    assert shown == ShowCard(SKIPPED, None, "checked")


@pytest.mark.parametrize("message", [AskExpired(ANNAS.press), KeepIt(ANNAS.press), LeaveIt(ANNAS.press)])
def test_the_end_of_a_question_is_checked(message: Message) -> None:
    assert CheckCard(ANNAS.press) in effects(remembered(asking=ANNAS.press), message)


def test_a_question_on_another_card_of_the_item_gives_way() -> None:
    """Simulation, seed 12251: two cards of one item, a question on each; only the later one was ever taken back."""
    other = replace(ANNAS.press, id="anna-2", message_id=499)

    found = effects(remembered(asking=other), AskToReject(ANNAS.press))

    assert ShowQuestion(other, None, asking=None) in found
    assert CheckCard(other) in found


def test_a_question_gives_way_to_a_tap_on_another_card_of_the_item() -> None:
    """Simulation, seed 545: it stood on a card of an earlier round, which the row of the tap does not list."""
    other = replace(ANNAS.press, id="anna-2", message_id=499)

    found = effects(remembered(asking=other), ANNAS)

    assert ShowQuestion(other, None, asking=None) in found
    assert CheckCard(other) in found


def test_a_question_asked_again_on_its_card_takes_nothing_away() -> None:
    again = replace(ANNAS.press, id="anna-2")

    found = effects(remembered(asking=ANNAS.press), AskToReject(again))

    assert [one for one in found if isinstance(one, CheckCard)] == []


def test_a_refusal_is_checked() -> None:
    refusal = ShowLine(ANNAS.press, None, REFUSED, needed=True, check=True)

    assert refusal in effects(remembered(recording=ANNAS), NotRecorded(ANNAS, certain=True))


@pytest.mark.parametrize(("seen", "checks"), [(501, 0), (499, 1)])
def test_a_tapped_message_that_its_row_does_not_list_is_checked(seen: int, checks: int) -> None:
    """A line of progress on a message of an earlier round would stand there for ever."""
    tap = replace(ANNAS, press=replace(ANNAS.press, message_id=seen))

    found = [one for one in effects(remembered(), Stale(tap, SKIPPED)) if isinstance(one, CheckCard)]

    assert len(found) == checks


@pytest.mark.parametrize(
    ("known", "drawn"),
    [
        (SKIPPED, SKIPPED),  # the person was late, and memory knows better
        (replace(ROW, version=0), None),  # another worker wrote the version that the person saw
        (replace(ROW, version=1, cards=()), None),  # and sent the card that the person tapped
        (None, None),
    ],
)
def test_memory_draws_only_what_it_knows(known: Item | None, drawn: Item | None) -> None:
    seen = replace(ANNAS.press, version=1)
    tap = replace(ANNAS, press=seen)

    question = ShowQuestion(seen, drawn, asking=Question(Action.REJECT, ANNA.id))
    line = ShowLine(seen, drawn, texts.in_progress(Action.SKIP, "Anna"), needed=False)

    assert question in effects(remembered(known), AskToReject(seen))
    assert effects(remembered(known, recording=tap), StillRecording(tap)) == (line,)
