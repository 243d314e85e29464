"""People in front of the fake group: they tap what a card shows them, or what it showed them a while ago."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from actors.domain.item import Action, Person
from actors.domain.taps import AskToReject, KeepIt, Press, Pressed, SendOriginal, Tap
from actors.ports import Face
from tests.fakes.chat import FakeChat
from tests.fakes.updates import Inbox


@dataclass
class People:
    """Everybody's fingers. Each tap has an id of its own, which is returned: its toast is `chat.toasts[id]`."""

    chat: FakeChat
    inbox: Inbox
    taps: list[Pressed] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def tap(self, face: Face, action: Action, person: Person) -> str:
        """Tap a button of a card as it looked when this face was shown."""
        return self._press(face, person, lambda press: Tap(press, action))

    def reject(self, face: Face, person: Person) -> str:
        """Tap Reject, which asks first."""
        return self._press(face, person, AskToReject)

    def keep(self, face: Face, person: Person) -> str:
        """Answer the question with no."""
        return self._press(face, person, KeepIt)

    def ask_for_original(self, face: Face, person: Person) -> str:
        """Ask for the file."""
        return self._press(face, person, SendOriginal)

    def _press(self, face: Face, person: Person, make: Callable[[Press], Pressed]) -> str:
        press_id = f"press-{next(self._numbers)}"
        where = (face.item_id, face.version, face.chat_id, face.message_id)
        mark = face.mark if face.row is None else face.row.mark
        pressed = make(Press(press_id, 0, *where, person, face.seen or "", 0.0, mark=mark, shown=True))
        self.taps.append(pressed)
        self.inbox.put(pressed)
        return press_id
