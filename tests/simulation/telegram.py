"""Telegram: what it holds for the bot until that is confirmed, what its messages show, and a process's way to it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import anyio

from actors.errors import AnswerLost, Refused, Unreachable
from actors.ports import Conflict, Face, Moved, Other, Poison, Said, SentCard, Update
from actors.rules.item import Row
from actors.rules.messages import Pressed
from infra.telegram.cards import Keyboard, caption, keyboard
from tests.fakes.updates import IMPATIENT_SECONDS, MOST, PRESS_SECONDS, SAME_OFFSET_SECONDS, UPDATE_SECONDS
from tests.simulation.ledger import Ledger
from tests.simulation.plan import Kind
from tests.simulation.processes import Process
from tests.simulation.timeline import Timeline
from tests.simulation.wire import Reply, Request, T, Wire

READ_SECONDS = 10.0  # the real adapter's patience with an answer
FLOOD_SECONDS = 7.0
A_MINUTE = 40  # changes of one group; the real limit is not published, and a worker spends 20 at once and 20 a minute
ANSWERABLE_SECONDS = 150.0


@dataclass(frozen=True, slots=True)
class Sight:
    """What a message showed from a moment on."""

    at: float
    face: Face
    caption: str
    keyboard: Keyboard


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
    screens: dict[tuple[int, int], Screen] = field(default_factory=dict)
    toasts: dict[str, str] = field(default_factory=dict)
    pressed_at: dict[str, float] = field(default_factory=dict)
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

    def send(self, row: Row) -> SentCard:
        """Show a new message."""
        message_id, self._next_message = self._next_message, self._next_message + 1
        face = Face(row.chat_id, message_id, row.id, row.version, row)
        sight = self._sight(face)
        self.screens[row.chat_id, message_id] = Screen([sight])
        self.listeners.drawn(sight, None)
        return SentCard(message_id, f"file-{row.story.media_id}")

    def edit(self, face: Face) -> None:
        """Redraw a message; the same once more changes nothing."""
        screen = self.screens.get((face.chat_id, face.message_id))
        if screen is None or screen.deleted:
            self.listeners.refused(face.chat_id, face.message_id)
            raise Refused("message to edit not found")
        before, sight = screen.now, self._sight(face)
        if (before.caption, before.keyboard) != (sight.caption, sight.keyboard):
            screen.sights.append(sight)
        self.listeners.drawn(sight, before)

    def say(self, chat_id: int, text: str) -> None:
        """Show a text."""
        self.listeners.said(chat_id, text)

    def _sight(self, face: Face) -> Sight:
        return Sight(self.timeline.now, face, caption(face), keyboard(face))

    def _confirm(self, offset: int | None) -> None:
        now = self.timeline.now
        below = offset if offset is not None and offset <= self._next_update else 0
        confirmed = [self._held.pop(update_id)[0] for update_id in list(self._held) if update_id < below]
        for update_id in [known for known, (_, until) in self._held.items() if until <= now]:
            del self._held[update_id]
        if confirmed:
            self.listeners.confirmed(confirmed)

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
        case Said() | Moved() | Other() | Poison():
            return replace(update, update_id=update_id)
        case _:
            return replace(update, press=replace(update.press, update_id=update_id))


Books: TypeAlias = tuple[Callable[[str, str], None], Ledger]  # who is told of toasts, and of cards


class ChatPort:
    """Fills ports.Chat for one process."""

    def __init__(self, platform: SimulatedTelegram, wire: Wire, books: Books) -> None:
        self._platform = platform
        self._wire = wire
        self._toasting, self._ledger = books

    async def answer(self, press_id: str, text: str) -> None:
        """Show a toast."""
        self._toasting(press_id, text)
        await self._ask("answer", lambda: self._platform.answer(press_id, text))

    async def send_card(self, row: Row) -> SentCard:
        """Send a card."""
        self._ledger.sends(self._wire.process, row, self._wire.timeline.now)
        try:
            sent = await self._ask("send_card", lambda: self._platform.send(row), row.chat_id)
        except AnswerLost as error:
            self._ledger.send_failed(row, error)
            raise
        self._ledger.sent(self._wire.process, row, sent.message_id)
        return sent

    async def edit_card(self, face: Face) -> None:
        """Redraw a card."""
        await self._ask("edit_card", lambda: self._platform.edit(face), face.chat_id)

    async def send_original(self, row: Row, reply_to: int) -> None:
        """Send the file."""
        assert (row.chat_id, reply_to) in self._platform.screens
        said = f"the file of item {row.id}"
        await self._ask("send_original", lambda: self._platform.say(row.chat_id, said), row.chat_id)

    async def send_text(self, chat_id: int, text: str) -> None:
        """Say something."""
        await self._ask("send_text", lambda: self._platform.say(chat_id, text), chat_id)

    async def introduce(self, menu: Sequence[tuple[str, str]]) -> str:
        """Show the menu."""
        assert menu
        return await self._ask("introduce", lambda: "everytap_bot")

    async def _ask(self, name: str, effect: Callable[[], T], chat_id: int | None = None) -> T:
        request = Request("telegram", name, lambda: self._limited(effect, chat_id), READ_SECONDS)
        return await self._wire.ask(request)

    def _limited(self, effect: Callable[[], T], chat_id: int | None) -> T:
        """429, in a flood and beyond a group's own limit."""
        weather = self._wire.weather
        try:
            if chat_id is not None:
                if weather.dice.random() < weather.strength(Kind.TELEGRAM_FLOOD):
                    raise Unreachable("Telegram asks for a pause", FLOOD_SECONDS * weather.dice.random())
                self._platform.limit(chat_id)
        except Unreachable:
            weather.note("telegram 429", self._wire.timeline.now)
            raise
        return effect()


class UpdatesPort:
    """Fills ports.Updates for one process."""

    def __init__(self, platform: SimulatedTelegram, wire: Wire) -> None:
        self._platform = platform
        self._wire = wire

    async def get(self, offset: int | None, timeout_seconds: float) -> Sequence[object]:
        """Poll: the request arrives, the platform answers when it likes to, the answer travels back."""
        found: Reply[list[Update]] = Reply()
        bound = timeout_seconds + READ_SECONDS
        await self._wire.ask(Request("telegram", "poll", lambda: self._arrive(offset, timeout_seconds, found), bound))
        with anyio.move_on_after(bound):
            await found.come.wait()
        if not found.come.is_set():
            raise AnswerLost("the poll was not answered")
        if found.error is not None:
            raise found.error
        if timeout_seconds:  # else somebody nudges or says goodbye, and looks at nothing
            self._platform.listeners.delivered(self._wire.process, found.value or [])
        return found.value or []

    def identify(self, raw: object) -> int:
        """Read the id."""
        match raw:
            case pressed if isinstance(pressed, Pressed):
                return pressed.press.update_id
            case Said() | Moved() | Other() | Poison():
                return raw.update_id
        return -1

    def parse(self, raw: object, at: float, redelivered: bool) -> Update:
        """Read an update as seen at this moment."""
        match raw:
            case pressed if isinstance(pressed, Pressed):
                return replace(pressed, press=replace(pressed.press, at=at, redelivered=redelivered))
            case Said():
                return replace(raw, at=at, redelivered=redelivered)
            case Moved() | Other() | Poison():
                return raw
        return Poison(-1, "it has no id")

    def _arrive(self, offset: int | None, seconds: float, found: Reply[list[Update]]) -> None:
        self._platform.poll(offset, seconds, lambda updates: self._give(found, updates))

    def _give(self, found: Reply[list[Update]], updates: list[Update] | None) -> None:
        error = Conflict() if updates is None else None
        way = self._wire.weather.luck("telegram")
        if way.trouble in {"lost reply", "refused connection"}:
            return
        self._wire.timeline.after(way.back, lambda: found.give(updates, error))
