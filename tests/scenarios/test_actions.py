"""Each button, by one person."""

from tests.stage import ANNA, BEN, Stage

BUTTONS = ["Auto Post", "Posted", "Skip", "Reject", "Open Instagram", "Original"]


async def test_auto_post_in_dry_run_says_what_it_would_have_done_and_brings_the_buttons_back(stage: Stage) -> None:
    await stage.add_chat()

    async with stage.worker():
        item, card = await stage.present()
        tap = stage.tap(card, ANNA, "Auto Post")
        assert await stage.answered(tap) == "Auto posting…"
        await stage.says(card, "Dry run: the picture “Sunset” would have been published to the account @studio.")
        assert stage.buttons(card) == BUTTONS
        assert (await stage.line(tap))["action"] == "auto_post"

        again = stage.tap(card, BEN, "Skip")
        await stage.says(card, "Skipped by")
        assert (await stage.line(again))["outcome"] == "recorded"

    assert await stage.events(item) == [("auto_post", "Anna"), ("rehearsed", "Anna"), ("skip", "Ben")]


async def test_auto_post_in_a_live_chat_without_publisher_says_so_and_keeps_the_buttons(stage: Stage) -> None:
    await stage.add_chat(live=True)

    async with stage.worker():
        item, card = await stage.present()
        tap = stage.tap(card, ANNA, "Auto Post")
        await stage.says(card, "Nothing was published: Instagram is not connected for this chat.")
        assert stage.buttons(card) == BUTTONS
        assert (await stage.line(tap))["outcome"] == "recorded"

        stage.tap(card, ANNA, "Posted")
        await stage.says(card, "Posted by")
        assert stage.buttons(card) == []

    assert await stage.events(item) == [("auto_post", "Anna"), ("publish_refused", "Anna"), ("posted", "Anna")]


async def test_posted_is_recorded_counted_and_locked(stage: Stage) -> None:
    await stage.add_chat()

    async with stage.worker():
        item, card = await stage.present()
        tap = stage.tap(card, ANNA, "Posted")
        assert await stage.answered(tap) == "Marking as posted…"
        await stage.says(card, "Posted by")
        assert "(by hand)" in stage.text(card)
        assert "Golden hour" in stage.text(card)
        line = await stage.line(tap)

    assert await stage.events(item) == [("posted", "Anna")]
    assert await stage.database.fetchval("select kind from locks where item_id = $1", item) == "posted"
    assert await stage.database.fetchval("select posted from members where user_id = $1", ANNA.id) == 1
    assert (line["action"], line["outcome"], line["version"], line["db_attempts"]) == ("posted", "recorded", 1, 1)
    assert line["toast_ms"] is not None
    assert line["recorded_ms"] is not None
    assert line["card_ms"] is not None


async def test_reject_asks_first_and_is_recorded_when_confirmed(stage: Stage) -> None:
    await stage.add_chat()

    async with stage.worker():
        item, card = await stage.present()
        asked = stage.tap(card, ANNA, "Reject")
        await stage.until(lambda: "Yes, reject" in stage.buttons(card))
        assert await stage.answered(asked) == "Are you sure? Confirm on the card."
        assert await stage.events(item) == []

        sure = stage.tap(card, BEN, "Yes, reject")
        await stage.says(card, "Rejected by")
        assert stage.buttons(card) == []
        assert (await stage.line(asked))["outcome"] == "asked"
        assert (await stage.line(sure))["action"] == "reject"

    assert await stage.events(item) == [("reject", "Ben")]
    assert await stage.database.fetchval("select until = 'infinity' from locks where item_id = $1", item)


async def test_reject_that_is_cancelled_changes_nothing(stage: Stage) -> None:
    await stage.add_chat()

    async with stage.worker():
        item, card = await stage.present()
        stage.tap(card, ANNA, "Reject")
        await stage.until(lambda: "No, keep it" in stage.buttons(card))
        kept = stage.tap(card, ANNA, "No, keep it")
        await stage.until(lambda: stage.buttons(card) == BUTTONS)
        assert await stage.answered(kept) == "Kept. Nothing was rejected."
        assert (await stage.line(kept))["outcome"] == "kept"

        stage.tap(card, BEN, "Skip")
        await stage.says(card, "Skipped by")

    assert await stage.events(item) == [("skip", "Ben")]


async def test_original_sends_the_file_as_an_answer_to_the_card(stage: Stage) -> None:
    await stage.add_chat()

    async with stage.worker():
        item, card = await stage.present()
        tap = stage.tap(card, ANNA, "Original")
        await stage.until(lambda: len(stage.messages()) == 2)
        assert stage.messages()[1].content.kind == "document"
        assert stage.messages()[1].content.text == "Golden hour"
        assert stage.messages()[1].reply_to == card
        assert stage.buttons(card) == BUTTONS
        assert (await stage.line(tap))["outcome"] == "original_sent"

    assert await stage.events(item) == []
