"""Which tests come first: those that wait for processes and real bounds, so that no core idles for them at the end."""

from collections.abc import Sequence
from itertools import islice
from typing import TypeVar

import pytest

T = TypeVar("T")

WAITING = (
    "tests/contracts/",
    "tests/infra/postgres/",
    "tests/infra/process/",
    "tests/replay/",
    "tests/scenarios/",
    "tests/test_demo_ends.py",
    "tests/test_main.py",
    "tests/test_surroundings.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deal the waiting tests out to the workers."""
    workers = getattr(config, "workerinput", {"workercount": 1})["workercount"]
    waiting = [item for item in items if item.nodeid.startswith(WAITING)]
    quick = [item for item in items if not item.nodeid.startswith(WAITING)]
    items[:] = dealt(waiting, quick, workers)


def dealt(waiting: Sequence[T], quick: Sequence[T], workers: int) -> list[T]:
    """Order tests so that each worker has its share of those that wait, and after them its share of the rest.

    With `--dist worksteal` each worker begins with an equal stretch of the list, and takes half of another's rest when
    it has none left. Stretches that end with quick tests leave nothing long to the end.
    """
    total, rest, ordered = len(waiting) + len(quick), iter(quick), list[T]()
    for number in range(workers):
        share = (total - len(ordered)) // (workers - number)
        own = waiting[number::workers]
        ordered += [*own, *islice(rest, max(0, share - len(own)))]  # of a few tests more may wait than fit a stretch
    return [*ordered, *rest]
