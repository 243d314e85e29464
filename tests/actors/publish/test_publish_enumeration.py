"""Every point of a publish, with every trouble: one story at most, and everybody agrees in the end."""

from __future__ import annotations

import sys
from random import Random

import anyio
import pytest
import trio
import trio.testing

from actors.domain.item import Action, Item, State
from actors.domain.messages import NotOurs, Recorded
from actors.errors import AnswerLost
from tests.actors.publish.fakes import Kind, Sea, Trouble
from tests.backends import BACKENDS, Backend
from tests.fakes.faults import Effect, Fault
from tests.fakes.instagram import FakeInstagram

PAIRS = 20
QUIET_SECONDS = 420.0
ENDS = {State.POSTED, State.SKIPPED, State.IN_REVIEW, State.IN_DOUBT}
LOST = AnswerLost("the answer did not come")
# What happens to the first publish call, besides the trouble.
WEATHERS: dict[str, tuple[Fault, ...]] = {
    "fair": (),
    "lost before": (Fault(LOST),),
    "lost after": (Fault(LOST, Effect.BEFORE),),
    "lost, and live 20 s later": (Fault(LOST, Effect.LATER, later_seconds=20.0),),
}


@pytest.fixture
def anyio_backend() -> Backend:
    return BACKENDS["trio_virtual"]()


def rough(weather: str, *troubles: Trouble) -> Sea:
    sea = Sea(troubles)
    sea.instagram.faults.add(*WEATHERS[weather], of="publish")
    return sea


async def sail(sea: Sea) -> Item:
    async with sea.sailing(sea.auto_post()):
        await anyio.sleep(QUIET_SECONDS)
    return sea.item()


def sample(points: list[tuple[int, Kind]], size: int) -> list[tuple[Trouble, Trouble]]:
    """Two troubles at a time, the same ones in every run."""
    random = Random(7)
    return [(Trouble(*random.choice(points)), Trouble(*random.choice(points))) for _ in range(size)]


def wrong(sea: Sea, row: Item) -> list[str]:
    """What must not be, in words."""
    live = sea.instagram.stories_of(3)
    told = [outcome for outcome in sea.outcomes if not isinstance(outcome, NotOurs)]
    skips = [outcome for outcome in told if outcome.tap.action is Action.SKIP]
    recorded = any(isinstance(outcome, Recorded) for outcome in skips)
    rules = {
        "two stories": live > 1,
        "posted, and not one story": row.state is State.POSTED and live != 1,
        "live, and not said so": live == 1 and row.state not in {State.POSTED, State.IN_DOUBT},
        "neither decided nor in front of people": row.state not in ENDS,
        "a skip that was accepted is not one": recorded != (row.state is State.SKIPPED),
        "a publish is left": bool(sea.running),
        "the card is behind": sea.shown[7].revision != row.revision or sea.shown[7].state is not row.state,
    }
    return [rule for rule, broken in rules.items() if broken]


@pytest.mark.parametrize("weather", WEATHERS)
async def test_any_trouble_at_any_point_ends_well(weather: str, capsys: pytest.CaptureFixture[str]) -> None:
    calm = rough(weather)
    assert wrong(calm, await sail(calm)) == []
    assert calm.item().state is State.POSTED

    found, ends = [], dict.fromkeys(State, 0)
    for kind in Kind:
        for point in range(len(calm.met)):
            sea = rough(weather, Trouble(point, kind))
            row = await sail(sea)
            ends[row.state] += 1
            found += [f"{kind.name} {calm.met[point]} ({point}): {rule}" for rule in wrong(sea, row)]

    for pair in sample([(point, kind) for point in range(len(calm.met)) for kind in Kind], PAIRS):
        sea = rough(weather, *pair)
        ends[(await sail(sea)).state] += 1
        found += [f"{pair}: {rule}" for rule in wrong(sea, sea.item())]

    told = ", ".join(f"{count} {state.value}" for state, count in ends.items() if count)
    with capsys.disabled():
        sys.stdout.write(f"\n{weather}: {len(calm.met)} points, {sum(ends.values())} troubles: {told}\n")
    assert found == []


async def test_process_that_was_frozen_in_its_publish_call_says_that_it_outlived_its_lease() -> None:
    """The one gap that is nobody's to close: it is counted."""
    sea = Sea(instagram=FakeInstagram())
    clock = trio.lowlevel.current_clock()
    assert isinstance(clock, trio.testing.MockClock)
    sea.instagram.on_call = lambda name: clock.jump(100.0) if name == "publish" else None

    async with sea.sailing(sea.auto_post()):
        await anyio.sleep(400.0)

    assert "publish.outlived_its_lease" in [line["event"] for line in sea.logs]
    assert sea.instagram.stories_of(3) <= 1
