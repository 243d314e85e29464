"""Files on their way to Telegram: seen to move, cut off when they are given up, one of a chat at a time."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import anyio
import pytest
from anyio.abc import SocketStream

from actors.domain.item import MediaKind, Story
from actors.errors import AnswerLost, Refused, Unreachable
from actors.ports import Sending
from infra.sandbox.common.faults import Fault, FaultKind
from infra.sandbox.sandbox import Sandbox
from infra.sandbox.server import open_sandbox
from infra.sandbox.telegram.model import User
from infra.sandbox.telegram.rules import Rules
from infra.sandbox.telegram.world import NewChat
from infra.telegram.bot import TelegramChat, open_telegram
from infra.telegram.uploads import UploadTurns
from tests.infra.telegram.rows import ROW
from tests.infra.telegram.wire import breaks_off, replies, serve

CHAT = ROW.chat_id
FILM = replace(ROW, story=replace(ROW.story, kind=MediaKind.VIDEO, file_name="7.mp4", file_id=None))
FILM_BYTES = 2_000_000
BYTES_PER_SECOND = 1_000_000  # the whole film takes two seconds
CREEPING = 100_000  # it would take 20 s
PATIENCE_SECONDS = 10.0


class OneFilm:
    """A media source."""

    async def shown(self, _: Story) -> bytes:
        """Return what fills no buffer on the way as a whole."""
        return b"\x00\x00\x00\x18ftypmp42" + bytes(FILM_BYTES)

    async def thumbnail(self, _: Story) -> bytes | None:
        """Return nothing: it has none."""
        return None

    async def original(self, story: Story) -> bytes:
        """Return the same."""
        return await self.shown(story)


@dataclass
class Watched:
    """Somebody who sends, and what they saw: how far each part had come."""

    sending: Sending = field(init=False)
    seen: list[bool] = field(default_factory=list)
    moved: anyio.Event = field(default_factory=anyio.Event)

    def __post_init__(self) -> None:
        self.sending = Sending(self._look)

    def _look(self) -> None:
        self.seen.append(self.sending.kept_back)
        self.moved.set()


@dataclass
class Line:
    """A sandbox behind a line, and the adapter."""

    sandbox: Sandbox
    chat: TelegramChat

    def slow(self, method: str, bytes_per_second: int) -> None:
        """Slow the line down for the files of a method."""
        self.sandbox.set_fault(Fault(FaultKind.SLOW_LINE, method, bytes_per_second=bytes_per_second))

    @asynccontextmanager
    async def under_way(self, *sends: Callable[[], Coroutine[Any, Any, object]]) -> AsyncIterator[None]:
        """Let files be on their way meanwhile, and give them up then."""
        async with anyio.create_task_group() as tasks:
            for send in sends:
                tasks.start_soon(send)
                await anyio.wait_all_tasks_blocked()
            yield
            tasks.cancel_scope.cancel()


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with open_sandbox(rules=Rules(limits=False)) as sandbox:
        sandbox.create_chat(NewChat("Team", [User(5, "Anna")], id=CHAT))
        async with open_telegram(sandbox.token, sandbox.url, OneFilm()) as (chat, _):
            yield Line(sandbox, chat)


async def test_a_film_on_a_slow_line_is_seen_to_move_until_its_end_has_left(line: Line) -> None:
    line.slow("sendVideo", BYTES_PER_SECOND)
    watched = Watched()

    sent = await line.chat.send_card(FILM, watched.sending)

    assert line.sandbox.messages(CHAT)[-1]["message_id"] == sent.message_id
    assert len(watched.seen) > 20
    assert watched.seen == [True] * (len(watched.seen) - 1) + [False]


async def test_a_film_that_is_given_up_takes_no_more_of_the_line(line: Line) -> None:
    """Each one went over the line to its last byte, for nothing, and slowed its successor down."""
    line.slow("sendVideo", CREEPING)
    watched = Watched()

    async with line.under_way(lambda: line.chat.send_card(FILM, watched.sending)):
        await watched.moved.wait()
    await line.sandbox.until(lambda: line.sandbox.stats()["abandoned"] == 1, PATIENCE_SECONDS)

    assert watched.sending.kept_back
    assert line.sandbox.stats()["abandoned_bytes"] < FILM_BYTES / 2
    assert line.sandbox.messages(CHAT) == []


async def test_a_call_after_a_film_that_was_given_up_has_a_connection_of_its_own(line: Line) -> None:
    line.slow("sendVideo", CREEPING)
    watched = Watched()
    async with line.under_way(lambda: line.chat.send_card(FILM, watched.sending)):
        await watched.moved.wait()

    await line.chat.send_text(CHAT, "hello")

    assert [shown["text"] for shown in line.sandbox.messages(CHAT)] == ["hello"]


async def test_a_connection_that_breaks_before_the_end_of_a_film_has_sent_nothing() -> None:
    """Telegram cannot act on a request whose end never left; this was told as a doubt."""
    async with serve(breaks_off(b"")) as wire, open_telegram("1:a", wire.url, OneFilm()) as (chat, _):
        with pytest.raises(Unreachable):
            await chat.send_card(FILM)


async def test_a_connection_that_breaks_after_the_end_of_a_film_leaves_a_doubt(line: Line) -> None:
    line.sandbox.set_fault(Fault(FaultKind.RESET_BEFORE, "sendVideo"))
    sending = Sending()

    with pytest.raises(AnswerLost):
        await line.chat.send_card(FILM, sending)

    assert not sending.kept_back


async def test_a_refusal_before_the_end_of_a_film_is_heard() -> None:
    refusal = replies(413, {"ok": False, "error_code": 413, "description": "Request Entity Too Large"})

    async def refuses_early(stream: SocketStream) -> None:
        await refusal(stream)
        await anyio.sleep_forever()

    async with serve(refuses_early) as wire, open_telegram("1:a", wire.url, OneFilm()) as (chat, _):
        with pytest.raises(Refused), anyio.fail_after(PATIENCE_SECONDS):
            await chat.send_card(FILM)


async def test_a_card_does_not_wait_for_the_originals_of_any_chat(line: Line) -> None:
    line.slow("sendDocument", CREEPING)
    other = replace(ROW, chat_id=CHAT - 1)

    async with line.under_way(
        lambda: line.chat.send_original(ROW, 1),
        lambda: line.chat.send_original(ROW, 1),
        lambda: line.chat.send_original(other, 1),
        lambda: line.chat.send_original(other, 1),
    ):
        with anyio.fail_after(PATIENCE_SECONDS):
            await line.chat.send_card(FILM)

    assert [shown["kind"] for shown in line.sandbox.messages(CHAT)] == ["video"]


async def test_files_of_a_chat_leave_one_by_one() -> None:
    turns, order = UploadTurns(5), []

    async def send(name: str) -> None:
        async with turns.of(1):
            order.append(f"{name} begins")
            await anyio.wait_all_tasks_blocked()
            order.append(f"{name} ends")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(send, "a")
        tasks.start_soon(send, "b")

    assert order in (["a begins", "a ends", "b begins", "b ends"], ["b begins", "b ends", "a begins", "a ends"])


async def test_a_turn_that_does_not_come_is_certainly_not_sent() -> None:
    turns = UploadTurns(5, wait_seconds=0.05)

    async with turns.of(1):
        with pytest.raises(Unreachable) as caught:
            async with turns.of(1):
                pytest.fail("two at once")

    assert caught.value.retry_after_seconds == 0.05


async def test_those_who_wait_in_one_chat_keep_no_room_from_another() -> None:
    """Thirty Originals of one chat held all slots, and kept another one's card away for three minutes."""
    turns, tasks_of_one = UploadTurns(2), 5

    async def wait_in_line() -> None:
        async with turns.of(1):
            await anyio.sleep_forever()

    async with anyio.create_task_group() as tasks:
        for _ in range(tasks_of_one):
            tasks.start_soon(wait_in_line)
        await anyio.wait_all_tasks_blocked()

        with anyio.fail_after(PATIENCE_SECONDS):
            async with turns.of(2):
                pass
        tasks.cancel_scope.cancel()


async def test_a_chat_whose_turn_did_not_come_has_its_turn_later() -> None:
    turns = UploadTurns(1, wait_seconds=0.05)
    async with turns.of(1):
        with pytest.raises(Unreachable):
            async with turns.of(2):
                pytest.fail("no room")

    async with turns.of(2), anyio.create_task_group():
        pass
