"""What people and Telegram do to a chat while a story waits in it: none of it loses a tap, or moves a story twice."""

from __future__ import annotations

from typing import Any

from infra.sandbox.telegram.model import Json, User
from infra.sandbox.telegram.world import NewChat
from tests.stage import ANNA, BEN, CHAT, Stage

OTHER_CHAT = CHAT - 1
OLD_GROUP = -4242
TOPIC = 77


def press(stage: Stage, card: int, **of_message: Any) -> Json:
    """A callback query on a card as Telegram would bring it, with other parts of its message."""
    chat = stage.sandbox.telegram.chats[CHAT]
    message = chat.message_wire(chat.messages[card]) | of_message
    [data] = [button["callback_data"] for button in chat.messages[card].content.buttons() if button["text"] == "Skip"]
    return {"id": "4242", "from": ANNA.wire(), "chat_instance": chat.instance, "data": data, "message": message}


async def all_taken(stage: Stage) -> None:
    """Wait until Telegram keeps no update for the worker."""
    await stage.until(lambda: not stage.sandbox.stats()["updates_waiting"])


async def test_button_that_is_replayed_from_another_chat_finds_nothing_there(stage: Stage) -> None:
    """A copy of our very card, forwarded: chat, message and item are those of the thief."""
    thief = User(66, "Thief")
    await stage.add_chat()
    await stage.add_chat(OTHER_CHAT, thief)

    async with stage.worker():
        item, card = await stage.present()
        copied = stage.sandbox.telegram.send(str(OTHER_CHAT), stage.messages()[0].content, stage.sandbox.clock())
        tap = stage.tap(copied["message_id"], thief, f"skip:{item}:0", OTHER_CHAT)
        line = await stage.line(tap)
        stage.tap(card, ANNA, "Skip")
        await stage.says(card, "Skipped by")

    assert line["outcome"] == "gone"
    assert await stage.events(item) == [("skip", "Anna")]
    assert "Thief" not in stage.text(card)


async def test_message_that_is_deleted_under_a_live_item_keeps_the_tap_that_was_under_way(stage: Stage) -> None:
    await stage.add_chat()

    async with stage.worker():
        item, card = await stage.present()
        tap = stage.tap(card, ANNA, "Skip")
        stage.sandbox.telegram.delete((str(CHAT), card), stage.sandbox.clock())
        line = await stage.line(tap)
        await stage.until_rows_say(True, "select gone from cards where message_id = $1", card)

    assert line["outcome"] == "recorded"
    assert stage.toast(tap) is not None
    assert await stage.events(item) == [("skip", "Anna")]


async def test_tap_on_a_message_that_is_deleted_already_counts_all_the_same(stage: Stage) -> None:
    """Somebody's screen still shows it: https://core.telegram.org/bots/api#inaccessiblemessage."""
    await stage.add_chat()

    async with stage.worker():
        item, card = await stage.present()
        stage.sandbox.telegram.delete((str(CHAT), card), stage.sandbox.clock())
        tap = stage.tap(card, ANNA, f"skip:{item}:0")
        line = await stage.line(tap)

    assert line["outcome"] == "recorded"
    assert await stage.events(item) == [("skip", "Anna")]


async def test_bot_that_is_thrown_out_and_brought_back_tells_the_truth_on_the_old_card(stage: Stage) -> None:
    await stage.add_chat()

    async with stage.worker():
        item, card = await stage.present()
        stage.sandbox.set_bot_membership(CHAT, BEN.id, is_member=False)
        stage.sandbox.set_bot_membership(CHAT, BEN.id, is_member=True)
        await all_taken(stage)
        stage.tap(card, ANNA, "Skip")
        await stage.says(card, "Skipped by")

    assert await stage.events(item) == [("skip", "Anna")]
    assert await stage.database.fetchval("select count(*) from chats") == 1


async def test_tap_of_a_group_that_becomes_a_supergroup_is_recorded_whatever_the_old_card_shows(stage: Stage) -> None:
    await stage.database.execute("insert into chats (chat_id, title, gap_seconds) values ($1, 'Group', 0)", OLD_GROUP)
    stage.sandbox.create_chat(NewChat("Group", [ANNA, BEN], "group", OLD_GROUP))

    async with stage.worker():
        item, card = await stage.present(chat_id=OLD_GROUP)
        tap = stage.tap(card, ANNA, "Skip", OLD_GROUP)
        stage.sandbox.upgrade(OLD_GROUP, BEN.id)
        line = await stage.line(tap)
        await all_taken(stage)

    assert line["outcome"] == "recorded"
    assert await stage.events(item) == [("skip", "Anna")]


async def test_tap_in_a_topic_is_a_tap(stage: Stage) -> None:
    """A forum's messages say which topic they stand in: https://core.telegram.org/bots/api#message."""
    await stage.add_chat()

    async with stage.worker():
        item, card = await stage.present()
        topic = {"message_thread_id": TOPIC, "is_topic_message": True}
        stage.sandbox.inject("callback_query", press(stage, card, **topic))
        await stage.says(card, "Skipped by")
        line = await stage.line("4242")

    assert line["outcome"] == "recorded"
    assert await stage.events(item) == [("skip", "Anna")]


async def test_name_that_no_database_takes_is_cleaned_and_its_tap_counts(stage: Stage) -> None:
    """PostgreSQL keeps no NUL and no half of a character: a tap refused for its name would be refused for ever."""
    cruel = User(78, "\0A\ud83d\u202eb\0")
    await stage.add_chat(CHAT, cruel)

    async with stage.worker():
        item, card = await stage.present()
        tap = stage.tap(card, cruel, "Skip")
        await stage.says(card, "Skipped by")
        line = await stage.line(tap)

    assert line["outcome"] == "recorded"
    assert await stage.events(item) == [("skip", "A\ufffdb")]


async def test_update_that_nobody_can_keep_leaves_no_trace_and_holds_up_no_tap(stage: Stage) -> None:
    await stage.add_chat()

    async with stage.worker():
        item, card = await stage.present()
        stage.sandbox.inject("callback_query", press(stage, card) | {"id": "9" * 5000})
        stage.sandbox.inject("callback_query", press(stage, card, message_id=2**80))
        stage.sandbox.inject("callback_query", press(stage, card) | {"from": ANNA.wire() | {"id": [1]}})
        stage.sandbox.inject("message", {"message_id": {}, "chat": {"id": 10**30, "type": "group"}, "text": "/next"})
        tap = stage.tap(card, BEN, "Skip")
        await stage.says(card, "Skipped by")
        line = await stage.line(tap)
        await all_taken(stage)

    assert line["outcome"] == "recorded"
    assert await stage.events(item) == [("skip", "Ben")]
    assert await stage.database.fetchval("select count(*) from taps") == 1
    assert len(stage.lines.named("update.poison")) == 4
