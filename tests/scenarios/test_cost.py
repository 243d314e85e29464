"""What a lone tap costs the database before its final card: one round trip and one commit, live or cold."""

from tests.crowd import Shown, all_settled, put_in_review, tap_all
from tests.links import Link, link_to
from tests.stage import ANNA, Stage

UNACKNOWLEDGED = "select count(*)::int from cards where shown < want"
TRANSACTIONS = """select count(distinct xmin::text)::int from (
  select xmin from items where item_id = $1 union all select xmin from item_events where item_id = $1
  union all select xmin from taps where item_id = $1 union all select xmin from locks where item_id = $1
  union all select xmin from members where user_id = $2) as written"""


WARMING = 40


async def test_live_tap_costs_one_round_trip_and_one_commit(stage: Stage) -> None:
    await stage.add_chat()
    warming = await put_in_review(stage, WARMING)

    async with link_to(stage.dsn) as link, stage.worker(dsn=link.dsn):
        item, card = await stage.present()
        await warm_up(stage, link, warming)

        stage.tap(card, ANNA, "Skip")
        await stage.says(card, "Skipped by")
        spent = link.take_requests()

    assert spent == 1
    assert await stage.database.fetchval(TRANSACTIONS, item, ANNA.id) == 1


async def test_cold_tap_costs_one_round_trip_and_one_commit(stage: Stage) -> None:
    cold, *warming = await put_in_review(stage, 1 + WARMING)

    async with link_to(stage.dsn) as link, stage.worker(dsn=link.dsn):
        await warm_up(stage, link, warming)

        tap_all(stage, [cold])
        await all_settled(stage, [cold])
        spent = link.take_requests()

    assert spent == 1
    assert await stage.database.fetchval(TRANSACTIONS, cold.item_id, cold.person.id) == 1


async def warm_up(stage: Stage, link: Link, cards: list[Shown]) -> None:
    """Have every connection know the statement, wait until nothing is left to do, and count from here."""
    tap_all(stage, cards)
    await all_settled(stage, cards)
    await stage.until_rows_say(0, UNACKNOWLEDGED)
    await stage.until_rows_say(len(cards), "select count(*)::int from interactions")
    link.take_requests()
