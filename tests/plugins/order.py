"""Which tests come first: those that wait for processes and real bounds, so that no core idles for them at the end."""

from itertools import islice

import pytest

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
    """Deal the waiting tests out to the workers, whose share of the rest follows after them.

    With `--dist worksteal` each worker begins with an equal stretch of the list, and takes half of another's rest when
    it has none left. Stretches that end with quick tests leave nothing long to the end.
    """
    workers = getattr(config, "workerinput", {"workercount": 1})["workercount"]
    waiting = [item for item in items if item.nodeid.startswith(WAITING)]
    quick = iter([item for item in items if not item.nodeid.startswith(WAITING)])
    total, ordered = len(items), list[pytest.Item]()
    for number in range(workers):
        share = (total - len(ordered)) // (workers - number)
        own = waiting[number::workers]
        ordered += [*own, *islice(quick, share - len(own))]
    items[:] = [*ordered, *quick]
