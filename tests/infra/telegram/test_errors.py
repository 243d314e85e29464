"""What the chat port says of each way in which a call can fail: nothing happened, or it may have."""

import socket
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from actors.domain.item import Story
from actors.errors import (
    AnswerLost,
    BotTokenRefused,
    ChatMoved,
    ChatRefused,
    MessageGone,
    PortError,
    Refused,
    Unreachable,
)
from actors.ports import Conflict
from infra.telegram.bot import TelegramChat, open_telegram
from infra.telegram.cards import first_face
from infra.telegram.updates import TelegramUpdates
from tests.infra.telegram.rows import ROW
from tests.infra.telegram.wire import Answer, Wire, breaks_off, replies, serve
from tests.kit.clock import on_either_asyncio

anyio_backend = on_either_asyncio

TOKEN = "123456:AAdistinctivedistinctivedistinctive"


class NoMedia:
    """A media source that is never asked."""

    async def shown(self, story: Story) -> bytes:
        raise AssertionError(story)

    async def thumbnail(self, story: Story) -> bytes | None:
        raise AssertionError(story)

    async def original(self, story: Story) -> bytes:
        raise AssertionError(story)


@asynccontextmanager
async def chat_at(url: str) -> AsyncIterator[tuple[TelegramChat, TelegramUpdates]]:
    async with open_telegram(TOKEN, url, NoMedia()) as ports:
        yield ports


async def failure_of(answer: Answer) -> tuple[PortError, Wire]:
    """Make one call that fails, and return how."""
    async with serve(answer) as wire, chat_at(wire.url) as (chat, _):
        with pytest.raises(PortError) as caught:
            await chat.send_text(-1, "hello")
    return caught.value, wire


def refusal(code: int, description: str, **parameters: object) -> Answer:
    extra = {"parameters": parameters} if parameters else {}
    return replies(code, {"ok": False, "error_code": code, "description": description, **extra})


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


async def test_nobody_listens_means_unreachable() -> None:
    async with chat_at(f"http://127.0.0.1:{free_port()}") as (chat, _):
        with pytest.raises(Unreachable) as caught:
            await chat.answer("1", "hi")

    assert caught.value.retry_after_seconds is None


async def test_unknown_host_means_unreachable() -> None:
    async with chat_at("http://nowhere.invalid") as (chat, _):
        with pytest.raises(Unreachable):
            await chat.answer("1", "hi")


async def test_closed_connections_mean_unreachable() -> None:
    async with chat_at("http://127.0.0.1:9") as (chat, _):
        pass

    with pytest.raises(Unreachable):
        await chat.answer("1", "hi")


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (refusal(429, "Too Many Requests: retry after 7", retry_after=7), 7),
        (refusal(429, "Too Many Requests"), None),
        (replies(429, "<html>slow down</html>"), None),
        (refusal(503, "Busy", retry_after=3), 3),
    ],
)
async def test_pause_that_telegram_asks_for_is_kept(answer: Answer, seconds: float | None) -> None:
    error, _ = await failure_of(answer)

    assert isinstance(error, Unreachable)
    assert error.retry_after_seconds == seconds


@pytest.mark.parametrize(
    "answer",
    [
        refusal(400, "Bad Request: query is too old and response timeout expired or query ID is invalid"),
        refusal(403, "Forbidden: bot was kicked from the supergroup chat"),
        refusal(413, "Request Entity Too Large"),
        replies(413, "<html>nginx</html>"),
        replies(302, "", "Location: http://127.0.0.1:1/elsewhere\r\n"),
    ],
)
async def test_no_is_refused(answer: Answer) -> None:
    error, _ = await failure_of(answer)

    assert isinstance(error, Refused)


@pytest.mark.parametrize("answer", [refusal(404, "Not Found: method not found"), replies(404, "<html>nginx</html>")])
async def test_server_of_another_kind_is_no_refusal_of_a_story(answer: Answer) -> None:
    error, _ = await failure_of(answer)

    assert isinstance(error, Unreachable)
    assert str(error).startswith("No Bot API server answers at TELEGRAM_API_URL (")


# The words of A:Client.cpp:8158-8191 and 8256-8290, T:MessageContent.cpp:6257, and of the server behind them.
@pytest.mark.parametrize(
    "answer",
    [
        refusal(403, "Forbidden: bot was kicked from the supergroup chat"),
        refusal(403, "Forbidden: bot is not a member of the supergroup chat"),
        refusal(403, "Forbidden: the group chat was deleted"),
        refusal(403, "Forbidden: bot was blocked by the user"),
        refusal(400, "Bad Request: chat not found"),
        refusal(400, "Bad Request: not enough rights to send photos to the chat"),
        refusal(400, "Bad Request: have no rights to send a message"),
        refusal(400, "Bad Request: CHAT_WRITE_FORBIDDEN"),
        refusal(400, "Bad Request: CHAT_SEND_PHOTOS_FORBIDDEN"),
        refusal(400, "Bad Request: TOPIC_CLOSED"),
        refusal(400, "Bad Request: message thread not found"),
        refusal(400, "Bad Request: group chat was deactivated"),
    ],
)
async def test_refusal_of_the_chat_is_no_fault_of_a_story(answer: Answer) -> None:
    error, _ = await failure_of(answer)

    assert type(error) is ChatRefused


@pytest.mark.parametrize(
    "words",
    [
        "PHOTO_INVALID_DIMENSIONS",
        "IMAGE_PROCESS_FAILED",
        "file of size 10485761 bytes is too big for a photo; the maximum size is 10485760 bytes",
        "message caption is too long",
        "can't parse entities: unsupported start tag",
    ],
)
async def test_refusal_of_a_picture_or_of_words_is_the_storys_own(words: str) -> None:
    error, _ = await failure_of(refusal(400, f"Bad Request: {words}"))

    assert type(error) is Refused


@pytest.mark.parametrize("words", ["message to edit not found", "message can't be edited", "MESSAGE_ID_INVALID"])
async def test_message_is_gone_for_good_by_three_answers(words: str) -> None:
    """A:Client.cpp:6729, 8419: of all that an edit can be refused for, these alone never pass."""
    async with serve(refusal(400, f"Bad Request: {words}")) as wire, chat_at(wire.url) as (chat, _):
        with pytest.raises(MessageGone):
            await chat.edit_card(first_face(ROW))


@pytest.mark.parametrize(
    "answer",
    [
        refusal(401, "Unauthorized"),
        refusal(401, "Unauthorized: invalid token specified"),
        refusal(400, "Bad Request: Logged out"),  # A:Client.cpp:16270
        refusal(421, "Misdirected Request: unallowed token specified"),  # A:ClientManager.cpp:72-78
        refusal(404, "Not Found"),
    ],
)
async def test_token_that_is_refused_is_nobodys_fault_but_its_own(answer: Answer) -> None:
    """What was to be shown can be shown once the token is right: it is not given up."""
    error, _ = await failure_of(answer)

    assert isinstance(error, BotTokenRefused)
    assert isinstance(error, Unreachable)
    assert str(error).startswith("Telegram refuses the token in TELEGRAM_TOKEN (")
    assert error.retry_after_seconds == 30


async def test_poll_is_told_that_the_token_is_refused() -> None:
    async with serve(refusal(401, "Unauthorized")) as wire, chat_at(wire.url) as (_, updates):
        with pytest.raises(BotTokenRefused):
            await updates.get(None, 0)


async def test_group_that_moved_names_its_new_id() -> None:
    error, _ = await failure_of(refusal(400, "Bad Request: group upgraded", migrate_to_chat_id=-1002))

    assert isinstance(error, ChatMoved)
    assert error.chat_id == -1002


@pytest.mark.parametrize(
    "answer",
    [
        replies(502, "<html>Bad Gateway</html>"),
        refusal(500, "Internal Server Error"),
        replies(200, '{"ok":true,"result":{"message_id"'),
        replies(200, "[]"),
        replies(200, {"ok": True}),
        replies(200, {"ok": True, "result": {}}),
        replies(200, {"ok": True, "result": 7}),
        breaks_off(b""),
        breaks_off(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"),
        breaks_off(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        breaks_off(b"SMTP ready\r\n\r\n"),
    ],
)
async def test_call_that_left_and_got_no_readable_answer_is_lost(answer: Answer) -> None:
    """The effect may be there: a broken body comes after it."""
    error, wire = await failure_of(answer)

    assert isinstance(error, AnswerLost)
    assert len(wire.heard) == 1


async def test_second_poller_is_a_conflict() -> None:
    answer = refusal(409, "Conflict: terminated by other getUpdates request")
    async with serve(answer) as wire, chat_at(wire.url) as (_, updates):
        with pytest.raises(Conflict):
            await updates.get(None, 0)


async def test_poll_asks_for_the_same_kinds_each_time() -> None:
    answer = replies(200, {"ok": True, "result": [{"update_id": 1}]})
    async with serve(answer) as wire, chat_at(wire.url) as (_, updates):
        found = await updates.get(5, 2.0)

    kinds = b"allowed_updates=%5B%22callback_query%22,%22message%22,%22my_chat_member%22%5D"
    assert found == [{"update_id": 1}]
    assert b"timeout=2&" + kinds + b"&offset=5 HTTP/1.1" in wire.heard[0]
    assert b"Content-Type" not in wire.heard[0]


async def test_poll_that_returns_no_list_is_lost() -> None:
    async with serve(replies(200, {"ok": True, "result": {}})) as wire, chat_at(wire.url) as (_, updates):
        with pytest.raises(AnswerLost):
            await updates.get(None, 0)


@pytest.mark.parametrize(
    "answer",
    [
        breaks_off(b""),
        breaks_off(b"SMTP ready\r\n\r\n"),
        replies(502, "<html>Bad Gateway</html>"),
        replies(404, "no"),
        replies(200, "{"),
    ],
)
async def test_no_error_and_no_log_line_carries_the_token(answer: Answer, caplog: pytest.LogCaptureFixture) -> None:
    """F33: aiohttp's errors carry the URL, and the URL the token."""
    caplog.set_level("INFO")

    error, _ = await failure_of(answer)

    assert "distinctive" not in "".join(traceback.format_exception(error))
    assert "distinctive" not in caplog.text


async def test_not_modified_is_success() -> None:
    """F8: the card shows already what it should."""
    from_telegram = "Bad Request: message is not modified: specified new message content and reply markup are the same"
    answer = refusal(400, from_telegram)
    async with serve(answer) as wire, chat_at(wire.url) as (chat, _):
        await chat.edit_card(first_face(ROW))

    assert b"POST /bot" in wire.heard[0]


@pytest.mark.parametrize("answer", [replies(200, '{"ok":true,'), replies(200, {"ok": True}), breaks_off(b"")])
async def test_edit_without_a_readable_answer_is_lost(answer: Answer) -> None:
    async with serve(answer) as wire, chat_at(wire.url) as (chat, _):
        with pytest.raises(AnswerLost):
            await chat.edit_card(first_face(ROW))


async def test_reply_of_an_edit_is_not_read() -> None:
    """Parsing the message that it holds would take a third of the call."""
    async with (
        serve(replies(200, {"ok": True, "result": {"not": "a message"}})) as wire,
        chat_at(wire.url) as (chat, _),
    ):
        await chat.edit_card(first_face(ROW))

    assert len(wire.heard) == 1
