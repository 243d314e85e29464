"""What people write into the group: answered at once, done once, and nothing for strangers."""

from infra.sandbox.common.faults import Fault, FaultKind
from infra.sandbox.telegram.model import User
from infra.sandbox.telegram.world import NewChat, Words
from tests.links import link_to
from tests.scenarios.conversations import all_confirmed, cards, said, says
from tests.stage import ANNA, BEN, CHAT, EVE, Stage

OTHER_CHAT = CHAT - 1
STRANGER = User(666, "Stranger")
LATER = "update items set due_at = now() + interval '2 hours' where item_id = $1"
PAUSE_IS_OVER = "update chats set next_card_at = now()"


async def test_next_shows_the_next_story_before_its_slot(stage: Stage) -> None:
    await stage.add_chat(gap_seconds=3600)

    async with stage.worker():
        await stage.present("First")
        item = await stage.queue("Second")
        await stage.database.execute(LATER, item)
        await says(stage, "Here comes \u2068Second\u2069", "/next@everytap_sandbox_bot")
        card = await stage.card(item)
        await stage.row_is(item, "in_review")
        await says(stage, "Nothing waits", "/next")
        stage.tap(card, BEN, "Skip")
        await stage.says(card, "Skipped by")
        await all_confirmed(stage)

    assert len(cards(stage)) == 2


async def test_next_whose_worker_died_before_it_was_confirmed_shows_one_card(stage: Stage) -> None:
    """Telegram gives it to the next worker once more."""
    await stage.add_chat()
    item = await stage.queue()
    await stage.queue("Second")
    await stage.database.execute("update chats set paused = true")
    message = stage.sandbox.say(CHAT, ANNA.id, "/next")
    await stage.database.execute(
        """with said as (insert into commands (chat_key, message_id, verb, user_id, user_name, item_id, verdict)
             select chat_key, $1, 'next', 11, 'Anna', $2, 'done' from chats)
           update items set state = 'presenting', came_from = 'waiting', came_by = 'claim', held_by = 'dead',
             held_key = 'next ' || $1, hold_until = now() + interval '60 seconds' where item_id = $2""",
        message.id,
        item,
    )

    async with stage.worker():
        await stage.until(lambda: said(stage) == ["Here comes \u2068Sunset\u2069 (item 1)."])
        await all_confirmed(stage)

    assert cards(stage) == []
    assert await stage.database.fetchval("select count(*) from items where state = 'presenting'") == 1


async def test_next_brings_a_card_that_was_lost_twice(stage: Stage) -> None:
    await stage.add_chat()
    stage.sandbox.set_fault(Fault(FaultKind.SERVER_ERROR, "sendPhoto", times=2))

    async with stage.worker():
        item = await stage.queue()
        await stage.until_rows_say(1, "select failed_sends from chats")
        await stage.database.execute(PAUSE_IS_OVER)
        stage.wake()
        await stage.row_is(item, "in_review")
        assert cards(stage) == []

        await says(stage, "Here comes", "/next")
        card = await stage.card(item)
        await stage.row_is(item, "in_review")
        stage.tap(card, ANNA, "Posted")
        await stage.says(card, "Posted by")

    assert len(cards(stage)) == 1
    assert await stage.events(item) == [("posted", "Anna")]


async def test_pause_and_resume_hold_and_let_go(stage: Stage) -> None:
    await stage.add_chat()

    async with stage.worker():
        await says(stage, "Paused.", "/pause")
        item = await stage.queue()
        await says(stage, "Paused: no story comes", "/status")
        assert cards(stage) == []
        await says(stage, "Going on.", "/resume", BEN)
        await stage.card(item)
        await says(stage, "It is not paused.", "/resume")

    verdicts = await stage.database.fetch("select verb, user_name, verdict from commands order by message_id")
    assert [tuple(line) for line in verdicts] == [
        ("pause", "Anna", "done"),
        ("resume", "Ben", "done"),
        ("resume", "Anna", "as_it_was"),
    ]


async def test_state_and_queue_tell_what_is_where(stage: Stage) -> None:
    await stage.add_chat(timezone="Europe/Berlin")

    async with stage.worker():
        item, card = await stage.present("First")
        stage.tap(card, ANNA, "Skip")
        await stage.row_is(item, "skipped")
        await stage.present("Second")
        later = await stage.queue("Third", file_name="x")
        await says(stage, f"(item {later})", "/queue")
        await says(stage, "skipped by \u2068Anna\u2069", "/status")
        await says(stage, "/requeue", "/help")
        await says(stage, "This chat is set up.", "/start")

    assert "Database: answers. Telegram: answered 0 s ago." in said(stage)[1]


async def test_requeue_brings_a_skipped_story_back(stage: Stage) -> None:
    await stage.add_chat()

    async with stage.worker():
        item, old = await stage.present()
        await says(stage, "There is nothing to bring back", "/requeue")
        await says(stage, "is in review; only", f"/requeue {item}")
        stage.tap(old, ANNA, "Skip")
        await stage.says(old, "Skipped by")
        await says(stage, "Back in the queue", f"/requeue {item}", BEN)
        await stage.says(old, "Back in the queue")
        await stage.until(lambda: len(cards(stage)) == 2)
        await stage.row_is(item, "in_review")
        await says(stage, "no item of this number", "/requeue 4711")

    assert await stage.events(item) == [("skip", "Anna"), ("requeue", "Ben")]


async def test_database_that_does_not_answer_is_said_within_seconds_and_then_what_came_of_it(stage: Stage) -> None:
    await stage.add_chat()

    async with stage.worker():
        await stage.present()
        locking = stage.database.transaction()
        await locking.start()
        await stage.database.execute("lock table commands in access exclusive mode")
        await says(stage, "this may have been done, or not", "/pause")
        await locking.rollback()
        await stage.until(lambda: any("Paused." in text for text in said(stage)))

    assert await stage.database.fetchval("select paused from chats")
    assert len(said(stage)) == 2


async def test_database_that_is_away_is_said_within_seconds_and_the_service_goes_on(stage: Stage) -> None:
    await stage.add_chat()

    async with link_to(stage.dsn) as link, stage.worker(dsn=link.dsn):
        await stage.present()
        link.refuse()
        await says(stage, "Database: does not answer just now. Telegram: answered", "/status")
        link.refuse(False)
        await all_confirmed(stage)
        await says(stage, "Database: ", "/status")


async def test_person_without_a_role_is_refused_in_one_sentence(stage: Stage) -> None:
    """F34."""
    await stage.add_chat(restricted=True)
    item = await stage.queue()
    await stage.database.execute(LATER, item)

    async with stage.worker():
        await says(stage, "\u2068Eve\u2069: only people with a role", "/next", EVE)
        await says(stage, "\u2068Eve\u2069: only people with a role", "/status", EVE)

    assert cards(stage) == []


async def test_group_that_is_not_set_up_learns_how_and_nothing_is_created(stage: Stage) -> None:
    """F34."""
    stage.sandbox.create_chat(NewChat("Elsewhere", [EVE], id=OTHER_CHAT))

    async with stage.worker():
        await says(stage, f"chat add {OTHER_CHAT}", "/start", EVE, OTHER_CHAT)
        await says(stage, f"chat add {OTHER_CHAT}", "/next", EVE, OTHER_CHAT)
        stage.sandbox.say(OTHER_CHAT, EVE.id, "/unknown")
        stage.sandbox.say(OTHER_CHAT, EVE.id, "hello")
        await all_confirmed(stage)

    assert len(said(stage, OTHER_CHAT)) == 2
    assert await stage.database.fetchval("select count(*) from chats") == 0
    assert await stage.database.fetchval("select count(*) from commands") == 0


async def test_stranger_alone_with_the_bot_hears_one_polite_sentence(stage: Stage) -> None:
    """F34."""
    await stage.add_chat()
    item = await stage.queue()
    await stage.database.execute(LATER, item)
    stage.sandbox.create_chat(NewChat("Stranger", [STRANGER], "private"))

    async with stage.worker():
        await says(stage, "Hello!", "/start", STRANGER, STRANGER.id)
        for text in ("hello", "/next", "/pause", "/unknown"):
            stage.sandbox.say(STRANGER.id, STRANGER.id, text)
        await all_confirmed(stage)

    assert len(said(stage, STRANGER.id)) == 1
    assert cards(stage) == []
    assert await stage.database.fetchval("select count(*) from commands") == 0


async def test_menu_is_shown_by_telegram(stage: Stage) -> None:
    async with stage.worker():
        await stage.until(lambda: bool(stage.sandbox.telegram.commands))

    assert {"command": "next", "description": "show the next story now"} in stage.sandbox.telegram.commands


async def test_commands_of_the_night_before_a_start_are_answered_once_and_not_done(stage: Stage) -> None:
    """Telegram keeps messages for 24 hours: three /next of yesterday sent three cards."""
    await stage.add_chat(gap_seconds=3600)
    for title in ("First", "Second", "Third"):
        await stage.database.execute(LATER, await stage.queue(title))
    for seconds_ago in (9000.0, 8000.0, 7000.0):
        stage.sandbox.say(CHAT, ANNA.id, "/next", seconds_ago)
    stage.sandbox.say(CHAT, ANNA.id, "/status", 7000.0)

    async with stage.worker():
        await stage.until(lambda: any("3 commands (/next) were sent" in text for text in said(stage)))
        await stage.until(lambda: any("Database: answers." in text for text in said(stage)))
        await all_confirmed(stage)
        assert cards(stage) == []
        await says(stage, "Here comes \u2068First\u2069", "/next")

    assert len(said(stage)) == 3
    verdicts = await stage.database.fetch("select verdict from commands order by message_id")
    assert [line["verdict"] for line in verdicts] == ["too_old"] * 3 + ["done"]


async def test_row_50_cards_come_in_the_topic_of_the_chat_and_answers_where_they_were_asked(stage: Stage) -> None:
    """Client.cpp:8256-8290, https://github.com/tdlib/telegram-bot-api: else all of it stood in General."""
    await stage.add_chat()
    topic, other = stage.sandbox.open_topic(CHAT, ANNA.id), stage.sandbox.open_topic(CHAT, ANNA.id)
    await stage.database.execute("update chats set topic = $1", topic)

    async with stage.worker():
        item = await stage.queue()
        card = await stage.card(item)
        stage.sandbox.show(Words(CHAT, BEN.id, "/pause", topic=other))
        stage.sandbox.show(Words(CHAT, BEN.id, "/resume"))
        await stage.until(lambda: len(said(stage)) == 2)
        tap = stage.tap(card, BEN, "Original")
        await stage.until(lambda: stage.messages()[-1].content.kind == "document")
        await stage.answered(tap)
        await all_confirmed(stage)

    ours = [(message.content.kind, message.topic) for message in stage.messages() if message.sender.is_bot]
    assert ours == [("photo", topic), ("text", other), ("text", None), ("document", topic)]
