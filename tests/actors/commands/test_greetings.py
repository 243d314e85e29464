"""The bot comes into a chat, goes, gets and loses rights: a line each, and a greeting where it is of use."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import anyio
import pytest

from actors.commands import texts
from actors.commands.delivery import HOLD_SECONDS
from actors.commands.greeting import SETTLE_SECONDS
from actors.database.request import Cause, NotStored
from actors.domain.group_ids import GroupKind
from actors.domain.membership import BotMembership
from actors.domain.updates import Membership
from actors.errors import AnswerLost, Refused, Unreachable
from actors.operations.commands import ChatView
from actors.operations.refusals import ReopenChat
from tests.actors.commands.fakes import VIEW, CommandStage
from tests.actors.fakes import After, Bug, Never
from tests.actors.updates.fakes import said
from tests.kit.clock import virtual_time
from tests.stories import ANNA, CHAT

anyio_backend = virtual_time

STRANGE = (
    f"Hello! This chat's id is {CHAT}. It is not set up yet. My operator does that with: python main.py chat add {CHAT}"
)
KNOWN = texts.greeting(CHAT, True)
ADDED = Membership(10, CHAT, GroupKind.SUPERGROUP, ANNA.id, BotMembership.LEFT, BotMembership.MEMBER)


def members(stage: CommandStage) -> list[dict[str, Any]]:
    """The lines about what the bot is in a chat."""
    return [line for line in stage.logs if line["event"] == "chat.member"]


def changed(number: int, before: BotMembership, after: BotMembership) -> Membership:
    return replace(ADDED, update_id=number, before=before, after=after)


async def test_group_that_is_not_set_up_is_told_its_id_and_the_line_for_the_operator(stage: CommandStage) -> None:
    stage.store.always("LookAtChat", None)

    async with stage.playing():
        stage.commands.tell_nowait(ADDED)
        await stage.confirmed.until("10")

    assert stage.chat.texts == [(CHAT, STRANGE)]
    (line,) = members(stage)
    assert (line["chat_id"], line["user_id"], line["chat_kind"]) == (CHAT, ANNA.id, "supergroup")
    assert (line["before"], line["after"], line["known"]) == ("left", "member", False)


async def test_group_that_is_set_up_is_told_what_the_bot_does(stage: CommandStage) -> None:
    async with stage.playing():
        stage.commands.tell_nowait(replace(ADDED, kind=GroupKind.GROUP, after=BotMembership.ADMINISTRATOR))
        await stage.confirmed.until("10")

    assert stage.texts == [KNOWN]
    assert "/help" in KNOWN
    assert members(stage)[0]["known"] is True


async def test_chat_in_which_the_bots_rights_change_is_tried_again_at_once(stage: CommandStage) -> None:
    """A:Client.cpp:17270: my_chat_member is the platform's word that what was refused may pass now."""
    stage.store.always("ReopenChat", True)

    async with stage.playing():
        stage.commands.tell_nowait(changed(10, BotMembership.RESTRICTED, BotMembership.ADMINISTRATOR))
        await stage.confirmed.until("10")

    assert stage.store.of(ReopenChat) == [ReopenChat(CHAT)]
    assert [line["event"] for line in stage.logs if line["event"].startswith("chat.")] == [
        "chat.reopened",
        "chat.member",
    ]
    assert list(stage.looks.lines) == ["look"]


@pytest.mark.parametrize("view", [VIEW, None])
async def test_chat_that_the_bot_left_or_does_not_know_is_not_tried(stage: CommandStage, view: ChatView | None) -> None:
    after = BotMembership.KICKED if view else BotMembership.MEMBER
    stage.store.always("LookAtChat", view)

    async with stage.playing():
        stage.commands.tell_nowait(changed(10, BotMembership.RESTRICTED, after))
        await stage.confirmed.until("10")

    assert stage.store.of(ReopenChat) == []


async def test_chat_that_could_not_be_reopened_is_left_to_the_retries(stage: CommandStage) -> None:
    stage.store.always("ReopenChat", NotStored(Cause.EXPIRED, certain=True))

    async with stage.playing():
        stage.commands.tell_nowait(changed(10, BotMembership.RESTRICTED, BotMembership.MEMBER))
        await stage.confirmed.until("10")

    assert "chat.not_reopened" in [line["event"] for line in stage.logs]
    assert list(stage.looks.lines) == []


async def test_group_that_has_just_moved_is_known_before_it_is_greeted(stage: CommandStage) -> None:
    """The supergroup brings us in while its move is still being stored."""
    stage.store.always("LookAtChat", None)

    async with stage.playing():
        stage.commands.tell_nowait(ADDED)
        await anyio.sleep(SETTLE_SECONDS - 0.1)
        stage.store.always("LookAtChat", VIEW)
        await stage.confirmed.until("10")

    assert stage.texts == [KNOWN]


async def test_without_a_database_the_greeting_claims_nothing_of_the_chat(stage: CommandStage) -> None:
    stage.store.always("LookAtChat", Never())

    async with stage.playing():
        stage.commands.tell_nowait(ADDED)
        await stage.confirmed.until("10")

    assert stage.texts == [texts.greeting(CHAT, None)]
    assert members(stage)[0]["known"] is None


@pytest.mark.parametrize(
    "change",
    [
        replace(ADDED, kind=GroupKind.CHANNEL),
        replace(ADDED, kind=GroupKind.PRIVATE, before=BotMembership.KICKED),
        replace(ADDED, before=BotMembership.MEMBER, after=BotMembership.ADMINISTRATOR),
        replace(ADDED, before=BotMembership.ADMINISTRATOR, after=BotMembership.MEMBER),
        replace(ADDED, before=BotMembership.MEMBER, after=BotMembership.RESTRICTED),
        replace(ADDED, before=BotMembership.MEMBER, after=BotMembership.KICKED),
        replace(ADDED, before=BotMembership.KICKED, after=BotMembership.LEFT),
    ],
)
async def test_what_is_no_coming_into_a_group_has_its_line_and_no_greeting(
    stage: CommandStage, change: Membership
) -> None:
    async with stage.playing():
        stage.commands.tell_nowait(change)
        await stage.confirmed.until("10")
        assert anyio.current_time() == pytest.approx(0.0)

    assert stage.texts == []
    assert [(line["before"], line["after"]) for line in members(stage)] == [(change.before.value, change.after.value)]


async def test_bot_that_is_thrown_out_of_a_chat_of_ours_is_a_warning(stage: CommandStage) -> None:
    async with stage.playing():
        stage.commands.tell_nowait(changed(10, BotMembership.MEMBER, BotMembership.KICKED))
        stage.commands.tell_nowait(changed(11, BotMembership.MEMBER, BotMembership.ADMINISTRATOR))
        await stage.confirmed.until("11")

    assert [line["log_level"] for line in members(stage)] == ["warning", "info"]


async def test_group_that_plays_with_the_bot_is_greeted_once_an_hour(stage: CommandStage) -> None:
    async with stage.playing():
        for number in range(10, 50, 2):
            stage.commands.tell_nowait(changed(number, BotMembership.LEFT, BotMembership.MEMBER))
            stage.commands.tell_nowait(changed(number + 1, BotMembership.MEMBER, BotMembership.LEFT))
            await anyio.sleep(10.0)
        assert stage.texts == [KNOWN]
        await anyio.sleep(3600.0)
        stage.commands.tell_nowait(changed(50, BotMembership.LEFT, BotMembership.MEMBER))
        await stage.confirmed.until("50")

    assert stage.texts == [KNOWN] * 2
    assert len(members(stage)) == len(stage.confirmed.lines) == 41


@pytest.mark.parametrize("error", [Refused("bot was kicked from the group chat"), AnswerLost("cut"), Never()])
async def test_greeting_that_is_refused_or_lost_is_a_line_and_is_not_repeated(
    stage: CommandStage, error: object
) -> None:
    stage.chat.always("send_text", error)

    async with stage.playing():
        stage.commands.tell_nowait(ADDED)
        await stage.confirmed.until("10")

    assert len(stage.chat.when("send_text")) == 1
    assert [line["event"] for line in stage.logs if line["event"].startswith("chat.")] == [
        "chat.member",
        "chat.not_greeted",
    ]


async def test_greeting_that_telegram_does_not_take_for_a_minute_is_given_up(stage: CommandStage) -> None:
    stage.chat.always("send_text", Unreachable("limited", 20.0))

    async with stage.playing():
        stage.commands.tell_nowait(ADDED)
        await stage.confirmed.until("10")
        assert anyio.current_time() <= HOLD_SECONDS + 5.0

    assert stage.logs[-1]["event"] == "chat.not_greeted"
    assert stage.logs[-1]["reason"] == "limited"


async def test_lines_of_a_chat_stand_in_the_order_of_what_happened(stage: CommandStage) -> None:
    stage.store.will("LookAtChat", After(1.5, VIEW))

    async with stage.playing():
        stage.commands.tell_nowait(changed(10, BotMembership.MEMBER, BotMembership.KICKED))
        stage.commands.tell_nowait(changed(11, BotMembership.KICKED, BotMembership.LEFT))
        await stage.confirmed.until("11")

    assert [line["after"] for line in members(stage)] == ["kicked", "left"]


async def test_flood_of_changes_is_confirmed_each_with_its_line(stage: CommandStage) -> None:
    stage.store.always("LookAtChat", Never())

    async with stage.playing():
        for number in range(100):
            stage.commands.tell_nowait(changed(number, BotMembership.MEMBER, BotMembership.ADMINISTRATOR))
        await stage.confirmed.until("0")

    assert sorted(map(int, stage.confirmed.lines)) == list(range(100))
    assert len(members(stage)) == 100


async def test_change_that_crashes_its_conversation_is_confirmed_and_harms_nothing(stage: CommandStage) -> None:
    stage.store.will("LookAtChat", Bug("not a NotStored"))

    async with stage.playing():
        stage.commands.tell_nowait(changed(10, BotMembership.MEMBER, BotMembership.ADMINISTRATOR))
        await stage.confirmed.until("10")
        stage.commands.tell_nowait(said(11, "/pause"))
        await stage.confirmed.until("11")

    assert len(members(stage)) == 1
