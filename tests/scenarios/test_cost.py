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


async def test_where_roles_are_asked_for_a_tap_costs_the_same_and_a_refusal_is_remembered(stage: Stage) -> None:
    cold, forbidden, *warming = await put_in_review(stage, 2 + WARMING)
    await ask_for_roles(stage, [cold, *warming])

    async with link_to(stage.dsn) as link, stage.worker(dsn=link.dsn):
        await warm_up(stage, link, warming)

        tap_all(stage, [cold])
        await all_settled(stage, [cold])
        decided = link.take_requests()
        await all_is_written(stage, 1 + len(warming))
        link.take_requests()
        refused = await stage.line(tap_all(stage, [forbidden])[0])
        looked_at = link.take_requests()
        remembered = await stage.line(tap_all(stage, [forbidden])[0])
        spent = (decided, looked_at, link.take_requests())

    assert spent == (1, 1, 0)
    assert await stage.database.fetchval(TRANSACTIONS, cold.item_id, cold.person.id) == 1
    assert await stage.database.fetchval(TRANSACTIONS, 0, forbidden.person.id) == 1
    assert [(line["outcome"], line["cause"]) for line in (refused, remembered)] == [
        ("forbidden", "tap"),
        ("forbidden", "remembered"),
    ]


async def ask_for_roles(stage: Stage, cards: list[Shown]) -> None:
    """Let only people with a role decide, and give one to whoever looks at these cards."""
    await stage.database.execute("update chats set restricted = true")
    await stage.database.execute(
        """insert into members (chat_key, user_id, name, role)
           select chat_key, user_id, 'Reviewer', 'reviewer'
           from unnest($1::bigint[], $2::bigint[]) as given (chat_id, user_id) join chats using (chat_id)""",
        [card.chat_id for card in cards],
        [card.person.id for card in cards],
    )


async def all_is_written(stage: Stage, taps: int) -> None:
    """Wait until nothing is left to do after so many taps."""
    await stage.until_rows_say(0, UNACKNOWLEDGED)
    await stage.until_rows_say(taps, "select count(*)::int from interactions")


async def warm_up(stage: Stage, link: Link, cards: list[Shown]) -> None:
    """Have every connection know the statement, wait until nothing is left to do, and count from here."""
    tap_all(stage, cards)
    await all_settled(stage, cards)
    await all_is_written(stage, len(cards))
    link.take_requests()
