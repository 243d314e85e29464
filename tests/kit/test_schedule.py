"""One seed, one order of tasks: in this process, in every other one, and as a failing test tells it."""

import re
from collections.abc import Callable

import anyio
import pytest
from anyio.lowlevel import checkpoint

from tests.backends import BACKENDS
from tests.kit.schedule import seeded

Play = Callable[..., pytest.RunResult]

AGAIN = re.compile(r"the same order again: pytest '(.+)' --schedule-seed (\d+)")
ORDER = re.compile(r"^E +RuntimeError: (\[.+\])$", re.MULTILINE)

RACE = """
import anyio
import pytest

from tests.kit.clock import virtual_time

anyio_backend = virtual_time


async def test_race(anyio_backend_name):
    order = []

    async def run(number):
        await anyio.sleep(1.0)
        order.append(number)

    async with anyio.create_task_group() as tasks:
        for number in range(12):
            tasks.start_soon(run, number)
    if anyio_backend_name == "trio":
        raise RuntimeError(order)
"""
DICE = """
def test_dice(kit):
    raise RuntimeError([kit.dice.randrange(10**6) for _ in range(3)])
"""
NO_MATTER = """
def test_that_hangs_on_no_order():
    raise RuntimeError([])
"""


def race(seed: int) -> list[int]:
    """In which order twelve tasks come by."""
    order: list[int] = []

    async def run(number: int) -> None:
        await checkpoint()
        order.append(number)

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            for number in range(12):
                tasks.start_soon(run, number)

    backend, options = BACKENDS["trio_virtual"]()
    with seeded(seed):
        anyio.run(main, backend=backend, backend_options=options)
    return order


def test_seed_decides_the_order() -> None:
    assert race(7) == race(7)
    assert race(7) != race(8)


def test_order_of_a_seed_is_the_same_in_every_process_and_in_every_trio_so_far() -> None:
    assert race(7) == [6, 11, 1, 3, 9, 4, 8, 0, 10, 5, 2, 7]


@pytest.mark.parametrize("failing", [RACE, DICE], ids=["race", "dice"])
def test_failing_test_tells_the_seed_that_repeats_it(pytester: pytest.Pytester, play: Play, failing: str) -> None:
    pytester.makepyfile(failing)

    first = str(play().stdout)
    ((_, seed),) = AGAIN.findall(first)
    again = str(play("--schedule-seed", seed).stdout)

    assert ORDER.findall(first) == ORDER.findall(again) != []
    assert AGAIN.findall(first) == AGAIN.findall(again)


def test_test_that_hangs_on_no_order_tells_none(pytester: pytest.Pytester, play: Play) -> None:
    pytester.makepyfile(NO_MATTER)

    assert not AGAIN.search(str(play().stdout))
