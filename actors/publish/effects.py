"""Everything a publishing saga can ask for; the shell performs one at a time and tells its end as a message."""

from __future__ import annotations

from dataclasses import dataclass

from actors.operations.publishes import Move, Publish


@dataclass(frozen=True, slots=True)
class Take:
    """Take the lease."""


@dataclass(frozen=True, slots=True)
class Store:
    """Commit a step, again and again until it is answered."""

    publish: Publish
    move: Move


@dataclass(frozen=True, slots=True)
class Create:
    """Have Instagram make a container."""

    publish: Publish


@dataclass(frozen=True, slots=True)
class Look:
    """Read the container."""

    publish: Publish


@dataclass(frozen=True, slots=True)
class Send:
    """Publish the container, unless it is later than `deadline`: the lease must outlive the call."""

    publish: Publish
    deadline: float


@dataclass(frozen=True, slots=True)
class ReadHints:
    """Read what may help people to decide."""

    publish: Publish


@dataclass(frozen=True, slots=True)
class FindLink:
    """Ask for the address of the story and store it; nothing waits for it."""

    publish: Publish
    media_id: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Tell `Waited` in so many seconds."""

    seconds: float


Effect = Take | Store | Create | Look | Send | ReadHints | FindLink | Wait
