"""Another session holds the row of one item while people tap it, and others."""

import asyncpg

from tests.stage import ANNA, BEN, Stage


async def test_locked_row_holds_up_its_own_tap_and_no_other(stage: Stage) -> None:
    await stage.add_chat()
    other = await asyncpg.connect(stage.dsn)

    async with stage.worker():
        locked, locked_card = await stage.present("Locked")
        *free, last = [await stage.present(title) for title in ("One", "Two", "Three", "Four")]
        held = other.transaction()
        await held.start()
        await other.execute("select from items where item_id = $1 for update", locked)

        waiting = stage.tap(locked_card, ANNA, "Skip")
        assert await stage.answered(waiting) == "Skipping…"
        taps = [stage.tap(card, BEN, "Skip") for _, card in free]
        lines = [await stage.line(tap) for tap in taps]  # while the row is held
        await stage.says(locked_card, "Anna is skipping this")
        lines.append(await stage.line(stage.tap(last[1], BEN, "Skip")))  # the first attempt at the lock has failed
        assert "Skip" in stage.buttons(locked_card)
        assert await stage.events(locked) == []

        await held.rollback()
        await stage.says(locked_card, "Skipped by")
        line = await stage.line(waiting)

    await other.close()
    assert [line["outcome"] for line in lines] == ["recorded"] * 4
    assert stage.lines.named("database.unreachable") == []  # or all taps would wait for an outage that is none
    assert line["outcome"] == "recorded"
    assert line["db_attempts"] > 1
    assert await stage.events(locked) == [("skip", "Anna")]
