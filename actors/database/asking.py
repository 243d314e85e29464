"""Asks the database the same question until it answers: the one place where a caller asks it once more.

The DB actor tries a request until its deadline. What must be known, however long the database is away,
is asked anew after that, with the same key, so that a repetition finds what an earlier one did. Not repeated so: the
record of a tap (after 100 s it is closed), what a clock asks for anyway (schedule, reconciler, lease), and that for
which a person waits.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from actors.database.request import Cause, NotStored, Priority, Reply, RequestTerms, Store
from actors.operations.operation import Operation

AGAIN_SECONDS = 1.0  # from the end of one request to the next

T = TypeVar("T")


def terms_for(seconds: float, priority: Priority = Priority.LOW) -> RequestTerms:
    """Return terms that are good for so many seconds from now."""
    return RequestTerms(anyio.current_time() + seconds, priority)


async def ask_until_answered(
    store: Store, operation: Operation[T], terms: Callable[[], RequestTerms], pause: Callable[[float], Awaitable[bool]]
) -> Reply[T] | None:
    """Ask until answered, each time with a new deadline; None: we stop first, as `pause` tells.

    Raises NotStored if the database refuses the operation, and would do so again.
    """
    while True:
        try:
            return await store.ask(operation, terms())
        except NotStored as lost:
            if lost.cause is Cause.REFUSED:
                raise
        if await pause(AGAIN_SECONDS):
            return None
