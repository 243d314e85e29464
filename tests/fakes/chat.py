"""The team's group in memory: what each message shows and showed, with faults on demand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar

import anyio
from anyio.lowlevel import checkpoint

from actors.domain.item import Item
from actors.errors import MessageGone, Refused
from actors.ports import Face, Sending, SentCard
from tests.fakes.faults import Effect, Faults
from tests.journal import Journal

_T = TypeVar("_T")

SILENT_SECONDS = 10.0


@dataclass(slots=True)
class Screen:
    """One message: the faces that it showed, the newest last, and whether it was deleted."""

    faces: list[Face]
    originals: int = 0
    deleted: bool = False

    @property
    def face(self) -> Face:
        """What it shows now."""
        return self.faces[-1]


@dataclass
class FakeChat:
    """Fills ports.Chat for any number of groups. Faults are named by method: `chat.faults.add(..., of="edit_card")`.

    `journal` has a line for each call that took effect, `seconds` is how long one takes.
    """

    faults: Faults = field(default_factory=Faults)
    journal: Journal = field(default_factory=Journal)
    seconds: float = 0.0
    toasts: dict[str, str] = field(default_factory=dict)
    screens: dict[tuple[int, int], Screen] = field(default_factory=dict)
    texts: list[tuple[int, str]] = field(default_factory=list)
    menu: list[tuple[str, str]] = field(default_factory=list)
    name: str = "everytap_bot"
    _late: list[Callable[[], object]] = field(default_factory=list)
    _too_old: dict[str, None] = field(default_factory=dict)
    _ids: count[int] = field(default_factory=lambda: count(501))
    _changed: anyio.Event = field(default_factory=anyio.Event)

    async def answer(self, press_id: str, text: str) -> None:
        """Show a toast, once."""
        if press_id in self.toasts or press_id in self._too_old:
            await checkpoint()
            raise Refused("query is too old and response timeout expired or query ID is invalid")
        await self._call("answer", lambda: self._show_toast(press_id, text))

    async def send_card(self, row: Item, sending: Sending | None = None) -> SentCard:
        """Show a new message."""
        return await self._call("send_card", lambda: self._add_message(row), sending)

    async def edit_card(self, face: Face) -> None:
        """Redraw a message, unless it was deleted."""
        screen = self.screens.get((face.chat_id, face.message_id))
        if screen is None or screen.deleted:
            await checkpoint()
            raise MessageGone("message to edit not found")
        await self._call("edit_card", lambda: self._redraw(screen, face))

    async def send_original(self, row: Item, reply_to: int, sending: Sending | None = None) -> None:
        """Answer a card with the file."""
        await self._call("send_original", lambda: self._add_original(row, reply_to), sending)

    async def send_text(self, chat_id: int, text: str) -> None:
        """Say something."""
        await self._call("send_text", lambda: self._say(chat_id, text))

    async def own_name(self) -> str:
        """Say what the bot is called."""
        return await self._call("own_name", lambda: self.name)

    async def show_menu(self, menu: Sequence[tuple[str, str]]) -> None:
        """Keep the menu."""
        await self._call("show_menu", lambda: self._keep_menu(menu))

    def screen(self, chat_id: int, message_id: int) -> Screen:
        """Look at one message."""
        return self.screens[chat_id, message_id]

    def cards_of(self, item_id: int) -> list[Screen]:
        """Look at every message that shows the item, the oldest first."""
        return [screen for screen in self.screens.values() if screen.face.item_id == item_id]

    def delete(self, chat_id: int, message_id: int) -> None:
        """Let somebody delete a message."""
        self.screens[chat_id, message_id].deleted = True

    def let_press_grow_old(self, press_id: str) -> None:
        """Let the 150 seconds pass within which a press can be answered."""
        self._too_old[press_id] = None

    def apply_late(self) -> None:
        """Let requests take effect now whose callers gave up on them, in their order: over newer ones, too."""
        late, self._late = self._late, []
        for effect in late:
            effect()

    async def until(self, predicate: Callable[[FakeChat], bool]) -> None:
        """Wait until the screens show it; each change of them is looked at."""
        while not predicate(self):
            await self._changed.wait()

    async def _call(self, method: str, effect: Callable[[], _T], sending: Sending | None = None) -> _T:
        fault = self.faults.take(method)
        sending = sending or Sending()
        sending.kept_back = True
        await anyio.sleep(self.seconds)
        sending.kept_back = False
        sending.moved()
        if fault is None:
            return effect()
        if fault.effect is Effect.BEFORE:
            effect()
        elif fault.effect is Effect.LATER:
            self._late.append(effect)
        if fault.silent:
            await anyio.sleep(SILENT_SECONDS)
        raise fault.error

    def _show_toast(self, press_id: str, text: str) -> None:
        self.toasts[press_id] = text
        self._tell(f"toast {press_id}")

    def _add_message(self, row: Item) -> SentCard:
        message_id = next(self._ids)
        face = Face(row.chat_id, message_id, row.id, row.version, row)
        self.screens[row.chat_id, message_id] = Screen([face])
        self._tell(f"card {message_id}")
        return SentCard(message_id, f"file-{row.story.media_id}")

    def _redraw(self, screen: Screen, face: Face) -> None:
        if face != screen.face:
            screen.faces.append(face)
        self._tell(f"edit {face.message_id}")

    def _add_original(self, row: Item, reply_to: int) -> None:
        self.screens[row.chat_id, reply_to].originals += 1
        self._tell(f"original {reply_to}")

    def _keep_menu(self, menu: Sequence[tuple[str, str]]) -> None:
        self.menu = list(menu)

    def _say(self, chat_id: int, text: str) -> None:
        self.texts.append((chat_id, text))
        self._tell(f"text {chat_id}")

    def _tell(self, line: str) -> None:
        self.journal.add(line)
        self._changed.set()
        self._changed = anyio.Event()
