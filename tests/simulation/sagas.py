"""The books of publishing: who holds a publish, which steps it takes, and what the row says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from actors.domain.item import State
from actors.domain.publish_phase import RUNNING, Phase
from actors.operations.operation import Operation
from actors.operations.publishes import PublishRow, StepPublish, StepResult, TakePublish
from actors.operations.taps import RecordTap
from tests.fakes.records import ItemRecord, PublishRecord
from tests.fakes.store import Store
from tests.simulation.processes import Process

RUNS = {phase.value for phase in RUNNING}
MARKED = Phase.PUBLISHING.value

Key = tuple[int, int, int]


@dataclass
class Sagas:
    """Looks at every commit; `broken` notes what must not be."""

    store: Store
    broken: Callable[[str, str], None]
    is_over: Callable[[str], bool] = lambda _container: False
    _known: dict[Key, PublishRecord] = field(default_factory=dict)
    _links: set[str] = field(default_factory=set)

    def committed(self, operation: Operation[Any], value: object) -> None:
        """Look at what was answered, and at every publish that this commit changed."""
        match operation, value:
            case StepPublish(), StepResult(publish=PublishRow() as taken):
                self._look_at_step(operation, taken)
            case TakePublish(), StepResult(publish=PublishRow() as taken):
                self._look_at_lease(operation, taken)
        for publish in self.store.tables.publishes.all():
            key = (publish.chat_key, publish.item_id, publish.version)
            before = self._known.get(key)
            if before is not publish or isinstance(operation, RecordTap):
                self._known[key] = publish
                self._look_at(before, publish)

    def fetched(self, link: str) -> None:
        """A file was to be fetched by this link, which nobody has seen before."""
        if link in self._links:
            self.broken("each try has a link of its own", f"{link} was given to Instagram before")
        self._links.add(link)

    def called(self, process: Process, container: str) -> None:
        """A process calls Instagram to publish: it holds the lease."""
        publishes = [one for one in self.store.tables.publishes.all() if one.container_id == container]
        publish = max(publishes, key=lambda one: one.version)
        ours = publish.state == MARKED and (publish.owner or "").split()[:1] == [process.name]
        if not ours or publish.lease_until <= self.store.clock.now():
            said = f"{process.name} publishes item {publish.item_id}, {publish.state}, held by {publish.owner}"
            self.broken("the call is made under the lease", f"{said} until {publish.lease_until:%H:%M:%S}")

    def _look_at_step(self, step: StepPublish, taken: PublishRow) -> None:
        ours, name = step.publish, f"item {step.publish.item_id}"
        if (taken.owner, taken.token, taken.seq) != (ours.owner, ours.token, ours.seq + 1):
            said = f"{name}: {ours.owner} was at {ours.token}/{ours.seq}, {taken.owner} is at {taken.token}/{taken.seq}"
            self.broken("a step follows the one before it", said)
        if ours.phase is Phase.PUBLISHING and step.move.phase is Phase.CREATING:
            self.broken(
                "only an expired container is replaced", f"{name} begins anew, and {ours.container_id} is there"
            )

        left = ours.container_id is not None and step.move.container_id is None
        if left and (ours.inherited or ours.lost) and not self.is_over(ours.container_id or ""):
            said = f"{name} begins anew, and nobody has seen that {ours.container_id} came to nothing"
            self.broken("only an expired container is replaced", said)

    def _look_at_lease(self, asked: TakePublish, taken: PublishRow) -> None:
        before = self._known.get((asked.chat_key, asked.item_id, taken.version))
        if before is None or before.owner == asked.owner:
            return
        if before.owner is not None and before.lease_until > self.store.clock.now():
            said = f"item {asked.item_id} of {before.owner} was taken by {asked.owner}"
            self.broken("one worker holds a publish", said)
        if before.state == MARKED and not taken.lost:
            self.broken("a call is remembered", f"{asked.owner} took item {asked.item_id} over and knows of no call")

    def _look_at(self, before: PublishRecord | None, publish: PublishRecord) -> None:
        item = self.store.tables.items.get(publish.chat_key, publish.item_id)
        assert item is not None
        name = f"the publish of item {item.item_id} is {publish.state}, the item is {item.state}"
        under_way = item.state == State.PUBLISHING.value and item.version == publish.version
        if (publish.state in RUNS) != under_way:
            self.broken("the row follows its publish", name)
        if before is not None and before.state == MARKED and publish.state == Phase.CANCELLED.value:
            self.broken("marked or cancelled", f"{name}, and it was marked before")
        if before is None:
            self._look_at_successor(publish, item)

    def _look_at_successor(self, publish: PublishRecord, item: ItemRecord) -> None:
        """A container that may be live, whatever people say of it, is looked at before there is another."""
        earlier = [
            one
            for one in self.store.tables.publishes.all()
            if (one.chat_key, one.item_id) == (publish.chat_key, publish.item_id) and one.version < publish.version
        ]
        before = max(earlier, key=lambda one: one.version, default=None)
        if before is None or before.container_id is None or before.account_id != publish.account_id:
            return
        unsure = before.inherited or before.lost or before.state == Phase.IN_DOUBT.value
        if unsure and publish.container_id != before.container_id and not self.is_over(before.container_id):
            said = f"item {item.item_id} begins anew, and {before.container_id} is there"
            self.broken("only an expired container is replaced", said)
