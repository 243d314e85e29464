"""Faults over HTTP: each fails in its own way, with or without the effect."""

import asyncio
from random import Random

import pytest
from aiohttp import ClientConnectionError, ClientPayloadError

from infra.sandbox.common.faults import Fault, FaultKind, Faults
from infra.sandbox.sandbox import Sandbox
from infra.sandbox.telegram.world import ButtonTap
from tests.infra.sandbox.client import BotClient

CAPTIONS = "editMessageCaption"


async def edit(bot: BotClient, chat_id: int, caption: str = "New") -> tuple[int, str]:
    """Edit message 1 and return the code and the raw body."""
    values = {"chat_id": chat_id, "message_id": 1, "caption": caption}
    async with bot.http.post(bot.url(CAPTIONS), json=values) as reply:
        return reply.status, await reply.text()


def caption(sandbox: Sandbox, chat_id: int) -> str:
    return sandbox.telegram.chats[chat_id].messages[1].content.text


async def test_a_delay_holds_the_effect_back(sandbox: Sandbox, group: int, bot: BotClient) -> None:
    await bot.send_card(group)
    sandbox.set_fault(Fault(FaultKind.DELAY, CAPTIONS, seconds=0.05))
    asked_at = sandbox.clock()

    await edit(bot, group)

    assert sandbox.telegram.chats[group].messages[1].history[-1].at >= asked_at + 0.05


async def test_too_many_names_the_seconds(sandbox: Sandbox, group: int, bot: BotClient) -> None:
    await bot.send_card(group)
    sandbox.set_fault(Fault(FaultKind.TOO_MANY, times=1, seconds=7))

    assert "retry after 7" in (await edit(bot, group))[1]
    assert (await edit(bot, group))[0] == 200


@pytest.mark.parametrize(
    ("kind", "shown"), [(FaultKind.SERVER_ERROR, "A story"), (FaultKind.SERVER_ERROR_AFTER, "New")]
)
async def test_a_server_error_is_a_page_of_html(
    sandbox: Sandbox, group: int, bot: BotClient, kind: FaultKind, shown: str
) -> None:
    await bot.send_card(group)
    sandbox.set_fault(Fault(kind, "edit*", code=502))

    code, body = await edit(bot, group)

    assert (code, body.startswith("<html>")) == (502, True)
    assert caption(sandbox, group) == shown


async def test_a_broken_body_hides_an_effect(sandbox: Sandbox, group: int, bot: BotClient) -> None:
    await bot.send_card(group)
    sandbox.set_fault(Fault(FaultKind.BROKEN_BODY))

    code, body = await edit(bot, group)

    assert (code, body.endswith("}")) == (200, False)
    assert caption(sandbox, group) == "New"


@pytest.mark.parametrize(("kind", "shown"), [(FaultKind.RESET_BEFORE, "A story"), (FaultKind.RESET_AFTER, "New")])
async def test_a_reset_comes_before_or_after_the_effect(
    sandbox: Sandbox, group: int, bot: BotClient, kind: FaultKind, shown: str
) -> None:
    await bot.send_card(group)
    sandbox.set_fault(Fault(kind))

    with pytest.raises((ClientConnectionError, ClientPayloadError)):
        await edit(bot, group)

    assert caption(sandbox, group) == shown


@pytest.mark.parametrize(("kind", "shown"), [(FaultKind.HANG_BEFORE, "A story"), (FaultKind.HANG_AFTER, "New")])
async def test_a_hanging_call_is_let_go_when_the_fault_is_cleared(
    sandbox: Sandbox, group: int, bot: BotClient, kind: FaultKind, shown: str
) -> None:
    await bot.send_card(group)
    number = sandbox.set_fault(Fault(kind, CAPTIONS))
    call = asyncio.create_task(edit(bot, group))
    done, _ = await asyncio.wait([call], timeout=0.1)

    sandbox.clear_faults(number)

    assert not done
    with pytest.raises(ClientConnectionError):
        await call
    assert caption(sandbox, group) == shown


async def test_a_late_edit_overwrites_a_newer_one(sandbox: Sandbox, group: int, bot: BotClient) -> None:
    await bot.send_card(group)
    sandbox.set_fault(Fault(FaultKind.LATE, CAPTIONS, times=1, seconds=0.1))
    with pytest.raises(ClientConnectionError):
        await edit(bot, group, "Old")

    await edit(bot, group, "New")
    await sandbox.until(lambda: caption(sandbox, group) == "Old", timeout_seconds=5)

    history = sandbox.telegram.chats[group].messages[1].history
    assert [shown.content.text for shown in history] == ["A story", "New", "Old"]


async def test_a_dead_network_breaks_the_waiting_poll_and_every_call(
    sandbox: Sandbox, group: int, bot: BotClient
) -> None:
    poll = asyncio.create_task(bot("getUpdates", timeout=50))
    await sandbox.until(sandbox.bot_api.polls.is_waiting)

    number = sandbox.set_fault(Fault(FaultKind.NETWORK_OFF))

    with pytest.raises(ClientConnectionError):
        await poll
    with pytest.raises(ClientConnectionError):
        await bot("getMe")
    sandbox.clear_faults(number)
    assert (await bot("getMe"))["ok"] is True
    assert sandbox.telegram.chats[group].messages == {}


async def test_updates_can_come_twice_in_one_batch(sandbox: Sandbox, group: int, bot: BotClient) -> None:
    sandbox.set_fault(Fault(FaultKind.DUPLICATE, times=1))
    sandbox.say(group, 1, "hello")

    ids = [update["update_id"] for update in (await bot("getUpdates"))["result"]]

    assert ids == [ids[0], ids[0]]


async def test_a_tap_can_come_again_under_a_new_update_id(sandbox: Sandbox, group: int, bot: BotClient) -> None:
    sandbox.tap(ButtonTap(group, await bot.send_card(group), 1, "skip:1:0"))
    sandbox.set_fault(Fault(FaultKind.REDELIVER))

    first = (await bot("getUpdates"))["result"][0]
    again = (await bot("getUpdates", offset=first["update_id"] + 1))["result"][0]
    nothing = (await bot("getUpdates", offset=again["update_id"] + 1))["result"]

    assert again["callback_query"] == first["callback_query"]
    assert again["update_id"] == first["update_id"] + 1
    assert nothing == []


async def test_poison_comes_in_the_middle_of_a_batch(sandbox: Sandbox, group: int, bot: BotClient) -> None:
    sandbox.set_fault(Fault(FaultKind.POISON))
    for text in ("one", "two"):
        sandbox.say(group, 1, text)

    updates = (await bot("getUpdates"))["result"]

    assert ["message" in update for update in updates] == [True, False, True]
    assert updates[1]["callback_query"]["data"] == "poison"


async def test_a_fault_can_be_meant_for_one_chat(sandbox: Sandbox, group: int, bot: BotClient) -> None:
    message_id = await bot.send_card(group)
    query_id = sandbox.tap(ButtonTap(group, message_id, 1, "skip:1:0"))
    sandbox.set_fault(Fault(FaultKind.SERVER_ERROR, chat_id=group + 1))
    assert (await edit(bot, group))[0] == 200

    sandbox.set_fault(Fault(FaultKind.TOO_MANY, chat_id=group))

    assert (await bot("answerCallbackQuery", callback_query_id=query_id))["error_code"] == 429


def test_a_seed_repeats_the_strikes() -> None:
    def strikes(seed: int) -> list[bool]:
        faults = Faults(Random(seed))
        faults.set(Fault(FaultKind.RESET_BEFORE, chance=0.5), now=0)
        return [faults.strike("sendMessage", 1, now=0).fault is not None for _ in range(50)]

    assert strikes(1) == strikes(1)
    assert strikes(1) != strikes(2)
    assert 10 < sum(strikes(1)) < 40


def test_a_fault_ends_by_itself_after_its_time_or_its_number_of_strikes() -> None:
    faults = Faults(Random(0))
    faults.set(Fault(FaultKind.NETWORK_OFF, lasts_seconds=20), now=100)
    faults.set(Fault(FaultKind.TOO_MANY, times=2), now=120)

    assert faults.network_is_off(now=119.9)
    assert not faults.network_is_off(now=120)
    struck = [faults.strike("getMe", None, now=120).fault is not None for _ in range(3)]
    assert struck == [True, True, False]


def test_delays_add_up_before_the_failure() -> None:
    faults = Faults(Random(0))
    faults.set(Fault(FaultKind.DELAY, seconds=1), now=0)
    faults.set(Fault(FaultKind.DELAY, "edit*", seconds=2), now=0)
    faults.set(Fault(FaultKind.RESET_AFTER), now=0)

    strike = faults.strike(CAPTIONS, 1, now=0)

    assert strike.delay_seconds == 3
    assert strike.fault == Fault(FaultKind.RESET_AFTER)
