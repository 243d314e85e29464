"""How far a publish is: what its saga commits and its card shows."""

from __future__ import annotations

from enum import Enum


class Phase(Enum):
    """Where a publish stands; the value is what the database stores."""

    CREATING = "creating"
    CONTAINER = "container"
    READY = "ready"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    REFUSED = "refused"
    IN_DOUBT = "in_doubt"
    CANCELLED = "cancelled"


CANCELLABLE = frozenset({Phase.CREATING, Phase.CONTAINER, Phase.READY})
RUNNING = CANCELLABLE | {Phase.PUBLISHING}
