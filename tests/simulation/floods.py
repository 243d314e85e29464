"""A person who floods a group with commands and taps: it costs that person, and nobody else more than a turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from actors.domain.flood_limit import MOST, SECONDS
from actors.domain.item import Person
from infra.telegram.callback_data import CODES, ButtonVerb
from infra.telegram.cards import Button
from tests.simulation.furniture import QUIET_CHAT
from tests.simulation.people import Crowd
from tests.simulation.processes import Process
from tests.simulation.safety import Safety
from tests.simulation.telegram import Sight, SimulatedTelegram

FLOODER, OTHER = Person(93, "Nia"), Person(92, "Otto")
COMMANDS = ("/status", "/queue", "/help")
MANY_COMMANDS, COMMAND_SECONDS = 60, 0.2
MANY_TAPS, TAP_SECONDS = 120, 0.5
OTHER_SECONDS = 15.0  # by then what the group may change at once is spent
TURN_SECONDS = 45.0  # a dozen cards that are tapped by all, one edit in three seconds, and pauses of Telegram's


class Flooder:
    """The one who floods, and another one who taps meanwhile."""

    def __init__(self, crowd: Crowd, telegram: SimulatedTelegram, safety: Safety) -> None:
        self._crowd = crowd
        self._telegram = telegram
        self._safety = safety

    def flood(self) -> None:
        """Write, ask one question after the other; and let another one tap meanwhile."""
        after = self._telegram.timeline.after
        for number in range(MANY_COMMANDS):
            after(number * COMMAND_SECONDS, partial(self._write, COMMANDS[number % len(COMMANDS)]))
        for number in range(MANY_TAPS):
            after(number * TAP_SECONDS, partial(self._ask, ButtonVerb.KEEP_IT if number % 2 else ButtonVerb.REJECT))
        after(OTHER_SECONDS, self._tap_in_turn)

    def _write(self, text: str) -> None:
        if self._crowd.open():
            self._crowd.say(FLOODER, QUIET_CHAT, text)

    def _ask(self, verb: ButtonVerb) -> None:
        found = list(self._cards(verb))
        if found:
            self._tap(*found[0])

    def _tap(self, sight: Sight, button: Button) -> None:
        self._press(FLOODER, sight, button)

    def _press(self, person: Person, sight: Sight, button: Button) -> str | None:
        return self._crowd.press(person, sight, button) if self._crowd.open() else None

    def _tap_in_turn(self) -> None:
        """Another one skips the newest card, and the flooder taps it without end, too late."""
        found, after = list(self._cards(ButtonVerb.SKIP)), self._telegram.timeline.after
        press_id = self._press(OTHER, *found[-1]) if found else None
        if press_id is not None:
            after(TURN_SECONDS, partial(self._look, press_id))
            for number in range(1, MANY_TAPS):
                after(number * TAP_SECONDS, partial(self._tap, *found[-1]))

    def _look(self, press_id: str) -> None:
        """What was recorded of the other one is drawn by now."""
        press = self._crowd.pressed[press_id].press
        screen = self._telegram.screen(press.chat_id, press.message_id)
        chat = self._safety.store.tables.chat(press.chat_id)
        assert screen is not None
        assert chat is not None
        tap = self._safety.store.tables.taps.get(chat.chat_key, press_id)
        face = screen.now.face
        shown = face.version if face.row is None else face.row.version
        recorded = tap is not None and tap.outcome == "recorded"
        if recorded and not screen.deleted and shown <= press.version:
            self._safety.broken("another's tap waits its turn", f"{press_id} is not drawn after {TURN_SECONDS} s")

    def _cards(self, verb: ButtonVerb) -> Iterator[tuple[Sight, Button]]:
        for (chat_id, _), screen in self._telegram.screens.items():
            for button in (one for line in screen.now.keyboard for one in line):
                if chat_id == QUIET_CHAT and not screen.deleted and button.target.startswith(f"{CODES[verb]}:"):
                    yield screen.now, button


@dataclass
class Floods:
    """What a worker answers to whoever floods; `broken` notes what must not be."""

    now: Callable[[], float]
    broken: Callable[[str, str], None]
    _served: dict[tuple[Process, int], dict[int, float]] = field(default_factory=dict)

    def logged(self, process: Process, line: dict[str, Any]) -> None:
        """A process wrote the line of a command: of those that came within a minute it answers few."""
        if line["user_id"] != FLOODER.id:
            return
        served = self._served.setdefault((process, line["chat_id"]), {})
        served[line["message_id"]] = at = self.now() - line["answered_ms"] / 1000
        lately = sum(at - SECONDS < one <= at for one in served.values())
        if lately > MOST + 1:
            self.broken("a flood is passed over", f"{process.name} serves one person {lately} times a minute")


@dataclass
class Pauses:
    """Of one process: what Telegram asked it to wait for."""

    now: Callable[[], float]
    broken: Callable[[str, str], None]
    _until: dict[int, float] = field(default_factory=dict)

    def asks(self, chat_id: int, what: str) -> None:
        """Something is asked of Telegram in this chat."""
        rest = self._until.get(chat_id, 0.0) - self.now()
        if rest > 1e-6:
            self.broken("a pause is kept", f"{what} in {chat_id}, {rest:.3f} s before the end of a pause")

    def begins(self, chat_id: int, seconds: float) -> None:
        """Telegram wants a pause there."""
        self._until[chat_id] = max(self._until.get(chat_id, 0.0), self.now() + seconds)
