"""What the database says of the set-up: in memory, in the simulation, and in PostgreSQL."""

from __future__ import annotations

from actors.operations.set_up import LookAtSetUp, SetUp
from tests.contracts.team import ANNA, BEN, CHAT, OTHER_CHAT, Team


async def test_team_that_rehearses_lacks_nothing(team: Team) -> None:
    found = await team.ask(LookAtSetUp())

    assert (found.accounts, found.live, found.unconnected, found.closed) == (0, (), (), ())


async def test_live_chat_without_an_account_is_found_until_one_is_connected(team: Team) -> None:
    await team.set_chat(live=True)
    before = await team.ask(LookAtSetUp())
    await team.connect()
    after = await team.ask(LookAtSetUp())

    assert (before.live, before.unconnected) == ((CHAT,), (CHAT,))
    assert (after.accounts, after.live, after.unconnected) == (1, (CHAT,), ())


async def test_restricted_chat_is_found_until_somebody_has_a_role(team: Team) -> None:
    await team.set_chat(restricted=True)
    await team.add_member(ANNA, None)
    before = await team.ask(LookAtSetUp())
    await team.add_member(BEN, "reviewer")

    assert before.closed == (CHAT,)
    assert (await team.ask(LookAtSetUp())).closed == ()


async def test_account_that_was_removed_needs_no_keys(team: Team) -> None:
    account = await team.connect()
    await team.world.update("accounts", {"account_id": account}, {"removed": True})

    assert (await team.ask(LookAtSetUp())).accounts == 0


async def test_each_zone_is_named_once(team: Team) -> None:
    await team.set_chat(timezone="Mars/Base")
    before = await team.ask(LookAtSetUp())
    await team.set_chat(OTHER_CHAT, timezone="Mars/Base")

    assert "Mars/Base" in before.zones
    assert isinstance(before, SetUp)
    assert (await team.ask(LookAtSetUp())).zones == ("Mars/Base",)
