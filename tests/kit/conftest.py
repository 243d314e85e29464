"""A pytest within pytest, for what only a whole run can show."""

from collections.abc import Callable
from functools import partial

import pytest


@pytest.fixture
def play(pytester: pytest.Pytester) -> Callable[..., pytest.RunResult]:
    """Run the files in the test's folder with the kit, as the project runs its coroutines."""
    kit = ("-p", "tests.kit.plugin", "-o", "anyio_mode=auto")
    return partial(pytester.runpytest_inprocess, *kit, "-p", "no:hypothesispytest")  # its summary takes a second
