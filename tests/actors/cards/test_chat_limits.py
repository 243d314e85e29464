"""What a chat can take is one thing for all who change it: a pause that Telegram asks for is asked for once."""

from __future__ import annotations

import anyio
import pytest

from actors.cards.chat_limits import ChatLimits, LimitedChat
from actors.cards.rate_limit import BUDGET
from actors.domain.item import State
from actors.errors import AnswerLost, BotTokenRefused, PortError, Unreachable
from actors.ports import Face, Sending
from tests.actors.fakes import After, FakeChat
from tests.kit.clock import virtual_time
from tests.stories import CHAT, row

anyio_backend = virtual_time

OTHER_CHAT = CHAT - 1
FACE = Face(CHAT, 501, 7, 0, row(State.IN_REVIEW))


@pytest.fixture
def chat() -> FakeChat:
    return FakeChat()


@pytest.fixture
def paces() -> ChatLimits:
    return ChatLimits()


@pytest.fixture
def paced(chat: FakeChat, paces: ChatLimits) -> LimitedChat:
    return LimitedChat(chat, paces)


async def said(paced: LimitedChat, chat_id: int = CHAT) -> float | None:
    """Say something; returns after how long to come again."""
    try:
        await paced.send_text(chat_id, "hello")
    except Unreachable as error:
        return error.retry_after_seconds
    except PortError:
        return -1.0
    return None


async def test_pause_holds_everything_in_its_chat_and_is_asked_for_once(chat: FakeChat, paced: LimitedChat) -> None:
    chat.will("send_text", Unreachable("Too many requests", 30.0))
    assert await said(paced) == 30.0
    await anyio.sleep(10.0)

    assert await said(paced) == pytest.approx(20.0)
    with pytest.raises(Unreachable, match="asked for a pause"):
        await paced.edit_card(FACE)
    with pytest.raises(Unreachable, match="asked for a pause"):
        await paced.send_card(row(State.PRESENTING))
    with pytest.raises(Unreachable, match="asked for a pause"):
        await paced.send_original(row(State.IN_REVIEW), 501)

    assert len(chat.when("send_text")) == 1
    assert (chat.faces, chat.when("send_card"), chat.when("send_original")) == ([], [], [])


async def test_original_is_sent_as_the_chat_is_asked_to(chat: FakeChat, paced: LimitedChat) -> None:
    await paced.send_original(row(State.IN_REVIEW), 501, Sending())

    assert chat.originals == [(row(State.IN_REVIEW), 501)]


async def test_toasts_and_other_chats_wait_for_no_pause(chat: FakeChat, paced: LimitedChat) -> None:
    chat.will("edit 501", Unreachable("Too many requests", 30.0))
    with pytest.raises(Unreachable):
        await paced.edit_card(FACE)

    await paced.answer("tap-1", "Skipping…")

    assert chat.toasts == [("tap-1", "Skipping…")]
    assert await said(paced, OTHER_CHAT) is None


async def test_one_goes_first_after_a_pause_and_the_others_cost_nothing(chat: FakeChat, paced: LimitedChat) -> None:
    chat.will("send_text", Unreachable("Too many requests", 5.0), After(1.0, Unreachable("Too many requests", 7.0)))
    await said(paced)
    await anyio.sleep(5.0)
    seconds: list[float | None] = []

    async def try_it() -> None:
        seconds.append(await said(paced))

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(try_it)

    assert sorted(one or 0.0 for one in seconds) == [0.5, 0.5, 0.5, 7.0]
    assert len(chat.when("send_text")) == 2


async def test_chat_is_open_again_once_one_went_through(chat: FakeChat, paced: LimitedChat) -> None:
    chat.will("send_text", Unreachable("Too many requests", 5.0), None, After(1.0, None))
    await said(paced)
    await anyio.sleep(5.0)

    assert await said(paced) is None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(said, paced)
        tasks.start_soon(said, paced)

    assert len(chat.when("send_text")) == 4


async def test_forerunner_whose_answer_is_lost_lets_another_one_go_first(chat: FakeChat, paced: LimitedChat) -> None:
    chat.will("send_text", Unreachable("Too many requests", 5.0), AnswerLost("cut"))
    await said(paced)
    await anyio.sleep(5.0)

    assert [await said(paced), await said(paced)] == [-1.0, None]


async def test_refused_token_and_a_network_that_is_away_are_no_pause_of_a_chat(
    chat: FakeChat, paced: LimitedChat
) -> None:
    chat.will("send_text", BotTokenRefused("401", 30.0), Unreachable("no connection"))

    assert [await said(paced), await said(paced), await said(paced)] == [30.0, None, None]
    assert len(chat.when("send_text")) == 3


async def test_what_is_sent_counts_as_what_is_edited(chat: FakeChat, paces: ChatLimits, paced: LimitedChat) -> None:
    await said(paced)
    await paced.send_card(row(State.PRESENTING))

    assert paces.of(CHAT).left == BUDGET - 2
    assert chat.texts


async def test_chats_that_have_rested_are_forgotten(paces: ChatLimits) -> None:
    paces.of(1).spend(anyio.current_time())
    first = paces.of(1)
    paces.of(2)
    assert paces.of(1) is first

    await anyio.sleep(61.0)
    paces.of(3)

    assert paces.of(1) is not first
