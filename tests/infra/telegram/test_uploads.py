"""Files on their way to Telegram: seen to move, cut off when they are given up, one of a chat at a time."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import anyio
import pytest
from anyio.abc import SocketStream

from actors.domain.item import Dimensions, MediaKind, Story
from actors.errors import AnswerLost, Refused, Unreachable
from actors.ports import Sending
from infra.sandbox.common.faults import Fault, FaultKind
from infra.sandbox.sandbox import Sandbox
from infra.sandbox.server import open_sandbox
from infra.sandbox.telegram.model import User
from infra.sandbox.telegram.rules import Rules
from infra.sandbox.telegram.world import NewChat
from infra.telegram.bot import TelegramChat, open_telegram
from infra.telegram.uploads import FilmTurns, UploadTurns
from tests.infra.sandbox.client import picture
from tests.infra.telegram.rows import ROW
from tests.infra.telegram.wire import breaks_off, replies, serve

CHAT = ROW.chat_id
FILM = replace(ROW, story=replace(ROW.story, kind=MediaKind.VIDEO, file_name="7.mp4", file_id=None))
MEASURED = replace(FILM, story=replace(FILM.story, dimensions=Dimensions(720, 1280, 12.4)))
FILM_BYTES = 2_000_000
LARGE_BYTES = 19_500_000
LARGE_BYTES_PER_SECOND = 20 * 4_000_000 // 8  # 4 Mbit/s, in a time that runs twenty times as fast
BYTES_PER_SECOND = 1_000_000  # the whole film takes two seconds
CREEPING = 100_000  # it would take 20 s
PATIENCE_SECONDS = 10.0


class OneFilm:
    """A media source."""

    size_bytes = FILM_BYTES

    async def shown(self, story: Story) -> bytes:
        """Return what fills no buffer on the way as a whole, or a small picture."""
        return picture() if story.kind is MediaKind.PHOTO else await self.original(story)

    async def thumbnail(self, story: Story) -> bytes | None:
        """Return a small picture of a film that was measured."""
        return None if story.dimensions is None else picture()

    async def original(self, _: Story) -> bytes:
        """Return the same, of a picture, too."""
        return b"\x00\x00\x00\x18ftypmp42" + bytes(self.size_bytes)


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
    files: OneFilm

    def film(self) -> dict[str, Any]:
        """What the newest message says of its film."""
        newest = max(self.sandbox.telegram.chats[CHAT].messages.values(), key=lambda message: message.id)
        return dict(newest.content.media)

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
        files = OneFilm()
        async with open_telegram(sandbox.token, sandbox.url, files) as (chat, _):
            yield Line(sandbox, chat, files)


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


@pytest.mark.parametrize("size_bytes", [FILM_BYTES, LARGE_BYTES])
async def test_row_40_a_film_goes_with_its_size_its_length_and_a_small_picture(line: Line, size_bytes: int) -> None:
    """https://github.com/tdlib/telegram-bot-api/issues/468: they "must be specified"; a phone showed a grey square."""
    line.files.size_bytes = size_bytes

    await line.chat.send_card(MEASURED)

    told = line.film()
    assert (told["width"], told["height"], told["duration"]) == (720, 1280, 13)
    assert (told["thumbnail"]["width"], told["thumbnail"]["height"]) == (90, 160)


async def test_film_of_before_films_were_measured_goes_without_a_size(line: Line) -> None:
    line.files.size_bytes = LARGE_BYTES

    await line.chat.send_card(FILM)

    told = line.film()
    assert (told["width"], told["height"], told["duration"], "thumbnail" in told) == (320, 320, 0, False)


async def test_film_of_20_megabytes_arrives_over_4_megabits_a_second_and_no_picture_waits_for_it(line: Line) -> None:
    line.files.size_bytes = LARGE_BYTES
    line.slow("sendVideo", LARGE_BYTES_PER_SECOND)
    watched, small = Watched(), replace(ROW, story=replace(ROW.story, file_id=None))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(line.chat.send_card, MEASURED, watched.sending)
        await watched.moved.wait()
        await line.chat.send_card(small)

    assert [shown["kind"] for shown in line.sandbox.messages(CHAT)] == ["photo", "video"]
    assert line.film()["file_size"] > LARGE_BYTES


async def test_films_of_all_chats_leave_one_at_a_time_and_the_next_hears_the_first_one_move() -> None:
    turns, front, next_one = FilmTurns(), Watched(), Watched()
    order: list[str] = []

    async def wait_for_a_turn() -> None:
        async with turns.of(next_one.sending):
            order.append("next")

    async with anyio.create_task_group() as tasks, turns.of(front.sending):
        tasks.start_soon(wait_for_a_turn)
        await anyio.wait_all_tasks_blocked()
        turns.moved()
        order.append(f"first, {len(next_one.seen)} move heard")

    assert order == ["first, 1 move heard", "next"]


async def test_film_that_is_given_up_in_its_line_leaves_the_turn_to_the_next() -> None:
    turns, sending = FilmTurns(), Sending()

    async with turns.of(sending):
        with anyio.move_on_after(0):
            async with turns.of(Sending()):
                pytest.fail("two at once")
        turns.moved()
    with anyio.fail_after(PATIENCE_SECONDS):
        async with turns.of(sending):
            pass


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
