"""The shell of an item: presses on messages that may be none of its cards."""

from dataclasses import replace

import anyio
import pytest

from actors.bounds import LOOK_AT_BUTTON_SECONDS
from actors.domain.item import Action, State
from actors.domain.messages import Foreign, NotOurs, Recorded, Vouched
from actors.domain.taps import AskToReject, SendOriginal, Tap
from actors.item import texts
from actors.item.caches import MOST_KNOWN, MOST_TOLD, SELDOM_SECONDS, KnownCards, RecentlyTold
from actors.item.memory import Known
from actors.operations.taps import LookAtButton, LookAtCard
from actors.runtime.cell import RegistryLimits
from tests.actors.fakes import Never
from tests.actors.item.fakes import KEY, ItemStage, playing
from tests.kit.clock import virtual_time
from tests.stories import ANNA, BEN, CHAT, MARK, press, row

anyio_backend = virtual_time

HERS = press("anna-1", ANNA)
TAP = Tap(HERS, Action.SKIP)
ROW = row(State.IN_REVIEW)
SAID = [(CHAT, f"Anna: {texts.EARLIER_QUEUE}")]


@pytest.fixture
def stage() -> ItemStage:
    """Nobody has heard of this item."""
    return ItemStage(known=KnownCards())


async def test_question_waits_for_the_row_and_is_then_asked_on_its_card(stage: ItemStage) -> None:
    stage.store.will("LookAtButton", lambda asked: Vouched(asked.pressed, ROW))

    async with playing(stage):
        stage.tell(AskToReject(HERS))
        await stage.cards.journal.until("show_view")

    assert stage.store.of(LookAtButton) == [LookAtButton(AskToReject(HERS))]
    assert stage.chat.toasts == [("anna-1", texts.SURE)]
    assert (stage.line_faces[0].row, stage.line_faces[0].asking is not None) == (ROW, True)
    assert (stage.taps[0]["action"], stage.taps[0]["outcome"]) == ("ask_to_reject", "asked")
    assert stage.confirmed == [HERS.update_id]


async def test_press_on_a_card_of_an_earlier_queue_touches_nothing(stage: ItemStage) -> None:
    stage.store.always("LookAtButton", lambda asked: NotOurs(asked.pressed, Foreign.EARLIER_QUEUE, ROW))

    async with playing(stage):
        stage.tell(SendOriginal(HERS))

    assert (stage.cards.lines, stage.cards.drawn, stage.chat.originals) == ([], [], [])
    assert stage.chat.texts == SAID
    assert (stage.taps[0]["outcome"], stage.taps[0]["cause"]) == ("unknown_button", "earlier_queue")
    assert stage.store.of(LookAtCard) == []


async def test_press_that_nobody_can_look_at_is_refused_in_time_for_a_webhook(stage: ItemStage) -> None:
    stage.store.always("LookAtButton", Never())

    async with playing(stage):
        stage.tell(AskToReject(HERS))
        await stage.chat.journal.until("send_text")
        assert anyio.current_time() == pytest.approx(LOOK_AT_BUTTON_SECONDS)

    assert stage.chat.texts == [(CHAT, texts.not_looked_at("Anna"))]
    assert (stage.taps[0]["outcome"], stage.confirmed) == ("refused", [HERS.update_id])


async def test_progress_and_refusal_of_a_tap_are_never_drawn_on_a_message_that_nobody_knows(stage: ItemStage) -> None:
    stage.store.will("RecordTap", Never(certain=True))

    async with playing(stage):
        stage.tell(TAP)
        await stage.chat.journal.until("send_text")

    assert stage.lines == []
    assert stage.chat.texts == [(CHAT, texts.not_saved(Action.SKIP, "Anna"))]


async def test_who_forges_again_and_again_is_told_once_a_minute_and_logged_each_time(stage: ItemStage) -> None:
    stage.store.always("LookAtButton", lambda asked: NotOurs(asked.pressed, Foreign.UNKNOWN_MESSAGE))

    async with playing(stage):
        for number in range(3):
            stage.tell(SendOriginal(replace(HERS, id=f"anna-{number}")))
        await anyio.sleep(SELDOM_SECONDS / 2)
        stage.tell(SendOriginal(press("ben-1", BEN)))
        await anyio.sleep(SELDOM_SECONDS / 2)
        stage.tell(SendOriginal(replace(HERS, id="anna-9")))

    assert stage.chat.texts == [*SAID, (CHAT, f"Ben: {texts.EARLIER_QUEUE}"), *SAID]
    assert [line["outcome"] for line in stage.taps] == ["unknown_button"] * 5


async def test_what_the_row_said_outlives_the_actor(stage: ItemStage) -> None:
    """While the database is away later, the card can still be told what became of a tap."""
    stage.store.will("RecordTap", lambda asked: Recorded(asked.tap, ROW), Never(certain=True))

    async with playing(stage):
        stage.tell(TAP)
        await anyio.sleep(RegistryLimits().idle_seconds * 3)
        stage.tell(Tap(replace(HERS, id="anna-2", at=anyio.current_time()), Action.SKIP))
        await stage.cards.journal.until("add_line", 2)

    assert stage.lines[-1] == texts.not_saved(Action.SKIP, "Anna")
    assert stage.known.of(KEY) == Known(MARK, frozenset({(CHAT, 501)}))


def test_items_that_were_heard_of_least_lately_are_forgotten_first() -> None:
    known = KnownCards()
    for item_id in range(MOST_KNOWN):
        known.keep((CHAT, item_id), Known(MARK))
    known.keep((CHAT, 0), Known(MARK))
    known.keep((CHAT, MOST_KNOWN), Known(MARK))

    assert known.of((CHAT, 0)) == known.of((CHAT, MOST_KNOWN)) == Known(MARK)
    assert known.of((CHAT, 1)) is None


async def test_so_many_strangers_are_remembered_and_no_more() -> None:
    seldom = RecentlyTold()
    people = [replace(HERS, person=replace(ANNA, id=number)) for number in range(MOST_TOLD + 1)]

    first = [seldom.may_tell(one, "no") for one in people]

    assert all(first)
    assert not seldom.may_tell(people[-1], "no")
    assert seldom.may_tell(people[0], "no")
