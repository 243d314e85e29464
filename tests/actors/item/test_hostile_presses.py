"""Whatever a person without the right presses, as often as it likes: nothing is drawn, and nobody else is held up."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from actors.domain.item import Action, State
from actors.domain.messages import (
    Barred,
    Forbidden,
    Foreign,
    Gone,
    Message,
    NotOurs,
    NotRecorded,
    StillRecording,
    Unvouched,
)
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
from actors.item import texts
from actors.item.decide import decide
from actors.item.effects import (
    Effect,
    Record,
    SendCard,
    SendFile,
    ShowCard,
    ShowLine,
    ShowQuestion,
    StartPublish,
    VerifyButton,
)
from actors.item.memory import ItemMemory
from tests.hostile import CRUEL_TEXTS
from tests.stories import ANNA, BEN, press, remembered, row

DRAWS = ShowCard | ShowLine | ShowQuestion | SendFile | SendCard | StartPublish
REVIEWER = Tap(press("anna-1", ANNA), Action.SKIP)

standings = st.sampled_from([one for one in TapRight if not one.draws])
presses = st.builds(
    replace,
    st.just(press("ben", BEN)),
    id=st.sampled_from(["ben-1", "ben-2", "ben-3"]),
    update_id=st.integers(1, 9),
    item_id=st.integers(0, 2**40),
    version=st.integers(0, 2**31),
    message_id=st.sampled_from([501, 502, 9999]),
    mark=st.sampled_from([None, "forged"]) | st.just(press().mark),
    shown=st.booleans(),
    person=st.builds(replace, st.just(BEN), name=st.sampled_from(CRUEL_TEXTS)),
    standing=standings,
)
steps = st.sampled_from(list(texts.BUTTON))
pressed: st.SearchStrategy[Pressed] = st.one_of(
    st.builds(Tap, presses, steps),
    st.builds(AskToReject, presses),
    st.builds(AskAboutDoubt, presses, st.sampled_from([Action.IT_IS_LIVE, Action.IT_IS_NOT])),
    st.builds(KeepIt, presses),
    st.builds(LeaveIt, presses),
    st.builds(SendOriginal, presses),
    st.builds(NotYours, presses, steps, st.integers()),
)
fates = st.lists(st.sampled_from(["barred", "gone", "foreign", "lost", "refused", "open"]), max_size=9)


@given(st.sampled_from(list(State)), st.lists(pressed, max_size=9), fates)
def test_hostile_presses_of_who_may_not_tap_draw_nothing_and_hold_nobody_up(
    state: State, forged: list[Pressed], fates: list[str]
) -> None:
    memory, effects = played(remembered(row(state)), forged, fates)

    decision = decide(memory, REVIEWER)

    assert [effect for effect in effects if isinstance(effect, DRAWS)] == []
    assert memory.recording is None
    assert Record(REVIEWER) in decision.effects


def played(memory: ItemMemory, forged: list[Pressed], fates: list[str]) -> tuple[ItemMemory, list[Effect]]:
    """Let the item hear each press, and what the database says to it."""
    effects: list[Effect] = []
    for number, one in enumerate(forged):
        for message in (one, *answers(one, fates[number] if number < len(fates) else "barred")):
            decision = decide(memory, message)
            memory, effects = decision.memory, [*effects, *decision.effects]
            asked = [effect for effect in decision.effects if isinstance(effect, Record | VerifyButton)]
            if message is one and not asked:
                break
    return memory, effects


def answers(one: Pressed, fate: str) -> list[Message]:
    """What may become of a press by a person without the right."""
    known = row(State.IN_REVIEW)
    if not isinstance(one, Tap):
        return [NotOurs(one, Foreign.ANOTHER_ITEM, known)] if fate == "foreign" else _seen(one, fate)
    ends: dict[str, list[Message]] = {
        "barred": [Forbidden(one, known)],
        "gone": [Gone(one)],
        "foreign": [NotOurs(one, Foreign.EARLIER_QUEUE, known)],
        "lost": [NotRecorded(one, certain=False), NotRecorded(one, certain=True)],
        "refused": [NotRecorded(one, certain=True)],
    }
    return [StillRecording(one), *ends.get(fate, [])]


def _seen(one: Pressed, fate: str) -> list[Message]:
    return [Unvouched(one)] if fate in {"lost", "refused"} else [Barred(one, row(State.IN_REVIEW))]
