"""The operations about publishing: sagas, tokens, and what is seen before anybody taps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from actors.domain.account import FreshToken, Quota
from actors.domain.item import Action, Item
from actors.domain.publish_phase import Phase
from actors.operations.operation import Operation
from actors.operations.preflight import LookAhead, StoreFinding
from actors.operations.publishes import PhaseChange, PublishRow, SavePermalink, StepPublish, TakePublish
from actors.operations.tokens import ClaimTokens, NoteToken, StoreToken, TokenDue
from tests.contracts.team import CHAT, Team

WORKER = "one"


async def take_publish(team: Team) -> Operation[Any]:
    """A lease that ran out."""
    row = await _published(team)
    await team.world.pass_time(80)
    return TakePublish(row.chat_key, row.id, "saga 1")


async def step_publish(team: Team) -> Operation[Any]:
    """The container is there."""
    return StepPublish(await _taken(team), PhaseChange(Phase.CONTAINER, "c1", 0, lost=False), WORKER)


async def end_publish(team: Team) -> Operation[Any]:
    """It is live."""
    publish = await _taken(team)
    for phase, attempt in ((Phase.CONTAINER, 0), (Phase.READY, 0), (Phase.PUBLISHING, 1)):
        moved = (await team.step(publish, phase, container_id="c1", attempt=attempt)).publish
        assert moved is not None
        publish = moved
    return StepPublish(publish, PhaseChange(Phase.PUBLISHED, "c1", 1, lost=False, media_id="m1"), WORKER)


async def save_permalink(team: Team) -> Operation[Any]:
    """Where it can be seen."""
    ending = await end_publish(team)
    await team.ask(ending)
    assert isinstance(ending, StepPublish)
    done = ending.publish
    return SavePermalink(done.chat_key, done.item_id, done.version, "https://example.org/s", WORKER)


async def claim_tokens(team: Team) -> Operation[Any]:
    """A token that ends tomorrow."""
    await _account_that_ends(team)
    return ClaimTokens("look 1")


async def store_token(team: Team) -> Operation[Any]:
    """It was renewed."""
    return StoreToken(await _token_due(team), FreshToken(b"fresh"))


async def note_token(team: Team) -> Operation[Any]:
    """It was warned of."""
    return NoteToken(await _token_due(team), "look 1", 1, gone=False)


async def look_ahead(team: Team) -> Operation[Any]:
    """An account is connected."""
    await team.connect()
    return LookAhead(team.keys[CHAT])


async def store_finding(team: Team) -> Operation[Any]:
    """All is well."""
    known = await team.ask(await look_ahead(team))
    return StoreFinding(await team.present(), "✅ Ready: @studio", WORKER, known, Quota(3, 25))


async def _published(team: Team) -> Item:
    await team.connect()
    return await team.settle(await team.present(), Action.AUTO_POST)


async def _taken(team: Team) -> PublishRow:
    publish = (await team.take(await _published(team))).publish
    assert publish is not None
    return publish


async def _account_that_ends(team: Team) -> None:
    account = await team.connect()
    ends = await team.world.now() + timedelta(days=1)
    await team.world.update("accounts", {"account_id": account}, {"token_expires_at": ends})


async def _token_due(team: Team) -> TokenDue:
    await _account_that_ends(team)
    (due,) = await team.ask(ClaimTokens("look 1"))
    return due
