"""The shell of an item in a chat that asks for roles: rights come before anything that is shown or held."""

from dataclasses import replace

import anyio
import pytest

from actors.rules import words
from actors.rules.effects import AnswerTap
from actors.rules.item import State, Step
from actors.rules.messages import (
    AskAboutDoubt,
    AskToReject,
    Barred,
    Forbidden,
    KeepIt,
    LeaveIt,
    Pressed,
    Recorded,
    SendOriginal,
    Standing,
    Tap,
)
from actors.rules.operations import LookAtButton, RecordTap
from actors.rules.review import decide
from actors.shell.known import DOUBT_SECONDS, MOST_PEOPLE, REFUSED_SECONDS, RIGHT_SECONDS, People
from tests.actors.fakes_item import ItemStage, playing
from tests.actors.fakes_shell import Never
from tests.kit.clock import virtual_time
from tests.stories import ANNA, BEN, CHAT, press, remembered, row

anyio_backend = virtual_time

ROW = replace(row(State.IN_REVIEW), restricted=True)
VIEWS: list[Pressed] = [
    SendOriginal(press("ben-1", BEN)),
    AskToReject(press("ben-1", BEN)),
    AskAboutDoubt(press("ben-1", BEN), Step.IT_IS_LIVE),
    KeepIt(press("ben-1", BEN)),
    LeaveIt(press("ben-1", BEN)),
]


@pytest.fixture
def stage() -> ItemStage:
    return ItemStage(restricted=True)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: type(view).__name__)
async def test_stranger_is_shown_nothing_on_a_card_that_memory_knows(stage: ItemStage, view: Pressed) -> None:
    stage.store.always("LookAtButton", lambda asked: Barred(asked.pressed, ROW))

    async with playing(stage):
        stage.tell(view)

    assert (stage.cards.lines, stage.cards.drawn, stage.chat.originals) == ([], [], [])
    assert stage.chat.texts == [(CHAT, words.barred("Ben"))]
    assert (stage.taps[0]["outcome"], stage.taps[0]["cause"]) == ("forbidden", "tap")


async def test_stranger_who_presses_on_is_answered_from_memory_with_a_line_each(stage: ItemStage) -> None:
    stage.store.always("RecordTap", lambda asked: Forbidden(asked.tap, ROW))

    async with playing(stage):
        for number in range(5):
            stage.tell(Tap(press(f"ben-{number}", BEN), Step.SKIP))
            await anyio.sleep(0.1)

    assert len(stage.store.of(RecordTap)) == 1
    assert [text for _, text in stage.chat.toasts][1:] == [words.MAY_NOT] * 4
    assert [line["cause"] for line in stage.taps] == ["tap", *["remembered"] * 4]
    assert len(stage.notes) == 1


async def test_tap_of_a_stranger_never_makes_another_one_busy(stage: ItemStage) -> None:
    stage.store.will("RecordTap", Never(), lambda asked: Recorded(asked.tap, ROW))

    async with playing(stage):
        stage.tell(Tap(press("ben-1", BEN), Step.SKIP))
        await anyio.sleep(0.1)
        stage.tell(Tap(press("anna-1", ANNA), Step.SKIP))
        await stage.cards.journal.until("draw")

    assert stage.taps[0]["outcome"] == "recorded"
    assert len(stage.store.of(RecordTap)) == 2


def test_known_member_holds_the_slot_and_a_person_not_known_waits_for_it() -> None:
    hers, his = Tap(press("anna-1", ANNA), Step.SKIP), Tap(press("ben-1", BEN), Step.SKIP)
    aside = replace(his, press=replace(his.press, standing=Standing.UNKNOWN))

    item = decide(decide(remembered(ROW), aside).item, hers).item
    again = decide(item, Tap(replace(aside.press, id="ben-2"), Step.SKIP))

    assert (item.recording, item.aside) == (hers, (aside,))
    assert again.effects[0] == AnswerTap(replace(aside.press, id="ben-2"), words.in_progress(Step.SKIP, "Anna"), True)


async def test_a_right_is_believed_for_minutes_and_a_refusal_for_seconds() -> None:
    people, his = People(), press("ben-1", BEN)
    hers = press("anna-1", ANNA)
    assert people.standing(his) is Standing.UNKNOWN
    people.hear(Forbidden(Tap(his, Step.SKIP), ROW))
    people.hear(Recorded(Tap(hers, Step.SKIP), ROW))

    assert (people.standing(his), people.standing(hers)) == (Standing.REFUSED, Standing.MAY)
    await anyio.sleep(REFUSED_SECONDS)
    assert people.standing(his) is Standing.DOUBTED
    await anyio.sleep(RIGHT_SECONDS)
    assert people.standing(hers) is Standing.UNKNOWN
    await anyio.sleep(DOUBT_SECONDS)
    assert people.standing(his) is Standing.UNKNOWN


async def test_so_many_people_are_remembered_and_no_more() -> None:
    people = People()
    taps = [Tap(replace(press(), person=replace(ANNA, id=number)), Step.SKIP) for number in range(MOST_PEOPLE + 1)]

    for tap in taps:
        people.hear(Forbidden(tap, ROW))

    assert people.standing(taps[0].press) is Standing.UNKNOWN
    assert people.standing(taps[-1].press) is Standing.REFUSED


async def test_person_who_was_given_a_role_is_looked_up_again(stage: ItemStage) -> None:
    stage.store.will("RecordTap", lambda asked: Forbidden(asked.tap, ROW), lambda asked: Recorded(asked.tap, ROW))

    async with playing(stage):
        stage.tell(Tap(press("ben-1", BEN), Step.SKIP))
        await anyio.sleep(REFUSED_SECONDS)
        stage.tell(Tap(press("ben-2", BEN, at=anyio.current_time()), Step.SKIP))

    assert [line["outcome"] for line in stage.taps] == ["forbidden", "recorded"]
    assert stage.store.of(LookAtButton) == []
