"""The soak's checker notices what must not be."""

import pytest

from actors.item import texts
from tests.soak.ledger import Decided, Tally, Tapped, Told, Verdict, heard_who_was_first, judge

ANNA = Tapped(1, "t1", 7, 11, "Anna")
BEN = Tapped(2, "t2", 7, 12, "Ben")
FINAL = Told("Skipping…", ("Sunset", "Sunset\n⏭ Skipped by Anna, 04:38"))
LATE = Told("Skipping…", (*FINAL.texts, f"{FINAL.texts[-1]}\n🐢 Ben's Skip, 04:39: too late, skipped by Anna, 04:38"))
SKIPPED = Decided("skipped", "Anna", ("t1",))


@pytest.fixture
def tally() -> Tally:
    return Tally()


def test_item_with_one_decision_and_a_true_card_is_right(tally: Tally) -> None:
    tally.count(ANNA, judge(ANNA, "recorded", FINAL), FINAL)
    tally.close(7, SKIPPED, ["t1"], FINAL)

    assert tally == Tally(taps=1, items=1, settled=1)


def test_tap_without_row_and_without_a_word_is_lost(tally: Tally) -> None:
    tally.count(BEN, judge(BEN, None, FINAL), FINAL)

    assert tally.lost == 1


def test_tap_that_is_refused_in_silence_is_lost(tally: Tally) -> None:
    tally.count(BEN, judge(BEN, "refused", FINAL), FINAL)

    assert tally.lost == 1


def test_tap_whose_row_knows_no_such_item_is_lost(tally: Tally) -> None:
    tally.count(BEN, judge(BEN, "gone", FINAL), FINAL)

    assert tally.lost == 1


def test_recorded_tap_that_decided_nothing_is_lost(tally: Tally) -> None:
    tally.close(7, Decided("in_review", None, ()), ["t1"], FINAL)

    assert tally.lost > 0


def test_second_decision_of_an_item_is_doubled(tally: Tally) -> None:
    tally.close(7, Decided("skipped", "Anna", ("t1", "t2")), ["t1"], FINAL)

    assert tally.doubled == 1


def test_second_recorded_tap_of_an_item_is_doubled_and_lost(tally: Tally) -> None:
    tally.close(7, SKIPPED, ["t1", "t2"], FINAL)

    assert (tally.doubled, tally.lost) == (1, 1)


def test_settled_card_with_buttons_lies(tally: Tally) -> None:
    tally.close(7, SKIPPED, ["t1"], Told(None, FINAL.texts, buttons=3))

    assert (tally.lies, tally.lost, tally.doubled) == (1, 0, 0)


def test_card_that_names_somebody_else_lies(tally: Tally) -> None:
    tally.close(7, Decided("skipped", "Ben", ("t1",)), ["t1"], FINAL)

    assert tally.lies == 1


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        (Told(texts.BUSY, FINAL.texts), Verdict.REFUSED),
        (Told("Skipping…", (*FINAL.texts, "Sunset\n⚠️ Ben's Skip was not saved, tap again.")), Verdict.REFUSED),
        (Told("Skipping…", (*FINAL.texts, "Sunset\n⚠️ Anna's Skip was not saved, tap again.")), Verdict.OPEN),
        (Told("⏳ Anna is skipping this…", FINAL.texts), Verdict.BUSY),
        (Told("Skipping…", FINAL.texts), Verdict.OPEN),
        (Told("Skipping…", FINAL.texts, log="refused"), Verdict.REFUSED),
        (Told("Skipping…", FINAL.texts, buttons=4, log="refused"), Verdict.OPEN),
    ],
)
def test_tap_without_row_is_what_the_chat_said_of_it(told: Told, verdict: Verdict) -> None:
    assert judge(BEN, None, told) is verdict


@pytest.mark.parametrize(
    ("told", "heard"),
    [(LATE, True), (Told("Skipping… It looks skipped by Anna already.", ()), True), (FINAL, False)],
)
def test_late_tap_hears_who_was_first_by_its_toast_or_by_the_card(told: Told, heard: bool) -> None:
    assert heard_who_was_first(BEN, told) is heard
