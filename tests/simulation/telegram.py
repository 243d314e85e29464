"""Telegram as one bot meets it: updates are held until they are confirmed, messages show what they were last given."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from actors.domain.item import Item
from actors.domain.taps import Pressed
from actors.domain.updates import Membership, Moved, Other, Poison, Said, Unknown, Update
from actors.errors import ChatRefused, MessageGone, Refused, Unreachable
from actors.ports import Face, SentCard
from actors.updates.dispatcher import id_of
from infra.telegram.cards import ButtonRows, caption, keyboard
from tests.simulation.processes import Process
from tests.simulation.timeline import Timeline

MOST = 100
SAME_OFFSET_SECONDS = 0.5
IMPATIENT_SECONDS = 3.0
PRESS_SECONDS = 150.0
UPDATE_SECONDS = 86_400.0
A_MINUTE = 40  # changes of one group; the real limit is not published, and a worker spends 20 at once and 20 a minute
ANSWERABLE_SECONDS = 150.0
OWN_NAME = "everytap_bot"


@dataclass(frozen=True, slots=True)
class Sight:
    """What a message showed from a moment on."""

    at: float
    face: Face
    caption: str
    keyboard: ButtonRows


@dataclass(slots=True)
class Screen:
    """One message."""

    sights: list[Sight]
    deleted: bool = False

    @property
    def now(self) -> Sight:
        """What it shows."""
        return self.sights[-1]

    def as_of(self, at: float) -> Sight | None:
        """What it showed then."""
        return next((sight for sight in reversed(self.sights) if sight.at <= at), None)


@dataclass(frozen=True)
class Listeners:
    """Who hears what Telegram did: confirmed these updates, drew this sight over that one, showed a toast or a text."""

    confirmed: Callable[[list[Update]], None]
    drawn: Callable[[Sight, Sight | None], None]
    toasted: Callable[[str, str], None]
    said: Callable[[int, str], None]
    conflicted: Callable[[], None]
    refused: Callable[[int, int], None]
    delivered: Callable[[Process, Sequence[Update]], None]


@dataclass(slots=True)
class _Poll:
    offset: int | None
    most: int
    give: Callable[[list[Update] | None], None]
    stays: bool  # else it only nudges whoever polls


@dataclass
class SimulatedTelegram:
    """The platform, for one bot."""

    timeline: Timeline
    listeners: Listeners
    news: Callable[[], None] = lambda: None  # for whoever brings updates to a webhook
    screens: dict[tuple[int, int], Screen] = field(default_factory=dict)
    relics: dict[tuple[int, int], Screen] = field(default_factory=dict)  # cards of a queue that was
    toasts: dict[str, str] = field(default_factory=dict)
    pressed_at: dict[str, float] = field(default_factory=dict)
    spoiled: set[int] = field(default_factory=set)  # items whose picture it refuses, for ever
    closed: set[int] = field(default_factory=set)  # chats in which it takes nothing of the bot's
    _held: dict[int, tuple[Update, float]] = field(default_factory=dict)
    _next_update: int = 1000
    _next_message: int = 501
    _poll: _Poll | None = None
    _spent: dict[int, deque[float]] = field(default_factory=dict)
    _asked: tuple[int | None, float] = (-1, -1e9)

    def put(self, update: Update) -> None:
        """Hold an update for whoever polls."""
        update_id, self._next_update = self._next_update, self._next_update + 1
        lives = PRESS_SECONDS if isinstance(update, Pressed) else UPDATE_SECONDS
        self._held[update_id] = (_numbered(update, update_id), self.timeline.now + lives)
        self._serve()
        self.news()

    def holds(self, update: Update) -> bool:
        """Tell whether it is neither confirmed nor too old; what is, is forgotten."""
        self._drop_old()
        return id_of(update) in self._held

    def forget(self, update: Update) -> None:
        """The webhook has taken it."""
        if self._held.pop(id_of(update), None) is not None:
            self.listeners.confirmed([update])

    def ends_within(self, update: Update, seconds: float) -> bool:
        """Tell whether it will be too old by then."""
        held = self._held.get(id_of(update))
        return held is None or held[1] <= self.timeline.now + seconds

    def drop(self, update: Update) -> None:
        """It will not be brought any more."""
        self._held.pop(id_of(update), None)

    def held_seconds(self, said: Said) -> float:
        """Tell for how long it is held."""
        until = self._held[said.update_id][1] if said.update_id in self._held else self.timeline.now + UPDATE_SECONDS
        return self.timeline.now - (until - UPDATE_SECONDS)

    @property
    def unconfirmed(self) -> list[Update]:
        """What is still held."""
        return [update for update, _ in self._held.values()]

    def poll(self, offset: int | None, seconds: float, give: Callable[[list[Update] | None], None]) -> None:
        """Confirm what is below the offset, end an older poll (`give(None)`), and wait for more."""
        older, self._poll = self._poll, None
        if older is not None:
            if seconds > 0 and older.stays:
                self.listeners.conflicted()
            older.give(None)
        stays = seconds > 0
        most, seconds = self._brake(offset, seconds)
        self._confirm(offset)
        poll = self._poll = _Poll(offset, most, give, stays)
        self._serve()
        if self._poll is poll:
            self.timeline.after(seconds, lambda: self._end(poll))

    def limit(self, chat_id: int) -> None:
        """Let a group change so often a minute, whoever asks; toasts are not counted."""
        lately = self._spent.setdefault(chat_id, deque())
        while lately and lately[0] <= self.timeline.now - 60.0:
            lately.popleft()
        if len(lately) >= A_MINUTE:
            raise Unreachable("Telegram asks for a pause", lately[0] + 60.0 - self.timeline.now)
        lately.append(self.timeline.now)

    def answer(self, press_id: str, text: str) -> None:
        """Show a toast, once."""
        pressed_at = self.pressed_at.get(press_id, -1e9)
        if press_id in self.toasts or self.timeline.now - pressed_at > ANSWERABLE_SECONDS:
            raise Refused("query is too old and response timeout expired or query ID is invalid")
        self.toasts[press_id] = text
        self.listeners.toasted(press_id, text)

    def send(self, row: Item) -> SentCard:
        """Show a new message."""
        self._look_at_rights(row.chat_id)
        if row.id in self.spoiled:
            raise Refused("PHOTO_INVALID_DIMENSIONS")
        message_id, self._next_message = self._next_message, self._next_message + 1
        face = Face(row.chat_id, message_id, row.id, row.version, row)
        sight = self._sight(face)
        self.screens[row.chat_id, message_id] = Screen([sight])
        self.listeners.drawn(sight, None)
        return SentCard(message_id, f"file-{row.story.media_id}")

    def leave_relic(self, row: Item) -> Sight:
        """Show a card that this bot sent for another database, which had given out the same number."""
        message_id, self._next_message = self._next_message, self._next_message + 1
        sight = self._sight(Face(row.chat_id, message_id, row.id, row.version, row))
        self.relics[row.chat_id, message_id] = Screen([sight])
        return sight

    def screen(self, chat_id: int, message_id: int) -> Screen | None:
        """Find a message of this bot, whichever queue it was sent for."""
        return self.screens.get((chat_id, message_id)) or self.relics.get((chat_id, message_id))

    def sent_for(self, chat_id: int, message_id: int) -> tuple[int, str] | None:
        """Tell for which item, and with which mark, a message was sent."""
        screen = self.screen(chat_id, message_id)
        row = None if screen is None else screen.sights[0].face.row
        return None if row is None else (row.id, row.mark)

    def edit(self, face: Face) -> None:
        """Redraw a message; the same once more changes nothing."""
        self._look_at_rights(face.chat_id)
        screen = self.screen(face.chat_id, face.message_id)
        if screen is None or screen.deleted:
            self.listeners.refused(face.chat_id, face.message_id)
            raise MessageGone("message to edit not found")
        before, sight = screen.now, self._sight(face)
        if (before.caption, before.keyboard) != (sight.caption, sight.keyboard):
            screen.sights.append(sight)
        self.listeners.drawn(sight, before)

    def say(self, chat_id: int, text: str) -> None:
        """Show a text."""
        self._look_at_rights(chat_id)
        self.listeners.said(chat_id, text)

    def _look_at_rights(self, chat_id: int) -> None:
        if chat_id in self.closed:
            raise ChatRefused("not enough rights to send photos to the chat")

    def _sight(self, face: Face) -> Sight:
        return Sight(self.timeline.now, face, caption(face), keyboard(face))

    def _confirm(self, offset: int | None) -> None:
        below = offset if offset is not None and offset <= self._next_update else 0
        confirmed = [self._held.pop(update_id)[0] for update_id in list(self._held) if update_id < below]
        self._drop_old()
        if confirmed:
            self.listeners.confirmed(confirmed)

    def _drop_old(self) -> None:
        for update_id in [known for known, (_, until) in self._held.items() if until <= self.timeline.now]:
            del self._held[update_id]

    def _brake(self, offset: int | None, seconds: float) -> tuple[int, float]:
        """The same offset again waits 3 s if it comes within 3 s, and gets one update only within half a second."""
        now = self.timeline.now
        before, at = self._asked
        self._asked = (offset, now)
        if offset != before or now - at >= IMPATIENT_SECONDS:
            return MOST, seconds
        return (1 if now - at < SAME_OFFSET_SECONDS else MOST), max(seconds, IMPATIENT_SECONDS)

    def _serve(self) -> None:
        if self._poll is not None and self._held:
            poll, self._poll = self._poll, None
            poll.give(self.unconfirmed[: poll.most])

    def _end(self, poll: _Poll) -> None:
        if self._poll is poll:
            self._poll = None
            poll.give([])


def _numbered(update: Update, update_id: int) -> Update:
    match update:
        case Said() | Membership() | Moved() | Unknown() | Other() | Poison():
            return replace(update, update_id=update_id)
        case _:
            return replace(update, press=replace(update.press, update_id=update_id))
