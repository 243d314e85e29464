"""Which buttons a card has."""

from dataclasses import replace

import pytest

from actors.ports import Face
from actors.rules.item import FINAL, State
from infra.telegram.cards import Keyboard, first_face, keyboard
from tests.infra.telegram.rows import ROW, as_seen


def labels(buttons: Keyboard) -> list[list[str]]:
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
        ["auto_post:42:3"],
        ["posted:42:3", "skip:42:3"],
        ["reject:42:3"],
        ["https://www.instagram.com/", "original:42:3"],
    ]


@pytest.mark.parametrize("state", [State.PRESENTING, State.IN_REVIEW, State.PUBLISHING])
def test_card_that_can_be_decided_keeps_its_buttons(state: State) -> None:
    """F3: no dead cards."""
    assert keyboard(first_face(replace(ROW, state=state))) == keyboard(first_face(ROW))


@pytest.mark.parametrize("state", [*sorted(FINAL, key=lambda state: state.value), State.WAITING])
def test_card_without_a_decision_to_make_has_no_buttons(state: State) -> None:
    assert keyboard(first_face(replace(ROW, state=state))) == ()


def test_card_in_doubt_offers_to_look() -> None:
    assert labels(keyboard(first_face(replace(ROW, state=State.IN_DOUBT)))) == [["Open Instagram", "Original"]]


def test_question_stands_above_buttons_that_stay_live() -> None:
    buttons = keyboard(replace(first_face(ROW), asking=True))

    assert labels(buttons)[0] == ["Yes, reject", "No, keep it"]
    assert [button.target for button in buttons[0]] == ["confirm_reject:42:3", "keep_it:42:3"]
    assert buttons[1:] == keyboard(first_face(ROW))


def test_cold_card_has_the_standard_buttons() -> None:
    cold = Face(-1001, 9, 42, 3, seen=as_seen("x"), line="busy")

    assert keyboard(cold) == keyboard(first_face(ROW))
    assert keyboard(replace(cold, buttons=False)) == ()
