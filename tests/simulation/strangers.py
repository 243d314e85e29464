"""Who may not tap: such a press changes nothing, leaves little, shows nothing and keeps nobody waiting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from actors.domain.messages import Recorded
from actors.domain.taps import Press, Pressed
from actors.item.texts import PENDING
from actors.operations.operation import Operation
from actors.operations.taps import CloseTap, LookAtButton, RecordTap
from actors.ports import Face
from tests.fakes.store import Store

MOST_ROWS = 10
NOT_FOR_STRANGERS = {"asked", "kept", "original_sent", "original_not_sent", "original_lost"}


@dataclass
class Strangers:
    """Looks at what comes of their presses; `broken` notes what must not be."""

    store: Store
    broken: Callable[[str, str], None]
    pressed: Callable[[str], Pressed | None] = lambda _: None
    _before: tuple[object, ...] | None = None
    _names: dict[int, dict[str, bool]] = field(default_factory=dict)  # by chat and name: may somebody called so tap?

    def may(self, press: Press) -> bool:
        """Tell whether this person has the right at this moment; who is in no chat of ours has none."""
        chat = self.store.tables.chat_known_as(press.chat_id)
        if chat is None:
            return False
        member = self.store.tables.members.get(chat.chat_key, press.person.id)
        return not chat.restricted or (member is not None and member.role is not None)

    def asked(self, operation: Operation[Any]) -> None:
        """The database is about to run this."""
        press = _press_of(operation)
        self._before = None if press is None or self.may(press) else self._rows()

    def committed(self, operation: Operation[Any], value: object) -> None:
        """It has run it."""
        before, self._before = self._before, None
        press = _press_of(operation)
        if press is None:
            return
        self._look_at_rows(press)
        replayed = isinstance(value, Recorded) and value.replayed
        if before is not None and not replayed and before != self._rows():
            how = f"{press.id} of {press.person.name} changed a row by {type(operation).__name__}"
            self.broken("who may not tap changes nothing", how)

    def delivered(self, press: Press) -> None:
        """A process got this press."""
        names = self._names.setdefault(press.chat_id, {})
        names[press.person.name] = names.get(press.person.name, False) or self.may(press)

    def drawn(self, face: Face) -> None:
        """A message shows something new."""
        named = [name for name in self._barred(face.chat_id) if face.line is not None and name in face.line]
        if named:
            self.broken("nothing is drawn for who may not tap", f"message {face.message_id} says: {face.line}")

    def logged(self, line: dict[str, Any], toast: str) -> None:
        """A process wrote the line of a tap, whose toast said this."""
        pressed = self.pressed(line["tap_id"])
        if pressed is None:
            return
        press = pressed.press
        if line["outcome"] == "forbidden" and self.may(press):
            self.broken("who may tap is not refused for want of a right", f"{press.id} of {press.person.name} was")
        if line["outcome"] in NOT_FOR_STRANGERS and not self.may(press):
            self.broken("who may not tap is shown nothing", f"{press.id} of {press.person.name} was {line['outcome']}")
        first = [name for name in self._barred(press.chat_id) if toast.startswith(f"{PENDING} {name} is ")]
        if line["outcome"] == "busy" and first and self.may(press):
            self.broken("nobody waits for who may not tap", f"{press.id} was refused, for {first[0]} was first")

    def _barred(self, chat_id: int) -> list[str]:
        return [name for name, may in self._names.get(chat_id, {}).items() if not may]

    def _look_at_rows(self, press: Press) -> None:
        chat = self.store.tables.chat_known_as(press.chat_id)
        kept = {"gone"} if self.may(press) else {"gone", "forbidden", "refused"}
        rows = [
            tap
            for tap in self.store.tables.taps.all()
            if chat is not None and tap.chat_key == chat.chat_key and tap.user_id == press.person.id
        ]
        found = sum(tap.outcome in kept for tap in rows)
        if found > MOST_ROWS:
            self.broken("who may not tap leaves few rows", f"{press.person.name} left {found} after {press.id}")

    def _rows(self) -> tuple[object, ...]:
        tables = self.store.tables
        return tuple(tables.items.all()), tuple(tables.cards.all()), tuple(tables.publishes.all())


def _press_of(operation: Operation[Any]) -> Press | None:
    match operation:
        case RecordTap(tap) | CloseTap(tap):
            return tap.press
        case LookAtButton(pressed):
            return pressed.press
        case _:
            return None
