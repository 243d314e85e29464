"""An outcome that is kept instead of raised: the one place where the registry meets what actors and effects raise."""


class Captured:
    """Runs code that may raise, and keeps what it raised."""

    __slots__ = ("completed", "error")

    def __init__(self) -> None:
        self.completed = False
        self.error: Exception | None = None

    def __enter__(self) -> None:
        return

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> bool:
        self.completed = error is None
        if isinstance(error, Exception):
            self.error = error
        return self.error is not None
