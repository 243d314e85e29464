"""The shell of an item in a chat that asks for roles: rights come before anything that is shown or held."""

from dataclasses import replace

import anyio
import pytest

from actors.bounds import PRESS_SECONDS
from actors.domain.item import Action, State
from actors.domain.messages import Barred, Forbidden, NotRecorded, Recorded, StillRecording
from actors.domain.taps import (
    AskAboutDoubt,
    AskToReject,
    KeepIt,
    LeaveIt,
    NotYours,
    Pressed,
    SendOriginal,
    Tap,
    TapRight,
)
from actors.errors import AnswerLost, Refused
from actors.item import texts
from actors.item.caches import DOUBT_SECONDS, MOST_ASKED, MOST_PEOPLE, REFUSED_SECONDS, RIGHT_SECONDS, People
from actors.item.decide import decide
from actors.item.effects import (
    After,
    AnswerTap,
    Conclude,
    ConfirmUpdate,
    Outcome,
    Record,
    SayInChat,
    ShowLine,
    WatchRecording,
)
from actors.operations.taps import LookAtButton, RecordTap
from tests.actors import fakes
from tests.actors.fakes import Never
from tests.actors.item.fakes import ItemStage, playing
from tests.kit.clock import virtual_time
from tests.stories import ANNA, BEN, CHAT, press, remembered, row

anyio_backend = virtual_time

ROW = replace(row(State.IN_REVIEW), restricted=True)
VIEWS: list[Pressed] = [
    SendOriginal(press("ben-1", BEN)),
    AskToReject(press("ben-1", BEN)),
    AskAboutDoubt(press("ben-1", BEN), Action.IT_IS_LIVE),
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
    assert stage.chat.texts == [(CHAT, texts.barred("Ben"))]
    assert (stage.taps[0]["outcome"], stage.taps[0]["cause"]) == ("forbidden", "tap")


async def test_stranger_who_presses_on_is_answered_from_memory_with_a_line_each(stage: ItemStage) -> None:
    stage.store.always("RecordTap", lambda asked: Forbidden(asked.tap, ROW))

    async with playing(stage):
        for number in range(5):
            stage.tell(Tap(press(f"ben-{number}", BEN), Action.SKIP))
            await anyio.sleep(0.1)

    assert len(stage.store.of(RecordTap)) == 1
    assert [text for _, text in stage.chat.toasts][1:] == [texts.MAY_NOT] * 4
    assert [line["cause"] for line in stage.taps] == ["tap", *["remembered"] * 4]
    assert stage.notes == []
    assert (stage.cards.lines, stage.cards.drawn) == ([], [])
    assert stage.chat.texts == [(CHAT, texts.barred("Ben"))]


async def test_press_whose_refusal_another_one_has_said_is_held_until_that_is_heard(stage: ItemStage) -> None:
    """Simulation, seed 358: it was confirmed while the words of the other one were still on their way."""
    stage.store.always("LookAtButton", lambda asked: Barred(asked.pressed, ROW))
    stage.chat.always("answer", Refused("query is too old"))
    stage.chat.will("send_text", fakes.After(3.0))

    async with playing(stage):
        for number in (1, 2):
            stage.tell(KeepIt(replace(press(f"ben-{number}", BEN), update_id=number)))
        await anyio.sleep(2.9)
        assert stage.confirmed == []
        await anyio.sleep(0.2)
        assert sorted(stage.confirmed) == [1, 2]

    assert stage.chat.texts == [(CHAT, texts.barred("Ben"))]


async def test_tap_of_a_stranger_never_makes_another_one_busy(stage: ItemStage) -> None:
    stage.store.will("RecordTap", Never(), lambda asked: Recorded(asked.tap, ROW))

    async with playing(stage):
        stage.tell(Tap(press("ben-1", BEN), Action.SKIP))
        await anyio.sleep(0.1)
        stage.tell(Tap(press("anna-1", ANNA), Action.SKIP))
        await stage.cards.journal.until("draw")

    assert stage.taps[0]["outcome"] == "recorded"
    assert len(stage.store.of(RecordTap)) == 2


def test_known_member_holds_the_slot_and_a_person_not_known_waits_for_it() -> None:
    hers, his = Tap(press("anna-1", ANNA), Action.SKIP), Tap(press("ben-1", BEN), Action.SKIP)
    aside = replace(his, press=replace(his.press, standing=TapRight.UNKNOWN))

    memory = decide(decide(remembered(ROW), aside).memory, hers).memory
    again = decide(memory, Tap(replace(aside.press, id="ben-2"), Action.SKIP))

    assert (memory.recording, memory.aside) == (hers, (aside,))
    assert again.effects[0] == AnswerTap(
        replace(aside.press, id="ben-2"), texts.in_progress(Action.SKIP, "Anna"), True, True
    )


async def test_a_right_is_believed_for_minutes_and_a_refusal_for_seconds() -> None:
    people, his = People(), press("ben-1", BEN)
    hers = press("anna-1", ANNA)
    assert people.standing(his) is TapRight.UNKNOWN
    people.hear(Forbidden(Tap(his, Action.SKIP), ROW))
    people.hear(Recorded(Tap(hers, Action.SKIP), ROW))

    assert (people.standing(his), people.standing(hers)) == (TapRight.REFUSED, TapRight.MAY)
    await anyio.sleep(REFUSED_SECONDS)
    assert people.standing(his) is TapRight.LAPSED
    await anyio.sleep(RIGHT_SECONDS)
    assert people.standing(hers) is TapRight.UNKNOWN
    await anyio.sleep(DOUBT_SECONDS)
    assert people.standing(his) is TapRight.UNKNOWN


async def test_so_many_people_are_remembered_and_no_more() -> None:
    people = People()
    taps = [Tap(replace(press(), person=replace(ANNA, id=number)), Action.SKIP) for number in range(MOST_PEOPLE + 1)]

    for tap in taps:
        people.hear(Forbidden(tap, ROW))

    assert people.standing(taps[0].press) is TapRight.UNKNOWN
    assert people.standing(taps[-1].press) is TapRight.REFUSED


async def test_person_who_was_given_a_role_is_looked_up_again(stage: ItemStage) -> None:
    stage.store.will("RecordTap", lambda asked: Forbidden(asked.tap, ROW), lambda asked: Recorded(asked.tap, ROW))

    async with playing(stage):
        stage.tell(Tap(press("ben-1", BEN), Action.SKIP))
        await anyio.sleep(REFUSED_SECONDS)
        stage.tell(Tap(press("ben-2", BEN, at=anyio.current_time()), Action.SKIP))

    assert [line["outcome"] for line in stage.taps] == ["forbidden", "recorded"]
    assert stage.store.of(LookAtButton) == []


async def test_stranger_whose_toasts_get_lost_hears_each_sentence_in_the_chat_once(stage: ItemStage) -> None:
    stage.store.always("RecordTap", lambda asked: Forbidden(asked.tap, ROW))
    stage.chat.always("answer", Refused("query is too old"))

    async with playing(stage):
        stage.tell(Tap(press("ben-1", BEN), Action.SKIP))
        await anyio.sleep(0.1)
        stage.tell(Tap(press("ben-2", BEN), Action.SKIP))
        stage.tell(Tap(press("ben-3", BEN), Action.SKIP))

    assert stage.chat.texts == [(CHAT, texts.barred("Ben")), (CHAT, f"Ben: {texts.MAY_NOT}")]


async def test_presses_of_a_person_not_known_are_looked_at_ten_at_a_time() -> None:
    people, presses = People(), [press(f"ben-{number}", BEN) for number in range(MOST_ASKED + 1)]
    unknown = [replace(one, standing=TapRight.UNKNOWN) for one in presses]

    for one in unknown[:MOST_ASKED]:
        people.asks(one)

    assert people.standing(presses[0]) is TapRight.UNKNOWN  # the same press in another update
    assert people.standing(presses[MOST_ASKED]) is TapRight.CROWDED
    assert people.standing(press("anna-1", ANNA)) is TapRight.UNKNOWN
    people.hear(NotRecorded(Tap(unknown[0], Action.SKIP), certain=True))
    assert people.standing(presses[MOST_ASKED]) is TapRight.UNKNOWN
    people.asks(unknown[0])
    await anyio.sleep(PRESS_SECONDS)
    assert people.standing(presses[MOST_ASKED]) is TapRight.UNKNOWN


def test_one_press_too_many_is_refused_from_memory() -> None:
    his = replace(press("ben-1", BEN), standing=TapRight.CROWDED)

    decision = decide(remembered(ROW), Tap(his, Action.SKIP))

    assert decision.memory == remembered(ROW)
    assert decision.effects == (
        AnswerTap(his, texts.BUSY, alone=True, seldom=True),
        Conclude(his, "skip", Outcome.BUSY, "remembered", 0),
        ConfirmUpdate(his, After.ANSWER),
    )


def test_who_taps_beside_a_person_not_known_is_told_so_and_goes_on() -> None:
    unknown = Tap(replace(press("ben-1", BEN), standing=TapRight.UNKNOWN), Action.SKIP)
    hers = Tap(press("anna-1", ANNA), Action.POSTED)

    decision = decide(decide(remembered(ROW), unknown).memory, hers)

    told = AnswerTap(hers.press, "Marking as posted… ⏳ Ben is skipping this…")
    assert decision.effects == (told, Record(hers), WatchRecording(hers))


@pytest.mark.parametrize(
    ("standing", "drawn"), [(TapRight.MAY, 1), (TapRight.LIKELY, 1), (TapRight.UNKNOWN, 0), (TapRight.LAPSED, 0)]
)
def test_only_who_is_likely_to_have_the_right_stands_on_the_card_while_it_is_stored(
    standing: TapRight, drawn: int
) -> None:
    tap = Tap(replace(press(), standing=standing), Action.SKIP)
    memory = decide(remembered(ROW), tap).memory

    progress = decide(memory, StillRecording(tap)).effects
    lost = decide(memory, NotRecorded(tap, certain=True)).effects

    assert len(progress) == drawn
    assert isinstance(lost[0], (SayInChat, ShowLine)[drawn])


async def test_chat_that_was_open_is_likely_to_be_open_still() -> None:
    people = People()
    people.hear_of_chat(CHAT, restricted=False)

    assert people.standing(press()) is TapRight.MAY
    await anyio.sleep(RIGHT_SECONDS)
    assert people.standing(press()) is TapRight.LIKELY
    assert people.may_note(press())


async def test_interactions_of_a_stranger_are_noted_once_a_minute(stage: ItemStage) -> None:
    stage.people.hear(Forbidden(Tap(press("ben-0", BEN), Action.SKIP), ROW))
    presses = [press(f"ben-{number}", BEN) for number in range(5)]

    async with playing(stage):
        await anyio.sleep(REFUSED_SECONDS)
        for one in presses:
            stage.tell(NotYours(one, Action.REJECT, ANNA.id))

    assert len(stage.taps) == 5
    assert len(stage.notes) == 1


async def test_sentence_that_may_have_been_lost_is_said_again(stage: ItemStage) -> None:
    stage.store.always("RecordTap", lambda asked: Forbidden(asked.tap, ROW))
    stage.chat.will("send_text", AnswerLost("nobody knows"), AnswerLost("nobody knows"))

    async with playing(stage):
        stage.tell(Tap(press("ben-1", BEN), Action.SKIP))
        await anyio.sleep(10.0)

    assert stage.chat.texts == [(CHAT, texts.barred("Ben"))]
    assert stage.taps[0]["outcome"] == "forbidden"
