"""Which buttons a card has."""

from dataclasses import replace

import pytest

from actors.domain.item import FINAL, Action, State
from actors.domain.publish_phase import Phase
from actors.domain.taps import Question
from actors.ports import Face
from infra.telegram.cards import ButtonRows, first_face, keyboard
from tests.infra.telegram.rows import ROW, as_seen


def labels(buttons: ButtonRows) -> list[list[str]]:
    return [[button.text for button in row] for row in buttons]


def test_open_card_has_every_button() -> None:
    buttons = keyboard(first_face(ROW))

    assert labels(buttons) == [
        ["Auto Post"],
        ["Posted", "Skip"],
        ["Reject"],
        ["Open Instagram", "Original"],
    ]
    assert [[button.target for button in row] for row in buttons] == [
        ["a:16:3:k9_Xq-"],
        ["p:16:3:k9_Xq-", "s:16:3:k9_Xq-"],
        ["r:16:3:k9_Xq-"],
        ["https://www.instagram.com/", "o:16:3:k9_Xq-"],
    ]


@pytest.mark.parametrize(
    ("permalink", "shown"),
    [("https://www.instagram.com/stories/a/1/", [["See the story (24 h)"]]), ("http://a.example/", []), (None, [])],
)
def test_settled_card_leads_to_the_story_that_is_live(permalink: str | None, shown: list[list[str]]) -> None:
    """Instagram takes a story down after 24 h; an address that is no link could be taken for data of a button."""
    assert labels(keyboard(first_face(replace(ROW, state=State.POSTED, permalink=permalink)))) == shown


@pytest.mark.parametrize("state", [State.PRESENTING, State.IN_REVIEW, State.PUBLISHING])
def test_card_that_can_be_decided_keeps_its_buttons(state: State) -> None:
    """F3: no dead cards."""
    assert keyboard(first_face(replace(ROW, state=state))) == keyboard(first_face(ROW))


@pytest.mark.parametrize("state", [state for state in State if state in FINAL])
def test_card_without_a_decision_to_make_has_no_buttons(state: State) -> None:
    assert keyboard(first_face(replace(ROW, state=state))) == ()


DOUBT = [["It is live", "It is not: post again"], ["Open Instagram", "Original"]]


def test_card_in_doubt_lets_people_say_what_they_see() -> None:
    buttons = keyboard(first_face(replace(ROW, state=State.IN_DOUBT, phase=Phase.IN_DOUBT)))

    assert labels(buttons) == DOUBT
    assert [button.target for button in buttons[0]] == ["l:16:3:k9_Xq-", "n:16:3:k9_Xq-"]
    assert keyboard(Face(-1001, 9, 42, 3, seen="x", line="busy", in_doubt=True, mark=ROW.mark)) == buttons


@pytest.mark.parametrize(
    ("action", "label", "target"),
    [
        (Action.IT_IS_LIVE, "Yes, it is live", "ll:16:3:k9_Xq-:5"),
        (Action.IT_IS_NOT, "Yes, post again", "nn:16:3:k9_Xq-:5"),
    ],
)
def test_doubt_is_confirmed_by_whoever_was_asked(action: Action, label: str, target: str) -> None:
    doubtful = first_face(replace(ROW, state=State.IN_DOUBT, phase=Phase.IN_DOUBT))

    buttons = keyboard(replace(doubtful, asking=Question(action, 5)))

    assert labels(buttons) == [[label, "No, leave it"], *DOUBT]
    assert [button.target for button in buttons[0]] == [target, "lk:16:3:k9_Xq-"]


def test_question_about_something_else_is_not_put_on_a_card_in_doubt() -> None:
    doubtful = first_face(replace(ROW, state=State.IN_DOUBT, phase=Phase.IN_DOUBT))

    assert labels(keyboard(replace(doubtful, asking=Question(Action.REJECT, 5)))) == DOUBT
    assert keyboard(replace(first_face(ROW), asking=Question(Action.IT_IS_LIVE, 5))) == keyboard(first_face(ROW))


@pytest.mark.parametrize("phase", [Phase.CREATING, Phase.CONTAINER, Phase.READY])
def test_publish_can_be_cancelled_until_its_call(phase: Phase) -> None:
    """F10."""
    publishing = first_face(replace(ROW, state=State.PUBLISHING, phase=phase))

    assert labels(keyboard(publishing)) == [["Posted", "Skip"], ["Reject"], ["Open Instagram", "Original"]]
    asked = keyboard(replace(publishing, asking=Question(Action.REJECT, 5)))
    assert labels(asked)[0] == ["Yes, reject", "No, keep it"]


def test_publish_under_way_has_nothing_to_decide() -> None:
    publishing = first_face(replace(ROW, state=State.PUBLISHING, phase=Phase.PUBLISHING))

    assert labels(keyboard(publishing)) == [["Open Instagram", "Original"]]


def test_question_stands_above_buttons_that_stay_live() -> None:
    buttons = keyboard(replace(first_face(ROW), asking=Question(Action.REJECT, 5)))

    assert labels(buttons)[0] == ["Yes, reject", "No, keep it"]
    assert [button.target for button in buttons[0]] == ["rr:16:3:k9_Xq-", "rk:16:3:k9_Xq-"]
    assert buttons[1:] == keyboard(first_face(ROW))


def test_cold_card_has_the_standard_buttons() -> None:
    cold = Face(-1001, 9, 42, 3, seen=as_seen("x"), line="busy", mark=ROW.mark)

    assert keyboard(cold) == keyboard(first_face(ROW))
