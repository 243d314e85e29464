"""A group becomes a supergroup while stories wait in it: every card comes again, and no tap is lost on the way."""

from __future__ import annotations

from tests.doubts import fall_into_doubt
from tests.fakes.instagram import FakeInstagram
from tests.links import link_to
from tests.stage import ANNA, BEN, EVE, Stage

OLD = -4242
DOUBT = ["It is live", "It is not: post again", "Open Instagram", "Original"]


def cards_that_say(stage: Stage, words: str, chat_id: int) -> list[int]:
    """The messages that bear these words now."""
    return [message.id for message in stage.messages(chat_id) if words in message.content.text]


async def test_everything_open_comes_again_in_the_supergroup_and_works(stage: Stage) -> None:
    stage.instagram = instagram = FakeInstagram()
    await stage.add_group(OLD, live=True)
    await stage.connect(OLD)

    async with link_to(stage.dsn) as link, stage.worker(dsn=link.dsn) as worker:
        doubted, card = await stage.present("Doubted", OLD)
        await fall_into_doubt(stage, worker, doubted, card, OLD)
        skipped, _ = await stage.present("Skipped", OLD)
        posted, _ = await stage.present("Posted", OLD)
        held, card = await stage.present("Held", OLD)

        link.refuse()
        tap = stage.tap(card, ANNA, "Skip", OLD)
        toast = await stage.answered(tap)
        new = stage.sandbox.upgrade(OLD, BEN.id).id
        link.refuse(False)
        line = await stage.line(tap)
        cards = {item: await stage.card(item, new) for item in (doubted, skipped, posted)}
        await stage.until(lambda: bool(cards_that_say(stage, "Skipped by", new)))
        shown = {item: stage.buttons(card, new) for item, card in cards.items()}

        stage.tap(cards[skipped], BEN, "Skip", new)
        stage.tap(cards[posted], EVE, "Posted", new)
        await stage.says(cards[skipped], "Skipped by", new)
        await stage.says(cards[posted], "Posted by", new)
        stage.tap(cards[doubted], ANNA, f"confirm_live:{doubted}:2:{ANNA.id}", new)
        await stage.says(cards[doubted], "Posted via Instagram, confirmed by", new)
        await stage.until(lambda: not stage.sandbox.stats()["updates_waiting"])

    assert (toast, line["outcome"]) == ("Skipping…", "recorded")
    assert shown[doubted] == DOUBT
    assert "Skip" in shown[skipped]
    assert "Skip" in shown[posted]
    assert await stage.events(held) == [("skip", "Anna")]
    assert await stage.events(skipped) == [("skip", "Ben")]
    assert await stage.events(posted) == [("posted", "Eve")]
    assert await stage.events(doubted) == [("auto_post", "Anna"), ("answer_lost", "Anna"), ("it_is_live", "Anna")]
    assert instagram.live == []
    assert len([message for message in stage.messages(new) if message.content.media]) == 4
    assert await stage.database.fetchval("select chat_id from chats") == new


async def test_row_45_move_that_nobody_told_us_of_is_found_by_the_first_send(stage: Stage) -> None:
    """The update came a day ago, when no worker ran.

    Edits are taken in the old group all the same: Client.cpp:8150, https://github.com/tdlib/telegram-bot-api.
    """
    await stage.add_group(OLD)

    async with stage.worker():
        item, _ = await stage.present(chat_id=OLD)
    new = stage.sandbox.upgrade(OLD, BEN.id).id
    stage.sandbox.telegram.updates.clear()
    async with stage.worker():
        await stage.queue("Second", OLD)
        card = await stage.card(item, new)
        stage.tap(card, ANNA, "Skip", new)
        await stage.says(card, "Skipped by", new)

    assert await stage.events(item) == [("skip", "Anna")]


async def test_story_that_was_due_for_the_old_group_comes_to_the_new_one(stage: Stage) -> None:
    await stage.add_group(OLD)
    item = await stage.queue(chat_id=OLD)
    new = stage.sandbox.upgrade(OLD, BEN.id).id

    async with stage.worker():
        card = await stage.card(item, new)
        await stage.row_is(item, "in_review")

    assert "Skip" in stage.buttons(card, new)


async def test_new_group_that_was_set_up_by_hand_is_left_alone(stage: Stage) -> None:
    await stage.add_group(OLD)

    async with stage.worker():
        item, _ = await stage.present(chat_id=OLD)
    new = stage.sandbox.upgrade(OLD, BEN.id).id
    await stage.database.execute("insert into chats (chat_id, title, gap_seconds) values ($1, 'New', 0)", new)
    async with stage.worker():
        _, card = await stage.present("Other", new)
        await stage.until(lambda: not stage.sandbox.stats()["updates_waiting"])

    assert "Skip" in stage.buttons(card, new)
    assert (
        await stage.database.fetchval("select chat_id from items join chats using (chat_key) where item_id = $1", item)
        == OLD
    )
    assert {line["chat_id"] for line in stage.lines.named("chat.not_moved")} == {OLD}
