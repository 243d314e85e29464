"""Keeps a cancellation that comes from no cancel scope where it happened."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import anyio


@contextmanager
def strangers_contained() -> Iterator[None]:
    """End only this block if its task is cancelled past all scopes, as by a library that awaits a cancelled future.

    Let out of its task, such a cancellation is taken by the task group for its own: it would cancel all siblings.
    """
    try:
        yield
    except anyio.get_cancelled_exc_class():
        if anyio.current_effective_deadline() == -math.inf:
            raise  # a scope around us is cancelled, so this is no stranger
