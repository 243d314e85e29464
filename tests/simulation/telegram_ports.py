"""One process's way to Telegram: its chat, its updates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

import anyio

from actors.domain.item import Item
from actors.domain.taps import Pressed
from actors.domain.updates import Membership, Moved, Other, Poison, Said, Unknown, Update
from actors.errors import AnswerLost, BotTokenRefused, ChatRefused, Refused, Unreachable
from actors.ports import Conflict, Face, Sending, SentCard
from tests.simulation.floods import Pauses
from tests.simulation.ledger import Ledger
from tests.simulation.plan import Kind
from tests.simulation.telegram import OWN_NAME, SimulatedTelegram
from tests.simulation.wire import Reply, Request, T, Wire

READ_SECONDS = 10.0  # the real adapter's patience with an answer
FLOOD_SECONDS = 7.0
PART_SECONDS = 5.0  # between two parts of a file on a slow line

Books: TypeAlias = tuple[Callable[[str, str], None], Ledger]  # who is told of toasts, and of cards


class ChatPort:
    """Fills ports.Chat for one process."""

    def __init__(self, platform: SimulatedTelegram, wire: Wire, books: Books) -> None:
        self._platform = platform
        self._wire = wire
        self._toasting, self._ledger = books
        self._pauses = Pauses(lambda: wire.timeline.now, self._ledger.broken)

    async def answer(self, press_id: str, text: str) -> None:
        """Show a toast."""
        self._toasting(press_id, text)
        await self._ask("answer", lambda: self._platform.answer(press_id, text))

    async def send_card(self, row: Item, sending: Sending | None = None) -> SentCard:
        """Send a card."""
        self._pauses.asks(row.chat_id, "a card is sent")
        self._ledger.sends(self._wire.process, row, self._wire.timeline.now)
        try:
            await self._leave("send_card", row, sending or Sending())
            sent = await self._ask("send_card", lambda: self._platform.send(row), row.chat_id)
        except AnswerLost as error:
            self._ledger.send_failed(row, error)
            raise
        except ChatRefused:
            raise
        except Refused:
            self._ledger.refused(row)
            raise
        finally:
            self._ledger.ended(self._wire.process, row)
        self._ledger.sent(self._wire.process, row, sent.message_id)
        return sent

    async def edit_card(self, face: Face) -> None:
        """Redraw a card."""
        self._pauses.asks(face.chat_id, "an edit is made")
        self._ledger.draws(self._wire.process, face)
        await self._ask("edit_card", lambda: self._platform.edit(face), face.chat_id)

    async def send_original(self, row: Item, reply_to: int, sending: Sending | None = None) -> None:
        """Send the file."""
        self._pauses.asks(row.chat_id, "a file is sent")
        self._ledger.answers_with_file(row, self._platform.sent_for(row.chat_id, reply_to))
        await self._leave("send_original", row, sending or Sending())
        said = f"the file of item {row.id}"
        await self._ask("send_original", lambda: self._platform.say(row.chat_id, said), row.chat_id)

    async def _leave(self, name: str, row: Item, sending: Sending) -> None:
        """Let the file leave, as fast as its line is: before its end has left, Telegram has got nothing."""
        sending.kept_back = row.story.file_id is None or name == "send_original"
        harm = self._wire.hinder(f"leave {name}") if sending.kept_back else None
        if harm is not None and harm.trouble == "stalled":
            self._ledger.stands_still(row)
            await anyio.sleep_forever()
        if harm is not None:
            await self._creep(row, harm.late, sending)
        sending.kept_back = False
        sending.moved()

    async def _creep(self, row: Item, seconds: float, sending: Sending) -> None:
        came = False
        try:
            for _ in range(round(seconds / PART_SECONDS)):
                await anyio.sleep(PART_SECONDS)
                sending.moved()
            came = True
        finally:
            if not came:
                self._ledger.gave_up_what_moved(self._wire.process, row)

    async def send_text(self, chat_id: int, text: str, topic: int | None = None) -> None:
        """Say something; no group of this world has topics."""
        assert topic is None
        self._pauses.asks(chat_id, "something is said")
        await self._ask("send_text", lambda: self._platform.say(chat_id, text), chat_id)

    async def own_name(self) -> str:
        """Say what the bot is called."""
        return await self._ask("own_name", lambda: OWN_NAME)

    async def show_menu(self, menu: Sequence[tuple[str, str]]) -> None:
        """Show the menu."""
        assert menu
        await self._ask("show_menu", lambda: None)

    async def _ask(self, name: str, effect: Callable[[], T], chat_id: int | None = None) -> T:
        request = Request("telegram", name, lambda: self._limited(effect, chat_id), READ_SECONDS)
        try:
            return await self._wire.ask(request)
        except BotTokenRefused:
            raise  # which asks for no pause in this chat
        except Unreachable as error:
            if chat_id is not None and error.retry_after_seconds:
                self._pauses.begins(chat_id, error.retry_after_seconds)
            raise

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
            case Said() | Membership() | Moved() | Unknown() | Other() | Poison():
                return raw.update_id
        return -1

    def parse(self, raw: object, at: float, redelivered: bool) -> Update:
        """Read an update as seen at this moment."""
        match raw:
            case pressed if isinstance(pressed, Pressed):
                return replace(pressed, press=replace(pressed.press, at=at, redelivered=redelivered))
            case Said():
                age = (raw.age_seconds or 0.0) + self._platform.held_seconds(raw)
                return replace(raw, at=at, redelivered=redelivered, age_seconds=age)
            case Membership():
                return replace(raw, at=at)
            case Moved() | Unknown() | Other() | Poison():
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
