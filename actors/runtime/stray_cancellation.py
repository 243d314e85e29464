"""Contains a native `task.cancel()`, which no cancel scope knows of, so that it cannot cancel sibling tasks."""

import math

import anyio


class StrayCancellationContained:
    """Ends only this block if its task is cancelled past all scopes, as by a library that awaits a cancelled future.

    Let out of its task, such a cancellation is taken by the task group for its own: it would cancel all siblings.
    """

    __slots__ = ()

    def __enter__(self) -> None:
        return

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> bool:
        if error is None or not isinstance(error, anyio.get_cancelled_exc_class()):
            return False
        # If a scope around us is cancelled, this one is not stray.
        return anyio.current_effective_deadline() != -math.inf
