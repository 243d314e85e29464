"""Publishes a story, or rehearses it: a chat in dry run hears what would have been published, and where."""

from __future__ import annotations

from dataclasses import dataclass

from actors.ports import Publisher
from actors.rules.item import Row
from actors.rules.messages import PublishOutcome
from actors.rules.publish import rehearse, without_publisher


@dataclass(frozen=True, slots=True)
class CarefulPublisher:
    """Publishes live chats through `live`, if there is one, and nothing else."""

    live: Publisher | None = None

    async def publish(self, row: Row) -> PublishOutcome:
        """Rehearse in a dry run; in a live chat publish, or say that nothing is set up."""
        if not row.live:
            return rehearse(row)
        if self.live is None:
            return without_publisher(row)
        return await self.live.publish(row)
