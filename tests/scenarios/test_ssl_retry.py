"""The five cases in which the replaced system tried once more, or did not, by the names that they had there."""

import asyncpg

from tests.links import link_to
from tests.stage import ANNA, BEN, Stage

# Each of its signatures: an older worker has one of its own.
RENAME = """do $$ declare one regprocedure; begin
  for one in select oid::regprocedure from pg_proc where proname = '{0}' loop
    execute format('alter function %s rename to {1}', one);
  end loop;
end $$"""
HIDE, SHOW = RENAME.format("record_tap", "hidden"), RENAME.format("hidden", "record_tap")


async def test_operational_error_triggers_retry(stage: Stage) -> None:
    """The answer of the statement is lost with its connection; the same key again stores nothing twice."""
    await stage.add_chat()

    async with link_to(stage.dsn) as link, stage.worker(dsn=link.dsn):
        item, card = await stage.present()
        await all_quiet(stage)
        link.cut_next_answer(to=b"skip")
        tap = stage.tap(card, ANNA, "Skip")
        await stage.says(card, "Skipped by")
        line = await stage.line(tap)

    assert (line["outcome"], line["db_attempts"]) == ("recorded", 2)
    assert await stage.events(item) == [("skip", "Anna")]
    assert await stage.database.fetchval("select skipped from members where user_id = $1", ANNA.id) == 1


async def test_non_operational_error_not_retried(stage: Stage) -> None:
    """What the database refuses it would refuse again: the person is told at once, and the operator too."""
    await stage.add_chat()

    async with stage.worker():
        item, card = await stage.present()
        await stage.database.execute(HIDE)
        refused = stage.tap(card, ANNA, "Skip")
        await stage.says(card, "Anna's Skip was not saved, tap again.")
        assert "Skip" in stage.buttons(card)
        line = await stage.line(refused)
        assert await stage.events(item) == []

        await stage.database.execute(SHOW)
        stage.tap(card, ANNA, "Skip")
        await stage.says(card, "Skipped by")

    assert (line["outcome"], line["db_attempts"]) == ("refused", 1)
    assert len(stage.lines.named("database.alarm")) == 1
    assert await stage.events(item) == [("skip", "Anna")]


async def test_second_failure_propagates(stage: Stage) -> None:
    """To nobody: a second failure is followed by a third attempt, and the person sees the end of it."""
    await stage.add_chat()

    async with link_to(stage.dsn) as link, stage.worker(dsn=link.dsn):
        item, card = await stage.present()
        await all_quiet(stage)
        link.refuse()
        tap = stage.tap(card, ANNA, "Skip")
        await stage.says(card, "Anna is skipping this")
        link.cut_next_answer()
        link.refuse(False)
        await stage.says(card, "Skipped by")
        line = await stage.line(tap)

    assert line["outcome"] == "recorded"
    assert line["db_attempts"] >= 2
    assert await stage.events(item) == [("skip", "Anna")]


async def test_queue_item_deleted_during_retry(stage: Stage) -> None:
    """Somebody else settles the item between two attempts: the card says who, and nothing is stored twice."""
    await stage.add_chat()
    other = await asyncpg.connect(stage.dsn)

    async with stage.worker():
        item, card = await stage.present()
        held = other.transaction()
        await held.start()
        await other.fetchval(
            "select record_tap('bens', chat_id, $2, $3, 'Ben', $1, 0, 'posted', null) from chats", item, card, BEN.id
        )
        tap = stage.tap(card, ANNA, "Skip")
        await stage.says(card, "Anna is skipping this")
        await held.commit()
        await stage.says(card, "too late, posted by")
        line = await stage.line(tap)

    await other.close()
    assert "Posted by" in stage.text(card)
    assert "Ben" in stage.text(card)
    assert line["outcome"] == "stale"
    assert line["db_attempts"] >= 2
    assert await stage.events(item) == [("posted", "Ben")]


async def test_rejected_operational_error_triggers_retry(stage: Stage) -> None:
    """Reject is no other path: it is recorded by the same statement, and locked for ever, once."""
    await stage.add_chat()

    async with link_to(stage.dsn) as link, stage.worker(dsn=link.dsn):
        item, card = await stage.present()
        stage.tap(card, ANNA, "Reject")
        await stage.until(lambda: "Yes, reject" in stage.buttons(card))
        await all_quiet(stage)
        link.cut_next_answer(to=b"reject")
        tap = stage.tap(card, ANNA, "Yes, reject")
        await stage.says(card, "Rejected by")
        line = await stage.line(tap)

    assert (line["outcome"], line["db_attempts"]) == ("recorded", 2)
    assert await stage.events(item) == [("reject", "Anna")]
    assert await stage.database.fetchval("select count(*) from locks where kind = 'rejected'") == 1


async def all_quiet(stage: Stage) -> None:
    """Wait until the worker has no statement under way and none to send: the next answer is the tap's."""
    await stage.until_rows_say(0, "select count(*)::int from cards where shown < want or claimed_by is not null")
    await stage.until_rows_say(
        0, "select count(*)::int from pg_stat_activity where application_name = 'one' and state <> 'idle'"
    )
