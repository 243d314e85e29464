"""How much may be sent, on paper."""

import pytest

from infra.sandbox.telegram.limits import Limits
from infra.sandbox.telegram.model import GroupChat
from infra.sandbox.telegram.rules import BotApiError, Rules

GROUP = GroupChat(-1, "group", "Team", {})


def refusal(limits: Limits, chat: GroupChat, now: float) -> int | None:
    with pytest.raises(BotApiError) as refused:
        limits.spend(chat, now)
    return refused.value.parameters.get("retry_after")


def test_a_chat_takes_a_small_burst_and_then_one_a_second() -> None:
    limits = Limits(Rules())
    for _ in range(3):
        limits.spend(GROUP, now=100)

    assert refusal(limits, GROUP, now=100) == 1
    limits.spend(GROUP, now=101)
    assert refusal(limits, GROUP, now=101.5) == 1


def test_a_group_takes_20_a_minute() -> None:
    limits = Limits(Rules())
    for second in range(20):
        limits.spend(GROUP, now=100 + second)

    assert refusal(limits, GROUP, now=121) == 39
    limits.spend(GROUP, now=160)


def test_a_private_chat_knows_no_minute() -> None:
    limits = Limits(Rules())
    chat = GroupChat(1, "private", "", {})

    for second in range(70):
        limits.spend(chat, now=100 + second)


def test_a_bot_sends_30_a_second_in_all_chats_together() -> None:
    limits = Limits(Rules())
    for number in range(30):
        limits.spend(GroupChat(-number - 1, "group", "", {}), now=100)

    assert refusal(limits, GroupChat(-99, "group", "", {}), now=100.5) == 1


def test_limits_can_be_off() -> None:
    limits = Limits(Rules(limits=False))

    for _ in range(100):
        limits.spend(GROUP, now=0)
