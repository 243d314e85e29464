"""A card that asks for a connection says so no longer than it is true; the same on either database."""

from __future__ import annotations

from actors.domain.item import Action, Item, State
from actors.domain.publish_phase import Phase
from actors.operations.publishes import PublishRow
from tests.contracts.team import CHAT, Team

ASKS, SINCE = "Nothing was published: connect it.", "It was connected since."


async def creating(team: Team) -> PublishRow:
    """An item for which Auto Post was accepted, and nothing done yet."""
    publish = (await team.take(await team.settle(await team.present(), Action.AUTO_POST))).publish
    assert publish is not None
    return publish


async def refused(team: Team, publish: PublishRow) -> Item:
    """Instagram takes the token no more."""
    move = {"sentence": ASKS, "token_gone": True, "once_connected": SINCE}
    row = (await team.step(publish, Phase.REFUSED, **move)).row
    assert row is not None
    return row


async def renewed(team: Team, account: int) -> None:
    """As the operator's command does, or the worker that renews."""
    await team.world.update("accounts", {"account_id": account}, {"sealed_token": b"another", "token_gone": False})


async def test_note_that_asks_for_a_connection_gives_way_to_one(team: Team) -> None:
    account = await team.connect()
    row = await refused(team, await creating(team))
    await renewed(team, account)

    first, second = await team.recover("another"), await team.recover("third")

    assert row.note == ASKS
    assert [(found.note, found.revision) for found in first.behind] == [(SINCE, row.revision + 1)]
    assert second.behind == ()


async def test_note_stays_while_the_account_is_refused(team: Team) -> None:
    await team.connect()
    row = await refused(team, await creating(team))
    await team.shown(row)

    found = await team.recover("another")

    assert found.behind == ()
    assert (await team.load(row)).note == ASKS


async def test_note_gives_way_to_another_account_of_the_chat(team: Team) -> None:
    await team.connect()
    row = await refused(team, await creating(team))

    await team.connect("another")

    assert [found.note for found in (await team.recover("another")).behind] == [SINCE]
    assert (await team.load(row)).note == SINCE


async def test_note_stays_where_the_account_was_taken_away(team: Team) -> None:
    account = await team.connect()
    row = await refused(team, await creating(team))
    await team.world.update("accounts", {"account_id": account}, {"removed": True})

    await team.recover("another")

    assert (await team.load(row)).note == ASKS


async def test_note_of_a_chat_without_an_account_gives_way_to_the_first(team: Team) -> None:
    await team.set_chat(live=True)
    publish = await creating(team)
    await team.step(publish, Phase.REFUSED, sentence=ASKS, once_connected=SINCE)

    await team.connect()

    assert [found.note for found in (await team.recover("another")).behind] == [SINCE]


async def test_refusal_of_a_token_that_was_replaced_says_nothing_of_the_new_one(team: Team) -> None:
    account = await team.connect()
    publish = await creating(team)
    await renewed(team, account)

    await refused(team, publish)

    assert (await team.line("accounts", account_id=account))["token_gone"] is False
    assert [found.note for found in (await team.recover("another")).behind] == [SINCE]


async def test_decision_after_the_note_ends_it(team: Team) -> None:
    account = await team.connect()
    row = await refused(team, await creating(team))
    skipped = await team.settle(row, Action.SKIP)
    await team.shown(skipped)
    await renewed(team, account)

    assert (await team.recover("another")).behind == ()
    assert (await team.load(row)).note is None


async def test_doubt_is_of_the_account_by_which_it_was_published(team: Team) -> None:
    account = await team.connect()
    publish = await creating(team)
    fetched = (await team.step(publish, Phase.CONTAINER, container_id="c1")).publish
    assert fetched is not None
    move = {"lost": True, "sentence": ASKS, "token_gone": True, "once_connected": SINCE}
    row = (await team.step(fetched, Phase.IN_DOUBT, **move)).row
    assert row is not None
    await team.connect("another")
    await team.recover("another")
    before = await team.load(row)

    await renewed(team, account)

    await team.recover("another")
    assert (before.note, (await team.load(row)).note) == (ASKS, SINCE)


async def slowed(team: Team) -> Item:
    """An item whose account Instagram lets publish no more for 19 minutes."""
    row = (await team.step(await creating(team), Phase.REFUSED, sentence="Slow down.", wait_seconds=1140.0)).row
    assert row is not None
    assert row.waiting is not None
    return row


async def test_wait_for_an_account_is_not_that_of_another_one(team: Team) -> None:
    account = await team.connect()
    row = await slowed(team)

    await team.connect("another")
    meanwhile = await team.load(row)
    await team.world.update("chats", {"chat_id": CHAT}, {"account_id": account})

    assert meanwhile.waiting is None
    assert (await team.load(row)).waiting == row.waiting


async def test_wait_for_an_account_stays_with_its_next_token(team: Team) -> None:
    account = await team.connect()
    row = await slowed(team)

    await renewed(team, account)

    assert (await team.load(row)).waiting == row.waiting


async def test_card_that_is_open_again_names_the_account_of_its_next_publish(team: Team) -> None:
    """It named the one that was refused, above a line that called the other one ready."""
    await team.connect()
    row = await refused(team, await creating(team))

    await team.connect("another")
    posted = await team.settle(await team.load(row), Action.POSTED)

    assert (row.account, (await team.load(row)).account, posted.account) == ("studio", "another", "another")


async def test_published_story_keeps_the_account_by_which_it_was(team: Team) -> None:
    await team.connect()
    publish = await creating(team)
    for phase in (Phase.CONTAINER, Phase.READY, Phase.PUBLISHING):
        publish = (await team.step(publish, phase, container_id="c1")).publish or publish
    row = (await team.step(publish, Phase.PUBLISHED, media_id="m1")).row
    assert row is not None

    await team.connect("another")

    assert ((await team.load(row)).state, (await team.load(row)).account) == (State.POSTED, "studio")
