"""People who come for one thing: trouble asks them to tap, to ask, to hammer, whatever the others do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from random import Random

from actors.domain.group_ids import GroupKind
from actors.domain.item import Person
from actors.domain.membership import BotMembership
from actors.domain.updates import Membership
from infra.telegram.callback_data import CODES, ButtonVerb, decode, encode
from infra.telegram.cards import Button
from tests.simulation.floods import Flooder
from tests.simulation.furniture import CHATS, QUIET_CHAT
from tests.simulation.intruders import Intruders
from tests.simulation.people import Crowd
from tests.simulation.telegram import OWN_NAME, Sight, SimulatedTelegram

HAMMERER, WAVERER, REHEARSER, SKIPPER = Person(98, "Jo"), Person(97, "Kim"), Person(96, "Lou"), Person(95, "Max")
FORGER, RELIC = Person(94, "Mallory"), "before"
HAMMER_SECONDS, HAMMER_TAPS = 20.0, 40
FOR_THE_NEIGHBOUR = ("/pause@dj_music_bot", "/next@dj_music_bot", "/requeue@dj_music_bot")
FORGE_SECONDS = 0.7
STRANGER, STRANGE_CHATS, INVITE_SECONDS = Person(93, "Trudy"), -1900, 15.0
IN_AND_OUT = (BotMembership.LEFT, BotMembership.MEMBER)


class Guests:
    """They belong to no group, and have no habits."""

    def __init__(self, crowd: Crowd, telegram: SimulatedTelegram, dice: Random, flooder: Flooder) -> None:
        self._crowd = crowd
        self._flooder = flooder
        self._telegram = telegram
        self._dice = dice
        self._forged = 0
        self._strange = STRANGE_CHATS
        self.invited: Callable[[int], None] = lambda _: None
        self._intruders = Intruders(crowd, telegram)

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
        self._tap_newest(QUIET_CHAT, WAVERER, ButtonVerb.REJECT)

    def rehearse(self) -> None:
        """Somebody lets the newest card of the quiet group be published, which publishes nothing there."""
        self._tap_newest(QUIET_CHAT, REHEARSER, ButtonVerb.AUTO_POST)

    def skip(self) -> None:
        """Somebody skips the newest card of the group that publishes."""
        self._tap_newest(CHATS[0], SKIPPER, ButtonVerb.SKIP)

    def publish(self) -> None:
        """Somebody lets the newest card of the group that publishes be published."""
        self._tap_newest(CHATS[0], SKIPPER, ButtonVerb.AUTO_POST)

    def flood(self) -> None:
        """Somebody floods the quiet group, and another one taps there."""
        self._flooder.flood()

    def invite(self) -> None:
        """A stranger brings the bot into a group that nobody set up, throws it out, and brings it in once more."""
        self._strange -= 1
        chat_id, timeline = self._strange, self._telegram.timeline
        self.invited(chat_id)
        for number, (before, after) in enumerate(pairwise((*IN_AND_OUT, *IN_AND_OUT))):
            change = Membership(0, chat_id, GroupKind.SUPERGROUP, STRANGER.id, before, after)
            timeline.after(number * INVITE_SECONDS, partial(self._telegram.put, change))

    def forge(self) -> None:
        """Somebody presses cards of a queue that was, and sends data that the pressed message never had."""
        seen = [sight for sight, _ in self._seen(CHATS[0]) if sight.face.row is not None]
        if not seen:
            return
        last = seen[-1]
        first = next((sight for sight in seen if sight.face.item_id != last.face.item_id), last)
        assert last.face.row is not None
        relic = self._telegram.leave_relic(replace(last.face.row, mark=RELIC))
        item, version = last.face.row.id, last.face.row.version
        for sight in (relic, first):  # data of the newest card, on a relic and on the oldest card
            self._press_all(sight, _buttons(last))
        self._press_all(relic, _buttons(relic))
        self._press_all(
            relic, [Button("", f"{verb.value}:{item}:{version}") for verb in (ButtonVerb.SKIP, ButtonVerb.ORIGINAL)]
        )
        self._press_all(last, [_later(button) for button in _buttons(last)])

    def trespass(self) -> None:
        """People without the right press everything that there is, and more."""
        self._intruders.trespass()

    def _press_all(self, sight: Sight, buttons: Sequence[Button]) -> None:
        timeline = self._telegram.timeline
        for button in buttons:  # not at once: most would be told that another one is being recorded
            self._forged += 1
            timeline.after(self._forged % 20 * FORGE_SECONDS, partial(self._forge_one, sight, button))

    def _forge_one(self, sight: Sight, button: Button) -> None:
        if self._crowd.open():
            self._crowd.press(FORGER, sight, button)

    def _tap_newest(self, chat_id: int, person: Person, verb: ButtonVerb) -> None:
        found = [
            (sight, button) for sight, button in self._seen(chat_id) if button.target.startswith(f"{CODES[verb]}:")
        ]
        if found:
            self._crowd.press(person, *found[-1])

    def _seen(self, chat_id: int) -> Iterator[tuple[Sight, Button]]:
        for (group, _), screen in self._telegram.screens.items():
            if group == chat_id and not screen.deleted:
                yield from ((screen.now, button) for line in screen.now.keyboard for button in line)


def _buttons(sight: Sight) -> list[Button]:
    return [button for line in sight.keyboard for button in line if not button.is_link]


def _later(button: Button) -> Button:
    """The same button at a version that no row has reached: the database has lost its past."""
    meaning = decode(button.target)
    assert meaning is not None
    return replace(button, target=encode(replace(meaning, version=meaning.version + 5)))
