"""People who have no right to be there: one without a role in the group that asks for one, one from outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from actors.domain.item import Person
from infra.telegram.callback_data import PERSONAL, ButtonVerb, Meaning, decode, encode
from infra.telegram.cards import Button
from tests.simulation.furniture import CHATS
from tests.simulation.people import Crowd
from tests.simulation.telegram import Sight, SimulatedTelegram

TRUDY, OSCAR = Person(91, "Trudy"), Person(90, "Oscar")
OUTSIDE = -1999  # a group that nobody set up
NO_ITEM, MISSING = 5000, 40  # the first of so many numbers that no item has
FLOOD = 60
HURRY_SECONDS = 0.05


class Intruders:
    """They press what they see, send data that no message had, and do it by the hundred."""

    def __init__(self, crowd: Crowd, telegram: SimulatedTelegram) -> None:
        self._crowd = crowd
        self._telegram = telegram

    def trespass(self) -> None:
        """Press all cards of the group that asks for roles, with data of every kind; then the first button, often."""
        inside, elsewhere = self._cards(CHATS[1]), self._cards(CHATS[0])
        if not inside or not elsewhere:
            return
        forged = [*_forged(inside[-1]), *_forged(inside[0]), *_forged(elsewhere[-1])]
        missing = [_data(number) for number in range(NO_ITEM, NO_ITEM + MISSING)]
        presses = [(TRUDY, inside[-1], button) for button in missing]
        presses += [(TRUDY, elsewhere[-1], button) for button in missing]  # where everybody may tap
        presses += [(TRUDY, sight, button) for sight in (inside[-1], inside[0]) for button in forged]
        presses += [(TRUDY, inside[-1], forged[0])] * FLOOD
        assert inside[-1].face.row is not None
        abroad = self._telegram.leave_relic(replace(inside[-1].face.row, chat_id=OUTSIDE))
        presses += [(OSCAR, abroad, button) for button in forged]
        for number, press in enumerate(presses):
            self._telegram.timeline.after(number * HURRY_SECONDS, partial(self._press, *press))

    def _press(self, person: Person, sight: Sight, button: Button) -> None:
        if self._crowd.open():
            self._crowd.press(person, sight, button)

    def _cards(self, chat_id: int) -> list[Sight]:
        screens = [screen for (group, _), screen in self._telegram.screens.items() if group == chat_id]
        return [screen.now for screen in screens if not screen.deleted and screen.now.face.row is not None]


def _forged(sight: Sight) -> Iterator[Button]:
    """Every verb, at the version that is and at one that is not, with the mark and without, with another's mark."""
    row = sight.face.row
    assert row is not None
    for verb in ButtonVerb:
        person = TRUDY.id if verb in PERSONAL else 0
        meaning = Meaning(verb, row.id, row.version, row.mark, person)
        yield Button("", encode(meaning))
        yield Button("", encode(replace(meaning, version=row.version + 5)))
        yield Button("", encode(replace(meaning, mark="forged")))
    yield from (Button("", f"{verb.value}:{row.id}:{row.version}") for verb in (ButtonVerb.SKIP, ButtonVerb.ORIGINAL))


def _data(item_id: int) -> Button:
    button = Button("", encode(Meaning(ButtonVerb.SKIP, item_id, 0, "forged")))
    assert decode(button.target) is not None
    return button
