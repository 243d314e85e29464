"""Taps of people, from chats and on cards that have no right to them."""

from infra.sandbox.telegram.model import User
from infra.sandbox.telegram.world import NewChat
from tests.stage import ANNA, BEN, CHAT, EVE, Stage

OTHER_CHAT = CHAT - 1


async def test_person_without_a_role_in_a_restricted_chat_is_refused_visibly(stage: Stage) -> None:
    await _let_anna_alone_tap(stage)

    async with stage.worker():
        item, card = await stage.present()
        before = stage.text(card), stage.buttons(card)
        refused = stage.tap(card, BEN, "Skip")
        line = await stage.line(refused)
        assert _hears(stage, "🚷 Ben may not tap in this chat")
        assert (stage.text(card), stage.buttons(card)) == before

        stage.tap(card, ANNA, "Skip")
        await stage.says(card, "Skipped by")

    assert line["outcome"] == "forbidden"
    assert await stage.events(item) == [("skip", "Anna")]


async def test_stranger_who_forges_two_hundred_presses_gets_nothing_and_keeps_nobody_waiting(stage: Stage) -> None:
    await _let_anna_alone_tap(stage)

    async with stage.worker():
        item, card = await stage.present()
        before = len(stage.messages())
        viewed = [stage.tap(card, BEN, label) for label in ("Original", "Reject")]
        viewed_lines = [await stage.line(tap) for tap in viewed]
        originals = len(stage.messages()) - before
        forged = [stage.tap(card, EVE, f"skip:{number}:0") for number in range(1, 101)]
        hers = stage.tap(card, ANNA, "Skip")
        forged += [stage.tap(card, EVE, "Skip") for _ in range(155)]
        line = await stage.line(hers)
        outcomes = {(await stage.line(tap))["outcome"] for tap in forged}

    assert [line["outcome"] for line in viewed_lines] == ["forbidden"] * 2
    assert originals <= 1  # one sentence, and no file
    assert line["outcome"] == "recorded"
    assert outcomes <= {"forbidden", "busy"}
    assert await stage.events(item) == [("skip", "Anna")]
    assert "Eve" not in "".join(look.content.text for look in stage.sandbox.telegram.chats[CHAT].messages[card].history)
    assert await stage.database.fetchval("select count(*) from taps where user_id = $1", EVE.id) <= 10
    assert await stage.database.fetchval("select count(*) from interactions where user_id = $1", EVE.id) <= 1


async def test_forged_button_in_another_chat_does_nothing_to_our_item(stage: Stage) -> None:
    await stage.add_chat()
    await stage.add_chat(OTHER_CHAT)

    async with stage.worker():
        item, _ = await stage.present()
        _, foreign_card = await stage.present("Theirs", OTHER_CHAT)
        tap = stage.tap(foreign_card, BEN, f"skip:{item}:0", OTHER_CHAT)
        await stage.until(lambda: _hears(stage, "Ben: This card is of an earlier queue.", OTHER_CHAT))
        line = await stage.line(tap)

    assert line["outcome"] == "gone"
    assert await stage.events(item) == []
    assert len(stage.sandbox.telegram.chats[OTHER_CHAT].messages[foreign_card].history) == 1


async def test_strangers_private_chat_creates_nothing(stage: Stage) -> None:
    stranger = User(666, "Stranger")
    await stage.add_chat()
    stage.sandbox.create_chat(NewChat("Stranger", [stranger], "private"))

    async with stage.worker():
        item, _ = await stage.present()
        stage.sandbox.say(stranger.id, stranger.id, "/next")
        message = stage.sandbox.telegram.send(str(stranger.id), stage.messages()[0].content, stage.sandbox.clock())
        tap = stage.tap(message["message_id"], stranger, f"skip:{item}:0", stranger.id)
        assert await stage.answered(tap)
        line = await stage.line(tap)
        await stage.until(lambda: not stage.sandbox.stats()["updates_waiting"])

    assert line["outcome"] == "gone"
    assert await stage.events(item) == []
    assert len(stage.messages()) == 1
    assert await stage.database.fetchval("select count(*) from chats") == 1
    assert await stage.database.fetchval("select count(*) from taps") == 0
    assert await stage.database.fetchval("select count(*) from members") == 0


async def test_button_of_no_item_is_told_in_the_group_and_the_card_keeps_its_own(stage: Stage) -> None:
    """Drawn without buttons, the card of an item that waits for people was dead."""
    await stage.add_chat()

    async with stage.worker():
        item, card = await stage.present()
        tap = stage.tap(card, ANNA, "skip:999:0")
        await stage.until(lambda: _hears(stage, "Anna: This card is of an earlier queue."))
        line = await stage.line(tap)
        stage.tap(card, BEN, "Skip")
        await stage.says(card, "Skipped by")

    assert line["outcome"] == "gone"
    assert line["toast_ms"] is not None
    assert await stage.events(item) == [("skip", "Ben")]


async def _let_anna_alone_tap(stage: Stage) -> None:
    await stage.add_chat(restricted=True)
    await stage.database.execute(
        "insert into members (chat_key, user_id, name, role) select chat_key, $1, 'Anna', 'reviewer' from chats",
        ANNA.id,
    )


def _hears(stage: Stage, text: str, chat_id: int = CHAT) -> bool:
    return any(message.content.text.startswith(text) for message in stage.messages(chat_id))
