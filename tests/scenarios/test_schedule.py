"""What comes into the chat and when, and what leaves the queue without a tap."""

from datetime import timedelta

from infra.clock import WallClock
from infra.postgres.admin import PostgresAdmin
from infra.sandbox.common.faults import Fault, FaultKind
from tests.scenarios.conversations import cards
from tests.stage import ANNA, BEN, CHAT, PATIENCE_SECONDS, Stage

OTHER_CHAT = CHAT - 1
PAUSE_IS_OVER = "update chats set next_card_at = now()"
LONG_AGO = """update items set due_at = due_at - interval '49 hours', presented_at = presented_at - interval '49 hours'
  where item_id = $1"""


async def test_overdue_items_come_one_per_gap(stage: Stage) -> None:
    await stage.add_chat(gap_seconds=1)
    items = [await stage.queue(title) for title in ("First", "Second")]

    async with stage.worker():
        came = [await stage.card(item) for item in items]
        for item in items:
            await stage.row_is(item, "in_review")

    came_at = [message.history[0].at for message in stage.messages()]
    assert came == sorted(came)
    assert len(came_at) == 2
    assert came_at[1] - came_at[0] > 0.9


async def test_paused_chat_presents_nothing_until_it_goes_on(stage: Stage) -> None:
    await stage.add_chat(paused=True)
    await stage.add_chat(OTHER_CHAT)

    async with stage.worker():
        paused = await stage.queue()
        await stage.present("Elsewhere", OTHER_CHAT)
        assert stage.messages() == []
        assert await stage.database.fetchval("select state from items where item_id = $1", paused) == "waiting"

        await PostgresAdmin(stage.database).set_chat(CHAT, {"paused": False})
        await stage.card(paused)


async def test_failed_send_keeps_its_item_and_rests_its_chat(stage: Stage) -> None:
    await stage.add_chat()
    await stage.add_chat(OTHER_CHAT)
    stage.sandbox.set_bot_membership(CHAT, ANNA.id, is_member=False)

    async with stage.worker():
        item = await stage.queue()
        await stage.until_rows_say(1, "select failed_sends from chats where chat_id = $1", CHAT)
        assert await stage.database.fetchval("select state from items where item_id = $1", item) == "waiting"
        await stage.present("Elsewhere", OTHER_CHAT)
        assert await stage.database.fetchval("select next_card_at > now() from chats where chat_id = $1", CHAT)

        stage.sandbox.set_bot_membership(CHAT, ANNA.id, is_member=True)
        await stage.database.execute(PAUSE_IS_OVER)
        stage.wake()
        card = await stage.card(item)
        await stage.row_is(item, "in_review")
        stage.tap(card, ANNA, "Skip")
        await stage.says(card, "Skipped by")

    assert await stage.events(item) == [("skip", "Anna")]
    assert await stage.database.fetchval("select failed_sends from chats where chat_id = $1", CHAT) == 0


async def test_ambiguous_send_makes_one_extra_card_at_most_and_a_tap_on_it_adopts_it(stage: Stage) -> None:
    await stage.add_chat()
    stage.sandbox.set_fault(Fault(FaultKind.RESET_AFTER, "sendPhoto", times=1))

    async with stage.worker():
        item = await stage.queue()
        await stage.until_rows_say(1, "select failed_sends from chats")
        await stage.database.execute(PAUSE_IS_OVER)
        stage.wake()
        await stage.row_is(item, "in_review")
        lost, known = [message.id for message in stage.messages()]
        tap = stage.tap(lost, BEN, "Skip")
        await stage.says(lost, "Skipped by")
        await stage.says(known, "Skipped by")
        line = await stage.line(tap)

    assert line["outcome"] == "recorded"
    assert stage.buttons(lost) == stage.buttons(known) == []
    assert await stage.events(item) == [("skip", "Ben")]
    assert await stage.database.fetchval("select count(*) from cards where item_id = $1", item) == 2


async def test_send_that_is_lost_twice_makes_no_third_card(stage: Stage) -> None:
    await stage.add_chat()
    stage.sandbox.set_fault(Fault(FaultKind.RESET_AFTER, "sendPhoto"))

    async with stage.worker():
        item = await stage.queue()
        await stage.until_rows_say(1, "select failed_sends from chats")
        await stage.database.execute(PAUSE_IS_OVER)
        stage.wake()
        await stage.row_is(item, "in_review")

    assert len(cards(stage)) == 2


async def test_tap_on_a_card_whose_send_was_lost_counts_before_any_other_card_is_sent(stage: Stage) -> None:
    await stage.add_chat()
    stage.sandbox.set_fault(Fault(FaultKind.RESET_AFTER, "sendPhoto", times=1))

    async with stage.worker():
        item = await stage.queue()
        lost = await stage.card(item)
        tap = stage.tap(lost, BEN, "Posted")
        await stage.says(lost, "Posted by")
        await stage.until_rows_say("posted", "select state from items where item_id = $1", item)
        await stage.database.execute(PAUSE_IS_OVER)
        stage.wake()
        assert (await stage.line(tap))["outcome"] == "recorded"

    assert len(stage.messages()) == 1


async def test_item_that_nobody_taps_expires_and_its_card_says_so(stage: Stage) -> None:
    await stage.add_chat()

    async with stage.worker():
        item, card = await stage.present()
        await stage.database.execute(LONG_AGO, item)
        stage.wake()
        await stage.says(card, "Expired: nobody tapped within")
        assert stage.buttons(card) == []

        late = stage.tap(card, ANNA, f"skip:{item}:0")
        await stage.says(card, "Anna")
        assert (await stage.line(late))["outcome"] == "stale"

    assert await stage.events(item) == [("expire", None)]


async def test_item_removed_in_review_is_withdrawn_on_its_card(stage: Stage) -> None:
    await stage.add_chat()

    async with stage.worker():
        item, card = await stage.present()
        await PostgresAdmin(stage.database).remove_item(item)
        await stage.says(card, "Taken out of the queue")
        assert stage.buttons(card) == []

    assert [step for step, _ in await stage.events(item)] == ["withdraw"]


async def test_requeued_item_comes_again_and_its_old_card_says_so(stage: Stage) -> None:
    await stage.add_chat()

    async with stage.worker():
        item, old = await stage.present()
        stage.tap(old, ANNA, "Skip")
        await stage.says(old, "Skipped by")
        await PostgresAdmin(stage.database).requeue_item(item, None, force=True)
        await stage.says(old, "Back in the queue")
        await stage.until(lambda: len(stage.messages()) == 2)
        await stage.row_is(item, "in_review")
        new = stage.messages()[1].id
        stage.tap(new, BEN, "Posted")
        await stage.says(new, "Posted by")

    assert "Posted by" not in stage.text(old)
    assert await stage.events(item) == [("skip", "Anna"), ("requeue", "the operator"), ("posted", "Ben")]


async def test_what_the_operator_does_has_one_line_though_two_workers_hear_of_it(stage: Stage) -> None:
    await stage.add_chat()
    story = {"kind": "photo", "path": "p", "file_name": "f", "sha256": "s", "bytes": 5, "title": "t", "caption": "c"}
    desk, due = PostgresAdmin(stage.database), WallClock().now() + timedelta(days=1)
    media = (await desk.add_media(CHAT, [story]))[0]["id"]

    async with stage.worker(), stage.worker("two"):
        item = (await desk.add_item(CHAT, media, due))[0]["id"]
        queued = await stage.lines.changed(item, "queued", PATIENCE_SECONDS)
        await desk.remove_item(item)
        await stage.lines.changed(item, "withdrawn", PATIENCE_SECONDS)
        await stage.until_rows_say(0, "select count(*) from item_changes")

    changes = [(line["change"], line["cause"]) for line in stage.lines.named("item")]
    assert (queued[0]["state"], queued[0]["version"], queued[0]["chat_id"]) == ("waiting", 0, CHAT)
    assert changes == [("queued", "command line"), ("withdrawn", "command line")]
