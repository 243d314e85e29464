"""What an Instagram does: in memory, in the simulation, and through the real adapter in the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest

from actors.domain.account import ContainerState
from actors.errors import AnswerLost, TokenGone
from tests.contracts.instagrams import WORLDS, World
from tests.infra.instagram.accounts import story

YESTERDAY = datetime(2020, 1, 1, tzinfo=UTC)
CALLS: dict[str, Callable[[World, str], Awaitable[object]]] = {
    "create": lambda world, _: world.instagram.create_container(world.account, story(), "1"),
    "look": lambda world, container_id: world.instagram.container(world.account, container_id),
    "publish": lambda world, container_id: world.instagram.publish(world.account, container_id),
    "permalink": lambda world, _: world.instagram.permalink(world.account, "1"),
    "insights": lambda world, _: world.instagram.insights(world.account, "1"),
    "quota": lambda world, _: world.instagram.quota(world.account),
    "hints": lambda world, _: world.instagram.hints(world.account, YESTERDAY),
    "renew": lambda world, _: world.instagram.renew(world.account),
}


@pytest.fixture(params=WORLDS)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with WORLDS[request.param]() as world:
        yield world


async def create(world: World) -> str:
    return await world.instagram.create_container(world.account, story(), "1")


async def state(world: World, container_id: str) -> ContainerState:
    return (await world.instagram.container(world.account, container_id)).state


async def test_container_is_fetched_then_ready_then_published(world: World) -> None:
    world.set_lag(3600)
    slow = await create(world)
    fetching = await state(world, slow)
    world.set_lag(0)
    quick = await create(world)
    ready = await state(world, quick)

    await world.instagram.publish(world.account, quick)

    assert (fetching, ready) == (ContainerState.IN_PROGRESS, ContainerState.FINISHED)
    assert await state(world, quick) is ContainerState.PUBLISHED
    assert world.live() == 1


async def test_containers_of_one_story_are_two_and_harm_nobody(world: World) -> None:
    assert await create(world) != await create(world)
    assert world.live() == 0


@pytest.mark.parametrize(("published", "seen"), [(False, ContainerState.FINISHED), (True, ContainerState.PUBLISHED)])
async def test_container_tells_what_a_lost_answer_did_not(world: World, published: bool, seen: ContainerState) -> None:
    made = await create(world)
    world.lose_answer(published=published)

    with pytest.raises(AnswerLost):
        await world.instagram.publish(world.account, made)

    assert await state(world, made) is seen
    assert world.live() == int(published)


async def test_container_published_twice_is_two_stories(world: World) -> None:
    """Nobody knows that of the real one: it is what everytap must never rely on."""
    made = await create(world)

    first = await world.instagram.publish(world.account, made)
    second = await world.instagram.publish(world.account, made)

    assert first != second
    assert world.live() == 2


async def test_published_story_has_an_address_and_counts(world: World) -> None:
    media_id = await world.instagram.publish(world.account, await create(world))

    link = await world.instagram.permalink(world.account, media_id)
    quota = await world.instagram.quota(world.account)
    hints = await world.instagram.hints(world.account, YESTERDAY)

    assert link is not None
    assert link.startswith("https://")
    assert (quota.used, quota.total) == (1, 50)
    assert (hints.used_since, hints.stories) == (1, 1)


async def test_renewed_token_comes_sealed(world: World) -> None:
    assert (await world.instagram.renew(world.account)).sealed_token.startswith(b"sealed ")


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_every_call_tells_that_the_token_is_gone(
    world: World, call: Callable[[World, str], Awaitable[object]]
) -> None:
    made = await create(world)
    world.kill_token()

    with pytest.raises(TokenGone):
        await call(world, made)
    assert world.live() == 0
