"""What an actor sees around it, on paper: each part answers, waits and fails as a test tells it to."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import anyio

from actors.database.request import Cause, NotStored, Priority, Reply, RequestTerms
from actors.domain.item import Item
from actors.domain.messages import Message
from actors.errors import MailboxClosed, MailboxFull
from actors.operations.cards import Shown
from actors.operations.operation import Operation
from actors.peers import Drawn, ItemKey
from actors.ports import Face, Sending, SentCard
from tests.journal import Journal

T = TypeVar("T")


@dataclass(frozen=True)
class After:
    """Answer so, but only after so many seconds."""

    seconds: float
    then: object = None


@dataclass(frozen=True)
class Creep:
    """Let so many parts of a file leave, one after so many seconds; then answer so, its end kept back or not."""

    parts: int
    seconds: float
    then: object = None
    kept_back: bool = False


@dataclass(frozen=True)
class Never:
    """Do not answer: the one who asks gives up; `certain` is what a store then says about it."""

    certain: bool = True


class Bug(Exception):
    """What no port is allowed to raise."""


class Script:
    """Answers by name: what was scripted, one each, then `otherwise`."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.times: list[tuple[float, str]] = []
        self._answers: dict[str, deque[object]] = {}
        self._always: dict[str, object] = {}

    def will(self, name: str, *answers: object) -> None:
        """Answer the next calls so."""
        self._answers.setdefault(name, deque()).extend(answers)

    def always(self, name: str, answer: object) -> None:
        """Answer every call so that has no answer of its own."""
        self._always[name] = answer

    def when(self, name: str) -> list[float]:
        """At which times it was called."""
        return [at for at, called in self.times if called == name]

    def take(self, name: str) -> object:
        """Note the call, and take its answer."""
        self.times.append((anyio.current_time(), name))
        self.journal.add(name)
        line = self._answers.get(name)
        return line.popleft() if line else self._always.get(name)

    async def play(self, name: str, sending: Sending | None = None) -> object:
        """Note the call, and do what its answer says."""
        answer = self.take(name)
        if isinstance(answer, Creep):
            assert sending is not None
            answer = await _creep(answer, sending)
        if isinstance(answer, After):
            await anyio.sleep(answer.seconds)
            answer = answer.then
        if isinstance(answer, Never):
            await anyio.sleep_forever()
        if isinstance(answer, Exception):
            raise answer
        return answer


class FakeStore(Script):
    """Fills requests.Asks; answers by the type of the operation, with a value or with what a function makes of it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Any] = []
        self.lanes: list[Priority] = []

    def of(self, kind: type[T]) -> list[T]:
        """What was asked of this type."""
        return [one for one in self.asked if isinstance(one, kind)]

    async def ask(self, operation: Operation[T], terms: RequestTerms) -> Reply[T]:
        """Answer as scripted; one that never does keeps the caller until the ticket is over."""
        began = anyio.current_time()
        assert isinstance(terms.priority, Priority)
        assert terms.deadline >= began
        self.asked.append(operation)
        self.lanes.append(terms.priority)
        answer = self.take(type(operation).__name__)
        if isinstance(answer, After):
            await anyio.sleep(answer.seconds)
            answer = answer.then
        if isinstance(answer, Never):
            await _end_of(terms)
            answer = NotStored(Cause.EXPIRED, certain=answer.certain, attempts=3)
        if isinstance(answer, Exception):
            raise answer
        value: Any = answer(operation) if callable(answer) else answer
        if isinstance(value, Reply):
            return value
        return Reply(value, 1, anyio.current_time() - began)


async def _creep(file: Creep, sending: Sending) -> object:
    sending.kept_back = True
    for _ in range(file.parts):
        await anyio.sleep(file.seconds)
        sending.moved()
    sending.kept_back = file.kept_back
    return file.then


async def _end_of(terms: RequestTerms) -> None:
    over = anyio.Event()
    terms.watch(over.set)
    with anyio.CancelScope(deadline=terms.deadline):
        await over.wait()


class FakeChat(Script):
    """Fills ports.Chat; keeps what was said and drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.toasts: list[tuple[str, str]] = []
        self.texts: list[tuple[int, str]] = []
        self.topics: list[int | None] = []
        self.faces: list[Face] = []
        self.sent: list[Item] = []
        self.originals: list[tuple[Item, int]] = []
        self.menu: tuple[tuple[str, str], ...] = ()
        self.always("send_card", SentCard(502, "file-1"))

    async def answer(self, press_id: str, text: str) -> None:
        """Keep the toast once it is through."""
        await self.play("answer")
        self.toasts.append((press_id, text))

    async def send_card(self, row: Item, sending: Sending | None = None) -> SentCard:
        """Send it as message 502."""
        self.sent.append(row)
        sent = await self.play("send_card", sending)
        assert isinstance(sent, SentCard)
        return sent

    async def edit_card(self, face: Face) -> None:
        """Keep the face, through or not."""
        self.faces.append(face)
        await self.play(f"edit {face.message_id}")

    async def send_original(self, row: Item, reply_to: int, sending: Sending | None = None) -> None:
        """Keep what was sent."""
        await self.play("send_original", sending)
        self.originals.append((row, reply_to))
        self.journal.add("send_original ended")

    async def send_text(self, chat_id: int, text: str, topic: int | None = None) -> None:
        """Keep what was said in the chat, and in which topic."""
        await self.play("send_text")
        self.topics.append(topic)
        self.texts.append((chat_id, text))

    async def own_name(self) -> str:
        """Return our name, or another one that is scripted."""
        return str(await self.play("own_name") or "everytap_bot")

    async def show_menu(self, menu: Sequence[tuple[str, str]]) -> None:
        """Keep the menu."""
        await self.play("show_menu")
        self.menu = tuple(menu)


class FakeCards(Script):
    """Fills peers.Cards: each takes one edit, unless scripted."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn: list[tuple[Face, Shown]] = []
        self.lates: list[bool] = []
        self.logged: list[Callable[[], bool] | None] = []
        self.lines: list[tuple[Face, bool]] = []
        self.views: list[tuple[Face, bool]] = []
        self.always("draw", 1)
        self.always("add_line", 1)
        self.always("show_view", 1)

    async def draw(
        self, face: Face, shown: Shown, logged: Callable[[], bool] | None = None, *, late: bool = False
    ) -> Drawn:
        """Keep it; returns what became of it."""
        self.drawn.append((face, shown))
        self.lates.append(late)
        self.logged.append(logged)
        return _drawn(await self.play("draw"))

    async def add_line(self, face: Face, needed: bool) -> Drawn:
        """Keep it; returns what became of it."""
        self.lines.append((face, needed))
        return _drawn(await self.play("add_line"))

    async def show_view(self, face: Face, admitted: bool) -> Drawn:
        """Keep it; returns what became of it."""
        self.lines.append((face, True))
        self.views.append((face, admitted))
        return _drawn(await self.play("show_view"))


def _drawn(scripted: object) -> Drawn:
    """What was scripted, or that it came true after so many edits."""
    return scripted if isinstance(scripted, Drawn) else Drawn(int(str(scripted)))


@dataclass
class FakeItems:
    """Fills peers.Items: keeps what each item was told, until it is full or closed."""

    told: list[tuple[ItemKey, Message]] = field(default_factory=list)
    full: bool = False
    closed: bool = False
    journal: Journal = field(default_factory=Journal)

    def tell_nowait(self, key: ItemKey, message: Message) -> None:
        """Keep it, or hand it back."""
        if self.closed:
            raise MailboxClosed(message)
        if self.full:
            raise MailboxFull(message)
        self.told.append((key, message))
        self.journal.add(type(message).__name__)

    async def tell(self, key: ItemKey, message: Message) -> None:
        """Keep it, or hand it back."""
        self.tell_nowait(key, message)

    @property
    def messages(self) -> list[Message]:
        """What was told, to whomever."""
        return [message for _, message in self.told]
