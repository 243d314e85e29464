"""People who come for one thing: trouble asks them to tap, to ask, to hammer, whatever the others do."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from actors.rules.item import Person
from infra.telegram.cards import Button
from tests.simulation.furniture import CHATS, QUIET_CHAT
from tests.simulation.people import Crowd
from tests.simulation.telegram import OWN_NAME, Sight, SimulatedTelegram

HAMMERER, WAVERER, REHEARSER, SKIPPER = Person(98, "Jo"), Person(97, "Kim"), Person(96, "Lou"), Person(95, "Max")
HAMMER_SECONDS, HAMMER_TAPS = 20.0, 40
FOR_THE_NEIGHBOUR = ("/pause@dj_music_bot", "/next@dj_music_bot", "/requeue@dj_music_bot")


class Guests:
    """They belong to no group, and have no habits."""

    def __init__(self, crowd: Crowd, telegram: SimulatedTelegram, dice: Random) -> None:
        self._crowd = crowd
        self._telegram = telegram
        self._dice = dice

    def hammer(self) -> None:
        """Somebody taps whatever has buttons, very often for a short while."""
        self._crowd.hammer(self._dice, HAMMERER, HAMMER_SECONDS, HAMMER_TAPS)

    def press(self, sight: Sight) -> None:
        """Somebody presses the first button of a card."""
        self._crowd.press_first(HAMMERER, sight)

    def ask_for_more(self) -> None:
        """Somebody asks for the next card."""
        self._crowd.say(HAMMERER, CHATS[0], "/next")

    def command_the_neighbour(self) -> None:
        """Somebody commands another bot of the group, by its name, and then us by ours."""
        for text in (*FOR_THE_NEIGHBOUR, f"/status@{OWN_NAME}"):
            self._crowd.say(HAMMERER, CHATS[0], text)

    def speak_late(self) -> None:
        """What somebody wrote three hours ago comes now, three times."""
        for _ in range(3):
            self._crowd.say(HAMMERER, CHATS[0], "/next", ago=3 * 3600.0)

    def waver(self) -> None:
        """Somebody asks whether to reject the newest card of the quiet group, and goes away."""
        self._tap_newest(QUIET_CHAT, WAVERER, "reject")

    def rehearse(self) -> None:
        """Somebody lets the newest card of the quiet group be published, which publishes nothing there."""
        self._tap_newest(QUIET_CHAT, REHEARSER, "auto_post")

    def skip(self) -> None:
        """Somebody skips the newest card of the group that publishes."""
        self._tap_newest(CHATS[0], SKIPPER, "skip")

    def _tap_newest(self, chat_id: int, person: Person, verb: str) -> None:
        found = [(sight, button) for sight, button in self._seen(chat_id) if button.target.startswith(f"{verb}:")]
        if found:
            self._crowd.press(person, *found[-1])

    def _seen(self, chat_id: int) -> Iterator[tuple[Sight, Button]]:
        for (group, _), screen in self._telegram.screens.items():
            if group == chat_id and not screen.deleted:
                yield from ((screen.now, button) for line in screen.now.keyboard for button in line)
