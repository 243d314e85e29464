"""What is said in a chat beside the cards: for how long it is tried, and why it was not heard; in virtual time."""

from __future__ import annotations

import anyio
import pytest

from actors.cards.chat_limits import ChatLimits
from actors.commands.delivery import MessageDelivery
from actors.errors import AnswerLost, Refused, Unreachable
from tests.actors.fakes import FakeChat, FakeStore, Never
from tests.kit.clock import virtual_time
from tests.stories import CHAT

anyio_backend = virtual_time


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (None, None),
        (Refused("no rights"), "no rights"),
        (AnswerLost("cut"), "cut"),
        (Never(), "no answer in time"),
    ],
    ids=["heard", "refused", "lost", "silent"],
)
async def test_what_is_refused_or_may_have_been_heard_is_not_said_twice(answer: object, why: str | None) -> None:
    chat = FakeChat()
    chat.will("send_text", answer)

    assert (
        await MessageDelivery(chat, FakeStore(), ChatLimits(), lambda: None).say(CHAT, "Hello!", anyio.current_time())
        == why
    )
    assert len(chat.when("send_text")) == 1


async def test_what_certainly_was_not_heard_is_said_again_for_a_minute() -> None:
    chat = FakeChat()
    chat.always("send_text", Unreachable("limited", 25.0))

    assert (
        await MessageDelivery(chat, FakeStore(), ChatLimits(), lambda: None).say(CHAT, "Hello!", anyio.current_time())
        == "limited"
    )
    assert chat.when("send_text") == pytest.approx([0.0, 25.0, 50.0], abs=0.1)
