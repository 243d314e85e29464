"""The pytest side of the kit: a seed for every test, told by those that fail, and the fixture `kit`."""

from __future__ import annotations

from collections.abc import Generator
from random import Random

import pytest

from tests.kit.kit import Kit
from tests.kit.schedule import seeded

SEEDS = 1_000_000
SEED = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("kit")
    group.addoption("--schedule-seed", type=int, metavar="N", help="order trio's tasks as a failing test's report says")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Give each test its seed before its event loop starts."""
    wanted: int | None = item.config.getoption("schedule_seed")
    seed = item.stash[SEED] = Random().randrange(SEEDS) if wanted is None else wanted
    with seeded(seed):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Have a failing test say how to see the same order again."""
    report = yield
    if report.failed and _hangs_on_the_seed(item):
        again = f"pytest '{item.nodeid}' --schedule-seed {item.stash[SEED]}"
        report.sections.append(("schedule", f"the same order again: {again}"))
    return report


@pytest.fixture
def kit(request: pytest.FixtureRequest) -> Kit:
    """All that the test of an actor needs."""
    return Kit(request.node.stash[SEED])


def _hangs_on_the_seed(item: pytest.Item) -> bool:
    """With a real clock the order hangs on the machine, too."""
    found: dict[str, object] = getattr(item, "funcargs", {})
    match found.get("anyio_backend"):
        case ("trio", {"clock": _}):
            return True
        case _:
            return "kit" in found
