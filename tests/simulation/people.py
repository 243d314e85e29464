"""People in front of the groups: they tap what they see, impatiently, twice, at once, and on stale cards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from random import Random

from actors.domain.item import Person
from actors.domain.taps import Press, Pressed
from actors.domain.updates import Other, Poison, Said
from infra.telegram.callback_data import VERBS, ButtonVerb, Meaning, decode
from infra.telegram.caption_text import visible
from infra.telegram.cards import Button
from infra.telegram.received_caption import write_seen
from infra.telegram.update_parsing import pressed_as
from tests.simulation.journal import Transcript
from tests.simulation.telegram import Sight, SimulatedTelegram

NAMES = ("Anna", "Ben <b>", "Cleo_*", "Dov ✨", "Eve & Co", "Finn", "Gül", "Hana")
COMMANDS = ("/next", "/next", "/requeue", "/status", "/queue", "/pause", "/resume")
OFTEN_TAPPED = {
    "skip": 4.0,
    "auto_post": 4.0,
    "posted": 2.0,
    "reject": 2.0,
    "confirm_reject": 6.0,
    "keep_it": 2.0,
    "not_live": 4.0,
    "confirm_not_live": 8.0,
}
HABITS = (0.1, 1.0, 1.0, 6.0)
FIRST_ID = 11
IMPATIENCE = 0.35
DOUBLE_TAP = 0.12
STALE = 0.2
COMMAND = 0.05
ODD = 0.01


@dataclass
class Crowd:
    """Everybody's fingers. `pressed` holds every press by its id."""

    telegram: SimulatedTelegram
    transcript: Transcript
    chat_ids: tuple[int, ...]
    open: Callable[[], bool]
    wrote: Callable[[Said], None]
    pressed: dict[str, Pressed] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def add(self, number: int, dice: Random, mean_seconds: float) -> None:
        """Let one more person look at a group from now on."""
        person = Person(FIRST_ID + number, NAMES[number % len(NAMES)])
        chat_id = self.chat_ids[number % len(self.chat_ids)]
        _Finger(self, person, chat_id, dice, mean_seconds).look_later()

    def press(self, person: Person, sight: Sight, button: Button) -> str:
        """Press a button of a card as it looks, or looked."""
        meaning = decode(button.target)
        assert meaning is not None, "every button of ours can be read"
        press_id = f"p{next(self._numbers)}"
        face = sight.face
        where = (meaning.item_id, meaning.version, face.chat_id, face.message_id)
        seen = write_seen({"caption": visible(sight.caption)})
        proof = (meaning.mark, self._shows(sight, meaning))
        pressed = pressed_as(meaning, Press(press_id, 0, *where, person, seen, 0.0, False, *proof))
        self.pressed[press_id] = pressed
        self.telegram.pressed_at[press_id] = self.telegram.timeline.now
        self.transcript.add(f"{person.name} taps {button.target} on message {face.message_id}: {press_id}")
        self.telegram.put(pressed)
        return press_id

    def _shows(self, sight: Sight, meaning: Meaning) -> bool:
        """Tell whether the message, as it is now, has a button of this item: Telegram sends it along."""
        screen = self.telegram.screen(sight.face.chat_id, sight.face.message_id)
        assert screen is not None
        shown = [decode(button.target) for line in screen.now.keyboard for button in line]
        return any(one is not None and (one.item_id, one.mark) == (meaning.item_id, meaning.mark) for one in shown)

    def press_first(self, person: Person, sight: Sight) -> None:
        """Press the first button that it has."""
        buttons = [button for line in sight.keyboard for button in line if not button.is_link]
        if buttons:
            self.press(person, sight, buttons[0])

    def hammer(self, dice: Random, person: Person, seconds: float, taps: int) -> None:
        """Let somebody tap whatever has buttons, very often for a short while."""
        finger = _Finger(self, person, self.chat_ids[0], dice, seconds)
        for _ in range(taps):
            self.telegram.timeline.after(dice.uniform(0.0, seconds), finger.tap_now)

    def say(self, person: Person, chat_id: int, text: str, ago: float = 0.0) -> None:
        """Write into the group, or have written so many seconds ago: Telegram kept it until now."""
        number = next(self._numbers)
        self.transcript.add(f"{person.name} writes {text}")
        said = Said(0, chat_id, 100_000 + number, person, text, age_seconds=ago)
        self.wrote(said)
        self.telegram.put(said)


@dataclass
class _Finger:
    crowd: Crowd
    person: Person
    chat_id: int
    dice: Random
    mean_seconds: float
    likes: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Everybody has habits: who mostly publishes (the first one), who asks and never confirms, who skips."""
        for verb in (one.value for one in ButtonVerb):
            self.likes[verb] = OFTEN_TAPPED.get(verb, 1.0) * self.dice.choice(HABITS)
        if self.person.id == FIRST_ID:
            self.likes["auto_post"] = OFTEN_TAPPED["auto_post"] * HABITS[-1]

    def look_later(self) -> None:
        self.crowd.telegram.timeline.after(self.dice.expovariate(1 / self.mean_seconds), self._look)

    def tap_now(self) -> None:
        if self.crowd.open():
            self._tap_something()

    def _look(self) -> None:
        if not self.crowd.open():
            return
        if self.dice.random() < ODD:
            self.crowd.telegram.put(Poison(0, "odd") if self.dice.random() < 0.5 else Other(0, "somebody joined"))
        elif self.dice.random() < COMMAND:
            self.crowd.say(self.person, self.chat_id, self.dice.choice(COMMANDS))
        else:
            self._tap_something()
        self.look_later()

    def _tap_something(self) -> None:
        lag = self.dice.uniform(5.0, 60.0) if self.dice.random() < STALE else self.dice.uniform(0.2, 1.5)
        seen = self._sights(self.crowd.telegram.timeline.now - lag)
        if not seen:
            return
        sight = self.dice.choice(seen[-3:])
        buttons = [button for row in sight.keyboard for button in row if not button.is_link]
        weights = [self.likes[VERBS[button.target.split(":")[0]].value] for button in buttons]
        self._tap(sight, self.dice.choices(buttons, weights)[0])

    def _sights(self, at: float) -> list[Sight]:
        screens = [screen for (chat_id, _), screen in self.crowd.telegram.screens.items() if chat_id == self.chat_id]
        seen = [screen.as_of(at) for screen in screens if not screen.deleted]
        return [sight for sight in seen if sight is not None and _can_be_pressed(sight)]

    def _tap(self, sight: Sight, button: Button) -> None:
        self.crowd.press(self.person, sight, button)
        if self.dice.random() < DOUBLE_TAP:
            wait = self.dice.uniform(0.05, 0.4)
            self.crowd.telegram.timeline.after(wait, lambda: self._again(sight, button))
        if self.dice.random() < IMPATIENCE:
            wait = self.dice.uniform(1.5, 8.0)
            self.crowd.telegram.timeline.after(wait, lambda: self._grow_impatient(sight, button))

    def _again(self, sight: Sight, button: Button) -> None:
        if self.crowd.open():
            self.crowd.press(self.person, sight, button)

    def _grow_impatient(self, sight: Sight, button: Button) -> None:
        """Tap again if the card still offers it."""
        screen = self.crowd.telegram.screens[sight.face.chat_id, sight.face.message_id]
        offered = {shown.target for row in screen.now.keyboard for shown in row}
        if button.target in offered and not screen.deleted:
            self._again(screen.now, button)


def _can_be_pressed(sight: Sight) -> bool:
    """A published card has a link alone."""
    return any(not button.is_link for row in sight.keyboard for button in row)
