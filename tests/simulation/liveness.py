"""What must have come true some time after all trouble has ended (the times of the promise)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from actors.domain.item import Person, State
from actors.domain.publish_phase import RUNNING
from actors.domain.taps import Tap
from actors.ports import Face
from infra.telegram.cards import caption, keyboard, without_line
from tests.fakes.records import CardRecord, ItemRecord
from tests.fakes.store import Store
from tests.fakes.writer import Writer
from tests.simulation.people import Crowd
from tests.simulation.processes import Life
from tests.simulation.safety import Safety
from tests.simulation.telegram import Screen, SimulatedTelegram

CARDS_SECONDS = 90.0
TAPS_SECONDS = 100.0
PUBLISHES_SECONDS = 150.0
QUESTION_SECONDS = 75.0  # with the time that it takes to take it away
UNDER_WAY_SECONDS = 15.0  # what changed so lately may still be on its way to the card
FRESH_SECONDS = 60.0
RUNS = {phase.value for phase in RUNNING}


@dataclass
class Liveness:
    """The examiner; whoever runs the world calls each part at its time."""

    store: Store
    telegram: SimulatedTelegram
    crowd: Crowd
    safety: Safety
    now: Callable[[], datetime]
    _late_presses: list[str] = field(default_factory=list)
    _last_presses: list[str] = field(default_factory=list)
    _known: set[int] = field(default_factory=set)  # messages that were there before the last moment

    def look_at_cards(self, *, at_the_end: bool = False) -> None:
        """Every message of an item shows what its row says, with its buttons live, and no line that waits."""
        writer = Writer(self.store.tables, self.now())
        for card in self.store.tables.cards.all():
            item = self.store.tables.items.get(card.chat_key, card.item_id)
            assert item is not None
            screen = self.telegram.screens.get((writer.chat_of(item).chat_id, card.message_id))
            asks = screen is not None and self._asks_still(screen)
            if screen is not None and not screen.deleted and not asks and not self._changed_lately(item):
                self._look_at(card, screen, writer)
                if at_the_end and card.shown < card.want:
                    said = f"message {card.message_id}: shown {card.shown}, wanted {card.want}"
                    self.safety.broken("what is shown is acknowledged", said)

    def tap_what_is_left(self, person: Person) -> None:
        """Let a newcomer skip whatever still waits for people: a live button does something."""
        tapped: set[str] = set()  # a second card of an item would find the first tap at work
        for screen in tuple(self.telegram.screens.values()):
            skips = [one for line in screen.now.keyboard for one in line if one.target.startswith("s:")]
            item = skips[0].target.split(":")[1] if skips else None
            if item is not None and not screen.deleted and item not in tapped:
                tapped.add(item)
                self._late_presses.append(self.crowd.press(person, screen.now, skips[0]))

    def tap_old_cards(self, person: Person) -> None:
        """Let somebody tap Skip once more on each item that ever offered it, as people do on a phone that was off."""
        self._known = {message_id for _, message_id in self.telegram.screens}
        tapped: set[str] = set()
        for screen in tuple(self.telegram.screens.values()):
            for sight in reversed(screen.sights):
                skips = [one for line in sight.keyboard for one in line if one.target.startswith("s:")]
                item = skips[0].target.split(":")[1] if skips else None
                if item is not None and item not in tapped:
                    tapped.add(item)
                    self._last_presses.append(self.crowd.press(person, sight, skips[0]))
                    break

    def look_at_farewell(self) -> None:
        """What a worker had answered when it was told to stop, it has stored and explained."""
        for press_id in self._last_presses:
            pressed, sights = self.crowd.pressed[press_id], self.safety.evidence.delivered.get(press_id, [])
            taken = press_id in self.safety.evidence.toast_sent
            ended = all(process.life is Life.ENDED for _, process in sights)
            done = isinstance(pressed, Tap) and self._outcome(pressed) and press_id in self.safety.evidence.lines
            if taken and ended and not done:
                self.safety.broken("a stop drains", f"{press_id} was answered before the stop, and is not explained")
        for (chat_id, message_id), screen in self.telegram.screens.items():
            chat = self.store.tables.chat(chat_id)
            assert chat is not None
            if message_id not in self._known and self.store.tables.cards.get(chat.chat_key, message_id) is None:
                said = f"message {message_id} of item {screen.now.face.item_id} was sent, and is in no row"
                self.safety.broken("a stop drains", said)

    def messages(self) -> Counter[int]:
        """How many messages each item made."""
        return Counter(screen.now.face.item_id for screen in self.telegram.screens.values())

    def look_at_interactions(self) -> None:
        """Each tap that one worker alone saw, and that lived on, is noted once."""
        noted = Counter(line.tap_id for line in self.store.tables.interactions.all())
        for press_id, sights in self.safety.evidence.delivered.items():
            lived = all(process.life is Life.RUNNING and process.frozen_at is None for _, process in sights)
            if lived and len({process for _, process in sights}) == 1 and noted[press_id] > 1:
                self.safety.broken("each interaction is written once", f"{press_id} is there {noted[press_id]} times")

    def look_at_taps(self) -> None:
        """Every tap that a worker got is stored, or was refused so that people saw it, and Telegram holds none."""
        for press_id in self.safety.evidence.delivered:
            pressed = self.crowd.pressed[press_id]
            answered = press_id in self.safety.evidence.toast_sent or press_id in self.safety.evidence.lines
            if isinstance(pressed, Tap) and not answered and self._outcome(pressed) is None:
                self.safety.broken("every tap is answered", f"{press_id} was delivered, and nobody ever answered")
        if self.telegram.unconfirmed:
            self.safety.broken("held taps end", f"Telegram still holds {len(self.telegram.unconfirmed)} updates")
        self._look_at_lines()
        self._look_at_decisions()

    def look_at_late_presses(self) -> None:
        """What the newcomer tapped was decided."""
        for press_id in self._late_presses:
            pressed = self.crowd.pressed[press_id]
            if isinstance(pressed, Tap) and self._outcome(pressed) is None:
                self.safety.broken("a live button does something", f"{press_id} came to nothing, though all is well")

    def look_at_publishes(self) -> None:
        """Every publish is decided or in doubt, nobody's lease is left, and nothing is claimed for ever."""
        for publish in self.store.tables.publishes.all():
            if publish.state in RUNS:
                self.safety.broken("publishes are decided", f"item {publish.item_id} is still {publish.state}")
        for item in self.store.tables.items.all():
            if item.state == State.PRESENTING.value and self._is_stranded(item):
                self.safety.broken("no item is stranded", f"item {item.item_id} is claimed by {item.held_by}")
            if item.state == State.PUBLISHING.value:
                self.safety.broken("publishes are decided", f"item {item.item_id} is still publishing")
            self._look_at_story(item)

    def _look_at(self, card: CardRecord, screen: Screen, writer: Writer) -> None:
        row = writer.known_row(writer.tables.items.get(card.chat_key, card.item_id))  # type: ignore[arg-type]
        truth = Face(row.chat_id, card.message_id, row.id, row.version, row, retired=card.retired)
        shown = screen.now
        name = f"message {card.message_id} of item {row.id} ({row.state.value}, version {row.version})"
        if card.gone:
            self.safety.broken("cards tell the truth", f"{name} was given up though it is there")
        elif shown.keyboard != keyboard(truth):
            has = [button.target for line in shown.keyboard for button in line]
            self.safety.broken("a card that needs a decision has its buttons", f"{name} has {has}")
        elif not card.retired and without_line(shown.caption) != without_line(caption(truth)):
            self.safety.broken("cards tell the truth", f"{name} says: {_ending(shown.caption)}")
        elif shown.face.line is not None and shown.face.line.startswith("⏳"):
            self.safety.broken("cards tell the truth", f"{name} still waits: {shown.face.line}")

    def _look_at_lines(self) -> None:
        """The log explains each tap whose workers all lived on, and says what the row says."""
        for press_id, sights in self.safety.evidence.delivered.items():
            lines = self.safety.evidence.lines.get(press_id, [])
            lived = all(process.life is Life.RUNNING and process.frozen_at is None for _, process in sights)
            if lived and not lines:
                self.safety.broken("the log explains each tap", f"{press_id} has no line")
            pressed = self.crowd.pressed[press_id]
            outcome = self._outcome(pressed) if isinstance(pressed, Tap) else None
            said = {line["outcome"] for line in lines}
            # Its worker died over it. The next one was storing another tap of the item when it came again, or held it
            # itself without a database; and the item has been decided anew before its card was drawn.
            came_again = said <= {"busy", "refused"} and any(process.life is Life.KILLED for _, process in sights)
            if outcome == "recorded" and said and "recorded" not in said and not came_again:
                self.safety.broken("the log explains each tap", f"{press_id} is recorded, and the log says {said}")
            writers = [(line["process"], line["outcome"]) for line in lines]
            if len(writers) > len(set(writers)):
                self.safety.broken("the log explains each tap", f"{press_id} has two lines of one worker: {writers}")

    def _look_at_decisions(self) -> None:
        """Whoever died over it: the tap that an item owes its state to is explained, while a card can be drawn."""
        writer = Writer(self.store.tables, self.now())
        drawable = {(card.chat_key, card.item_id) for card in self.store.tables.cards.all() if not card.gone}
        for item in self.store.tables.items.all():
            settled = writer.known_row(item).settled
            tap_id = settled.tap_id if settled else None
            said = {line["outcome"] for line in self.safety.evidence.lines.get(tap_id or "", [])}
            drawn = (item.chat_key, item.item_id) in drawable and not self._changed_lately(item)
            if tap_id is not None and drawn and "recorded" not in said and not self._was_drawn_by_others(item, tap_id):
                told = f"{tap_id} decided item {item.item_id}, and the log says {said or 'nothing'}"
                self.safety.broken("the log explains each decision", told)

    def _was_drawn_by_others(self, item: ItemRecord, tap_id: str) -> bool:
        """Its worker died over it, and the item was published or tapped again before the reconciler drew its card.

        Whoever stores the next change draws the card, and does not know that the change before it was never explained.
        """
        sights = self.safety.evidence.delivered.get(tap_id, [])
        dead = {process for _, process in sights if process.life is Life.KILLED}
        others = [
            process
            for press_id, seen in self.safety.evidence.delivered.items()
            if press_id != tap_id and self.crowd.pressed[press_id].press.item_id == item.item_id
            for at, process in seen
            if at > sights[0][0]
        ]
        published = any(one.item_id == item.item_id for one in self.store.tables.publishes.all())
        return bool(dead) and (published or any(process not in dead for process in others))

    def _look_at_story(self, item: ItemRecord) -> None:
        publishes = [
            publish
            for publish in self.store.tables.publishes.all()
            if (publish.chat_key, publish.item_id) == (item.chat_key, item.item_id)
        ]
        if any(publish.state == "published" for publish in publishes) and item.state != State.POSTED.value:
            self.safety.broken("the row follows its publish", f"item {item.item_id} is live and {item.state}")

    def _outcome(self, tap: Tap) -> str | None:
        chat = self.store.tables.chat(tap.press.chat_id)
        found = None if chat is None else self.store.tables.taps.get(chat.chat_key, tap.press.id)
        return None if found is None else found.outcome

    def _asks_still(self, screen: Screen) -> bool:
        """A question stands for a minute, and a press may have come to a worker late: its poll was lost."""
        return screen.now.face.asking is not None and self.telegram.timeline.now - screen.now.at < QUESTION_SECONDS

    def _is_stranded(self, item: ItemRecord) -> bool:
        """Nobody holds it, its chat is not paused, and the rest after sends that failed is over, too."""
        chat = self.store.tables.chats.get(item.chat_key)
        since = max(item.hold_until, chat.next_card_at) if chat and not chat.paused and item.hold_until else None
        return since is not None and since < self.now() - timedelta(seconds=UNDER_WAY_SECONDS)

    def _changed_lately(self, item: ItemRecord) -> bool:
        since = self.now() - timedelta(seconds=UNDER_WAY_SECONDS)
        # What a new card says of its account comes when everything else is drawn: edits are few.
        fresh = item.presented_at is not None and item.presented_at > self.now() - timedelta(seconds=FRESH_SECONDS)
        moments = [item.settled_at]
        moments += [one.phase_at for one in self.store.tables.publishes.all() if one.item_id == item.item_id]
        moments += [one.at for one in self.store.tables.taps.all() if one.item_id == item.item_id]  # each has its line
        return fresh or any(moment is not None and moment > since for moment in moments)


def _ending(shown: str) -> str:
    return " / ".join(shown.splitlines()[-3:])
