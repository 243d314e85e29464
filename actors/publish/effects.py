"""Everything a publishing saga can ask for; the shell performs one at a time and tells its end as a message."""

from __future__ import annotations

from dataclasses import dataclass

from actors.operations.publishes import PhaseChange, PublishRow


@dataclass(frozen=True, slots=True)
class TakeLease:
    """Take the lease, or learn that another worker has it."""


@dataclass(frozen=True, slots=True)
class StoreStep:
    """Commit a step, again and again until it is answered."""

    publish: PublishRow
    move: PhaseChange


@dataclass(frozen=True, slots=True)
class CreateContainer:
    """Have Instagram make a container; `number` counts the tries under this lease: each has a link of its own."""

    publish: PublishRow
    number: int = 1

    @property
    def link_name(self) -> str:
        """What no other try's link is made under: the fence's token grows with each holder of the lease."""
        publish = self.publish
        return f"{publish.chat_key}.{publish.item_id}.{publish.version}.{publish.token}.{self.number}"


@dataclass(frozen=True, slots=True)
class LookAtContainer:
    """Read the container's status_code."""

    publish: PublishRow


@dataclass(frozen=True, slots=True)
class PublishContainer:
    """Publish the container, unless it is later than `deadline`: the lease must outlive the call."""

    publish: PublishRow
    deadline: float


@dataclass(frozen=True, slots=True)
class ReadHints:
    """Read what may help people to decide."""

    publish: PublishRow


@dataclass(frozen=True, slots=True)
class FindLink:
    """Ask for the address of the story and store it; nothing waits for it."""

    publish: PublishRow
    media_id: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Tell `Waited` in so many seconds."""

    seconds: float


PublishEffect = (
    TakeLease | StoreStep | CreateContainer | LookAtContainer | PublishContainer | ReadHints | FindLink | Wait
)
