"""trio's order of tasks, as a function of one seed; asyncio's is first come, first served, and needs none.

Leans on two names of trio that are not public; test_schedule.py tells when a new trio changes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from trio._core._run import _r as shuffler


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let trio shuffle by this seed, from an order that is the same in every process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trio._core._run._ALLOW_DETERMINISTIC_SCHEDULING", True)
        shuffler.seed(seed)
        try:
            yield
        finally:
            shuffler.seed()
