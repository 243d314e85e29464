"""What is known before anybody taps, and how its finding reaches the cards."""

from __future__ import annotations

from datetime import timedelta

import pytest

from actors.domain.account import Account, Login, Quota
from actors.domain.item import Action, Item
from actors.operations.preflight import LookAhead, Outlook, StoreFinding
from tests.contracts.team import BEN, CHAT, OTHER_CHAT, Team
from tests.contracts.worlds import Line

READY = "✅ Ready: @studio"


async def look(team: Team, chat_id: int = CHAT) -> Outlook:
    return await team.ask(LookAhead(team.keys[chat_id]))


async def find(team: Team, row: Item, finding: str = READY) -> Item | None:
    """Store it for the account that the chat has."""
    return await team.ask(StoreFinding(row, finding, team.worker, await look(team)))


async def test_a_chat_without_an_account_has_no_outlook(team: Team) -> None:
    await team.add_chat(OTHER_CHAT)
    await team.connect()

    assert await look(team, OTHER_CHAT) == Outlook(None)


async def test_outlook_is_the_active_accounts(team: Team) -> None:
    await team.connect("another")
    account = await team.connect()
    ends = await team.world.now() + timedelta(days=2)
    await team.world.update("accounts", {"account_id": account}, {"token_expires_at": ends, "token_gone": True})

    seen = await look(team)

    assert seen.connection is not None
    assert seen.account == Account(account, "id of studio", "studio", Login.FACEBOOK, b"sealed")
    assert seen.seconds_left == pytest.approx(2 * 86_400, abs=60)
    assert (seen.gone, seen.quota) == (True, None)


async def test_an_account_that_was_removed_is_none(team: Team) -> None:
    account = await team.connect()
    await team.world.update("accounts", {"account_id": account}, {"removed": True})

    assert await look(team) == Outlook(None)


async def test_quota_that_was_read_is_known_for_ten_minutes(team: Team) -> None:
    await team.connect()
    row = await team.present()
    await team.ask(StoreFinding(row, READY, team.worker, await look(team), Quota(3, 25)))
    soon = await look(team)
    await team.world.pass_time(605)

    assert soon.quota == Quota(3, 25)
    assert (await look(team)).quota is None


async def test_finding_is_a_change_of_the_card_and_no_decision(team: Team) -> None:
    row = await team.present()

    found = await find(team, row)

    assert found is not None
    assert (found.preflight, found.version, found.revision) == (READY, row.version, row.revision + 1)
    card = await team.card(found.cards[0])
    assert (card["want"], card["claimed_by"]) == (found.revision, team.worker)


async def test_the_same_finding_again_changes_nothing(team: Team) -> None:
    row = await team.present()

    first, again = await find(team, row), await find(team, row)

    assert first == again


async def test_finding_that_comes_after_a_decision_is_dropped(team: Team) -> None:
    row = await team.present()
    await team.settle(row, Action.SKIP, BEN)

    assert await find(team, row) is None
    assert (await team.load(row)).preflight is None


async def test_a_decision_outdates_the_finding(team: Team) -> None:
    await team.connect()
    row = await team.present()
    await find(team, row)

    asked = await team.settle(row, Action.AUTO_POST)
    stepped = (await team.take(asked)).publish

    assert stepped is not None
    assert asked.preflight is None


async def test_another_account_outdates_the_finding(team: Team) -> None:
    await team.connect()
    row, before = await team.present(), await look(team)
    await find(team, row)
    await team.connect("another")

    late = await team.ask(StoreFinding(row, READY, team.worker, before))

    assert late is None
    assert (await team.load(row)).preflight is None
    found = await find(team, row, "✅ Ready: @another")
    assert found is not None
    assert found.preflight == "✅ Ready: @another"


async def test_new_token_of_the_same_account_outdates_the_finding(team: Team) -> None:
    account = await team.connect()
    row, before = await team.present(), await look(team)
    await find(team, row, "⚠️ Instagram wants @studio to be connected again.")

    await team.world.update("accounts", {"account_id": account}, {"sealed_token": b"another"})

    assert (await team.load(row)).preflight is None
    assert await team.ask(StoreFinding(row, READY, team.worker, before)) is None


@pytest.mark.parametrize(
    "change",
    [{"sealed_token": b"another"}, {"token_gone": True}, {"removed": True}],
    ids=["renewed", "gone", "removed"],
)
async def test_card_whose_finding_is_outdated_is_drawn_again_once(team: Team, change: Line) -> None:
    account = await team.connect()
    found = await find(team, await team.present())
    await team.world.update("accounts", {"account_id": account}, change)

    first, second = await team.recover("another"), await team.recover("third")

    assert found is not None
    assert [(row.preflight, row.revision) for row in first.behind] == [(None, found.revision + 1)]
    assert second.behind == ()


async def test_card_that_was_not_behind_is_drawn_again_and_not_recovered(team: Team) -> None:
    account = await team.connect()
    found = await find(team, await team.present())
    assert found is not None
    await team.shown(found)
    await team.world.update("accounts", {"account_id": account}, {"sealed_token": b"another"})

    looked = await team.recover("another")

    assert looked.behind == ()
    assert [(row.preflight, row.revision) for row in looked.again] == [(None, found.revision + 1)]


async def test_card_whose_finding_holds_is_left_alone(team: Team) -> None:
    account = await team.connect()
    found = await find(team, await team.present())
    assert found is not None
    await team.shown(found)
    await team.world.update("accounts", {"account_id": account}, {"warned_days": 7})

    left = await team.recover("another")

    assert left.behind == ()
