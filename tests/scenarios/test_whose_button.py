"""Ids are given out again: a new database behind the same bot, a restored one, a container without its volume."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import asyncpg
import pytest

from actors.item import texts
from infra.postgres.migrate import migrate
from infra.sandbox.telegram.model import Content
from infra.telegram.callback_data import PERSONAL, ButtonVerb, Meaning, encode
from tests import earlier_schemas
from tests.plugins.postgres import Databases
from tests.stage import ANNA, BEN, CHAT, Stage

OTHERS = {"vote:1", "s:1:0:k9_Xq-:1:1:1", "skip:1:0:0", "skip:0d6f0f1e-5d0e-4a53-9d3b-6a54c1f9f7a1"}


@pytest.fixture
def second_url(databases: Databases, template_database: str) -> Iterator[str]:
    """A new, empty database."""
    yield databases.create("reborn", template_database)
    databases.drop("reborn")


@pytest.fixture
async def reborn(stage: Stage, second_url: str) -> AsyncIterator[Stage]:
    """The same bot and the same group, behind which stands another database now."""
    connection = await asyncpg.connect(second_url)
    try:
        yield replace(stage, database=connection, dsn=second_url, workers=[])
    finally:
        await connection.close()


async def show_and_forget(stage: Stage) -> tuple[int, int, str]:
    """Show item 1 in the group, then lose the worker and its database; returns item, message and mark."""
    await stage.add_chat()
    async with stage.worker():
        item, card = await stage.present("Red")
    return item, card, await stage.database.fetchval("select mark from items where item_id = $1", item)


async def add_chat_again(reborn: Stage) -> None:
    """Set the group up in the database that knows nothing of it."""
    await reborn.database.execute(
        "insert into chats (chat_id, title, gap_seconds, account) values ($1, 'Team', 0, '@studio')", CHAT
    )


def every_button(item: int, mark: str) -> list[str]:
    """What the lost queue may have written into its cards, in both spellings."""
    marked = [
        encode(Meaning(verb, item, version, mark, ANNA.id if verb in PERSONAL else 0))
        for verb in ButtonVerb
        for version in (0, 1)
    ]
    return [*marked, *(f"{verb.value}:{item}:0{f':{ANNA.id}' if verb in PERSONAL else ''}" for verb in ButtonVerb)]


async def rows_of(stage: Stage, item: int) -> object:
    """All that the database knows of an item and of who did what to it."""
    return [
        await stage.database.fetchrow("select * from items where item_id = $1", item),
        await stage.database.fetch("select * from item_events"),
        await stage.database.fetch("select chat_key, message_id, item_id, gone from cards"),
        await stage.database.fetch("select * from taps"),
        await stage.database.fetch("select * from members"),
    ]


async def press_all(stage: Stage, card: int, buttons: list[str]) -> dict[str, str]:
    """Press one after the other; returns how the log explains each."""
    return {data: (await stage.line(stage.tap(card, ANNA, data)))["outcome"] for data in buttons}


async def test_card_of_a_lost_queue_publishes_nothing_of_the_new_one(stage: Stage, reborn: Stage) -> None:
    """KiroCrew 5131: a red picture was approved, and the blue one that has its number now was published."""
    item, red, mark = await show_and_forget(stage)
    await add_chat_again(reborn)

    async with reborn.worker("two"):
        again, _ = await reborn.present("Blue")
        blue = await reborn.database.fetchval("select message_id from cards")
        before = await rows_of(reborn, again)
        lines = await press_all(reborn, red, every_button(item, mark))
        after = await rows_of(reborn, again)

    assert again == item
    assert set(lines.values()) == {"unknown_button"}
    assert after == before
    assert [len(message.history) for message in stage.messages() if message.id in {red, blue}] == [1, 1]


async def test_cold_worker_that_knows_nothing_of_the_number_draws_nothing_either(stage: Stage, reborn: Stage) -> None:
    """The toast waits for no database, so the group is told what came of it: once a minute and person."""
    item, red, mark = await show_and_forget(stage)
    await add_chat_again(reborn)

    async with reborn.worker("two"):
        lines = await press_all(reborn, red, every_button(item, mark))

    assert set(lines.values()) == {"unknown_button", "gone"}
    told = [message.content.text for message in stage.messages() if message.id != red]
    assert told == [f"Anna: {texts.EARLIER_QUEUE}"]
    assert len(stage.sandbox.telegram.chats[CHAT].messages[red].history) == 1


async def test_item_that_waits_under_the_number_of_a_lost_one_is_not_touched(stage: Stage, reborn: Stage) -> None:
    item, red, mark = await show_and_forget(stage)
    await add_chat_again(reborn)
    await reborn.queue("Blue")
    await reborn.database.execute("update items set due_at = now() + interval '1 day'")
    before = await rows_of(reborn, item)

    async with reborn.worker("two"):
        lines = await press_all(reborn, red, every_button(item, mark))

    assert set(lines.values()) == {"unknown_button"}
    assert await rows_of(reborn, item) == before
    assert len(stage.sandbox.telegram.chats[CHAT].messages[red].history) == 1


async def test_button_that_nobody_can_read_is_answered_and_touches_nothing(stage: Stage) -> None:
    """F4, F5, F39: a team that moves here with its old bot taps its old cards."""
    await stage.add_chat()

    async with stage.worker():
        item, card = await stage.present()
        before = await rows_of(stage, item)
        taps = [stage.tap(card, ANNA, data) for data in sorted(OTHERS)]
        toasts = {await stage.answered(tap) for tap in taps}
        outcomes = {(await stage.line(tap))["outcome"] for tap in taps}
        after = await rows_of(stage, item)

    assert toasts == {texts.EARLIER_VERSION}
    assert outcomes == {"unknown_button"}
    assert after == before
    assert len(stage.sandbox.telegram.chats[CHAT].messages[card].history) == 1


async def test_data_of_another_item_pressed_on_a_card_changes_neither(stage: Stage) -> None:
    """https://core.telegram.org/bots/api#callbackquery: a client may send data that the message never had."""
    await stage.add_chat()

    async with stage.worker():
        first, _ = await stage.present("First")
        second, card = await stage.present("Second")
        mark = await stage.database.fetchval("select mark from items where item_id = $1", first)
        before = [await rows_of(stage, first), await rows_of(stage, second)]
        lines = await press_all(stage, card, every_button(first, mark))
        after = [await rows_of(stage, first), await rows_of(stage, second)]

    assert set(lines.values()) == {"unknown_button"}
    assert after == before
    assert len(stage.sandbox.telegram.chats[CHAT].messages[card].history) == 1


async def test_right_mark_on_a_message_that_does_not_show_it_makes_no_card_of_it(stage: Stage) -> None:
    await stage.add_chat()

    async with stage.worker():
        item, _ = await stage.present()
        mark = await stage.database.fetchval("select mark from items")
        stage.sandbox.say(CHAT, ANNA.id, "/status")
        await stage.until(lambda: any("Database:" in message.content.text for message in stage.messages()))
        reply = next(message for message in stage.messages() if "Database:" in message.content.text)
        before = await rows_of(stage, item)
        lines = await press_all(stage, reply.id, every_button(item, mark))
        after = await rows_of(stage, item)

    assert set(lines.values()) == {"unknown_button"}
    assert (after, len(reply.history)) == (before, 1)


async def test_card_of_a_time_that_the_database_lost_says_so_and_shows_its_row(stage: Stage) -> None:
    """A backup of yesterday was restored: what people decided since is not known any more."""
    await stage.add_chat()

    async with stage.worker():
        item, card = await stage.present()
        mark = await stage.database.fetchval("select mark from items")
        tap = stage.tap(card, ANNA, encode(Meaning(ButtonVerb.SKIP, item, 2, mark)))
        await stage.says(card, "of a time that the queue has lost, tap again")
        line = await stage.line(tap)

        stage.tap(card, BEN, "Skip")
        await stage.says(card, "Skipped by")

    assert (line["outcome"], line["cause"]) == ("stale", "lost_past")
    assert await stage.events(item) == [("skip", "Ben")]


@pytest.fixture
async def landed(stage: Stage, empty_database_url: str) -> AsyncIterator[tuple[Stage, list[tuple[int, int]]]]:
    """A database of the release before the marks, with open cards in the group, brought up to date."""
    connection = await asyncpg.connect(empty_database_url)
    try:
        await earlier_schemas.build(connection, earlier_schemas.states()[earlier_schemas.LANDED])
        old = replace(stage, database=connection, dsn=empty_database_url, workers=[])
        await old.add_chat()
        shown = [await _put_in_review(old, title) for title in ("Skipped", "Rejected", "Posted")]
        await migrate(connection)
        yield old, shown
    finally:
        await connection.close()


async def _put_in_review(stage: Stage, title: str) -> tuple[int, int]:
    item = await stage.queue(title)
    labels = ("auto_post", "posted", "skip", "reject", "original")
    keyboard = (tuple({"text": verb, "callback_data": f"{verb}:{item}:0"} for verb in labels),)
    sent = stage.sandbox.telegram.send(str(CHAT), Content("photo", title, keyboard=keyboard), stage.sandbox.clock())
    await stage.database.execute(
        "update items set state = 'in_review', came_from = 'presenting', came_by = 'sent', presented_at = now()"
        " where item_id = $1",
        item,
    )
    await stage.database.execute(
        "insert into cards (chat_key, message_id, item_id, shown) select chat_key, $1, $2, 0 from chats",
        sent["message_id"],
        item,
    )
    return item, sent["message_id"]


async def test_open_cards_of_the_release_before_go_on(landed: tuple[Stage, list[tuple[int, int]]]) -> None:
    stage, [(skipped, first), (rejected, second), (posted, third)] = landed

    async with stage.worker():
        stage.tap(first, ANNA, f"skip:{skipped}:0")
        await stage.says(first, "Skipped by")
        stage.tap(second, BEN, f"reject:{rejected}:0")
        await stage.until(lambda: "Yes, reject" in stage.buttons(second))
        stage.tap(second, BEN, "Yes, reject")
        await stage.says(second, "Rejected by")
        await stage.until(lambda: "Auto Post" in stage.buttons(third))
        stage.tap(third, ANNA, "Posted")
        await stage.says(third, "Posted by")
        late = stage.tap(first, BEN, f"posted:{skipped}:0")
        await stage.says(first, "too late")
        line = await stage.line(late)

    assert line["outcome"] == "stale"
    states = await stage.database.fetch("select state, mark from items order by item_id")
    assert [row["state"] for row in states] == ["skipped", "rejected", "posted"]
    assert len({row["mark"] for row in states}) == 3
    assert posted == rejected + 1


async def test_old_button_on_a_message_that_no_row_knows_is_refused(
    landed: tuple[Stage, list[tuple[int, int]]],
) -> None:
    stage, [(item, _), *_] = landed
    unknown = stage.sandbox.telegram.send(
        str(CHAT),
        Content("photo", "Red", keyboard=(({"text": "Skip", "callback_data": f"skip:{item}:0"},),)),
        stage.sandbox.clock(),
    )["message_id"]

    async with stage.worker():
        line = await stage.line(stage.tap(unknown, ANNA, "Skip"))

    assert (line["outcome"], line["cause"]) == ("unknown_button", "unknown_message")
    assert await stage.events(item) == []
    assert len(stage.sandbox.telegram.chats[CHAT].messages[unknown].history) == 1
