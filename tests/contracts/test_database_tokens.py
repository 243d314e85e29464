"""Tokens in the database: one keeper at a time, a renewal that overtakes nobody, each warning once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from actors.domain.account import FreshToken
from actors.domain.item import Action
from actors.operations.tokens import ClaimTokens, NoteToken, StoreToken, TokenDue
from tests.contracts.team import CHAT, Team

DAY = 86_400.0


async def connected(team: Team, days: float | None = None, **columns: object) -> int:
    """An account whose token ends so many days from now."""
    account = await team.connect()
    ends = None if days is None else await team.world.now() + timedelta(days=days)
    await team.world.update("accounts", {"account_id": account}, {"token_expires_at": ends, **columns})
    return account


async def claimed(team: Team, owner: str = "look 1") -> tuple[TokenDue, ...]:
    return await team.ask(ClaimTokens(owner))


async def fresh(team: Team, days: float | None) -> FreshToken:
    return FreshToken(b"fresh", None if days is None else await team.world.now() + timedelta(days=days))


@pytest.mark.parametrize("days", [-1, 1, 19, None])
async def test_f32_a_token_that_ends_soon_or_nobody_knows_when_is_claimed(team: Team, days: float | None) -> None:
    account = await connected(team, days)

    (due,) = await claimed(team)

    assert (due.chat_key, due.chat_id, due.account.id) == (team.keys[CHAT], CHAT, account)
    assert (due.account.sealed_token, due.gone, due.warned_days) == (b"sealed", False, None)
    assert due.seconds_left == (None if days is None else pytest.approx(days * DAY, abs=60))


async def test_row_29_token_whose_access_to_data_ends_soon_is_claimed_and_warned_of_as_if_it_ended(team: Team) -> None:
    """It "renews, shows token 59 days, dies on day 90 without a warning"."""
    await connected(team, 59, data_access_ends_at=await team.world.now() + timedelta(days=6))

    (due,) = await claimed(team)
    kept = await team.ask(StoreToken(due, await fresh(team, 60)))
    longer = FreshToken(b"fresh", (await fresh(team, 60)).expires_at, await team.world.now() + timedelta(days=80))
    again = await team.ask(StoreToken(due, longer))

    assert due.seconds_left == pytest.approx(6 * DAY, abs=60)
    assert kept is not None
    assert kept.seconds_left == pytest.approx(6 * DAY, abs=60)
    assert again is not None
    assert again.seconds_left == pytest.approx(60 * DAY, abs=60)


@pytest.mark.parametrize(("login", "due"), [("instagram", 1), ("facebook", 0)])
async def test_row_28_token_whose_end_was_assumed_is_claimed_until_it_was_renewed_once(
    team: Team, login: str, due: int
) -> None:
    """As "nothing tells the end before the first refresh", 60 days are the most that it can be."""
    await connected(team, 60, login=login)

    found = await claimed(team)
    for one in found:
        await team.ask(StoreToken(one, await fresh(team, 60)))

    assert len(found) == due
    assert await claimed(team, "look 2") == ()


async def test_a_token_that_is_good_for_long_is_left_alone(team: Team) -> None:
    await connected(team, 21)

    assert await claimed(team) == ()


async def test_an_account_that_was_removed_is_left_alone(team: Team) -> None:
    await connected(team, 1, removed=True)

    assert await claimed(team) == ()


async def test_a_token_that_is_gone_is_claimed_until_that_was_said(team: Team) -> None:
    await connected(team, 40, token_gone=True, warned_days=7)
    (due,) = await claimed(team)

    await team.ask(NoteToken(due, "look 1", 0, gone=True))
    await team.world.pass_time(1300)

    assert due.gone
    assert await claimed(team) == ()


async def test_a_token_has_one_keeper_at_a_time(team: Team) -> None:
    await connected(team, 1)
    first, again, second = await claimed(team), await claimed(team), await claimed(team, "look 2")
    await team.world.pass_time(1300)

    later = await claimed(team, "look 2")

    assert [len(found) for found in (first, again, second, later)] == [1, 1, 0, 1]


async def test_a_renewed_token_takes_the_place_of_the_old_one_and_warnings_begin_anew(team: Team) -> None:
    await connected(team, 1, warned_days=1)
    (due,) = await claimed(team)
    token = await fresh(team, 60)

    kept, again = await team.ask(StoreToken(due, token)), await team.ask(StoreToken(due, token))

    assert kept is not None
    assert again is not None
    assert (kept.account.sealed_token, kept.warned_days) == (b"fresh", None)
    assert kept.seconds_left == pytest.approx(60 * DAY, abs=60)
    assert await claimed(team) == ()


async def test_a_renewal_that_gains_no_time_keeps_what_was_said(team: Team) -> None:
    await connected(team, 5, warned_days=7)
    (due,) = await claimed(team)

    kept = await team.ask(StoreToken(due, await fresh(team, 5)))

    assert kept is not None
    assert kept.warned_days == 7


async def test_a_token_without_a_known_end_is_looked_at_once_a_day(team: Team) -> None:
    await connected(team)
    (due,) = await claimed(team)
    await team.ask(StoreToken(due, await fresh(team, None)))
    await team.world.pass_time(DAY - 60)
    early = await claimed(team, "look 2")
    await team.world.pass_time(120)

    assert early == ()
    assert len(await claimed(team, "look 2")) == 1


@pytest.mark.parametrize("change", [{"sealed_token": b"new"}, {"removed": True}], ids=["connected again", "removed"])
async def test_what_the_operator_did_meanwhile_stays(team: Team, change: dict[str, object]) -> None:
    account = await connected(team, 1)
    (due,) = await claimed(team)
    await team.world.update("accounts", {"account_id": account}, change)

    stored = await team.ask(StoreToken(due, await fresh(team, 60)))
    noted = await team.ask(NoteToken(due, "look 1", 0, gone=True))

    line = await team.line("accounts")
    assert (stored, noted) == (None, False)
    assert change.items() <= line.items()
    assert (line["token_gone"], line["warned_days"]) == (False, None)


async def test_only_the_keeper_notes_a_warning(team: Team) -> None:
    await connected(team, 1)
    (due,) = await claimed(team)

    ours, again = await team.ask(NoteToken(due, "look 1", 1, False)), await team.ask(NoteToken(due, "look 1", 1, False))
    other = await team.ask(NoteToken(due, "look 2", 0, gone=True))

    assert (ours, again, other) == (True, True, False)
    assert (await team.line("accounts"))["warned_days"] == 1


async def test_a_warning_does_not_hide_that_a_publish_found_the_token_gone(team: Team) -> None:
    account = await connected(team, 1)
    (due,) = await claimed(team)
    await team.world.update("accounts", {"account_id": account}, {"token_gone": True})

    await team.ask(NoteToken(due, "look 1", 1, gone=False))

    assert (await team.line("accounts"))["token_gone"] is True


async def test_a_token_found_gone_is_gone_for_the_next_publish(team: Team) -> None:
    await connected(team, 1)
    (due,) = await claimed(team)
    await team.ask(NoteToken(due, "look 1", 0, gone=True))

    row = await team.settle(await team.present(), Action.AUTO_POST)

    publish = (await team.take(row)).publish
    assert publish is not None
    assert publish.token_gone
