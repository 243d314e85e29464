"""Everybody who looks at a world: each is told what happens, at the moment when it does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from actors.domain.messages import Recorded, Stale
from actors.domain.taps import Pressed
from actors.domain.updates import Update
from actors.operations.operation import Operation
from actors.operations.taps import RecordTap
from infra.telegram.caption_text import visible
from tests.fakes.records import ItemRecord
from tests.fakes.store import Store
from tests.simulation.changes import Changes
from tests.simulation.commands import Commands
from tests.simulation.floods import Floods
from tests.simulation.greetings import Greetings
from tests.simulation.instagram import Made
from tests.simulation.journal import Transcript
from tests.simulation.ledger import Ledger
from tests.simulation.losers import Losers
from tests.simulation.processes import Life, Process
from tests.simulation.safety import Safety
from tests.simulation.sagas import Sagas
from tests.simulation.strangers import Strangers
from tests.simulation.taps import LOGGED, Evidence, Taps
from tests.simulation.telegram import Listeners, Sight
from tests.simulation.timeline import Timeline


class Witnesses:
    """The transcript, the promises, the books."""

    def __init__(self, store: Store, timeline: Timeline) -> None:
        self._timeline = timeline
        self.transcript = Transcript(lambda: timeline.now)
        evidence = Evidence()
        self.safety = Safety(store, evidence, lambda: timeline.now)
        self.taps = Taps(store, evidence, lambda: timeline.now, self.safety.broken)
        self.sagas = Sagas(store, self.safety.broken)
        self.ledger = Ledger(store, self.safety.broken)
        self.changes = Changes(store, self.safety.broken)
        self.greetings = Greetings(store, self.safety.broken)
        self.losers = Losers(store, self.safety.broken)
        self.strangers = Strangers(store, self.safety.broken)
        self.taps.may = self.strangers.may
        self.commands = Commands(self.safety.broken)
        self.floods = Floods(lambda: timeline.now, self.safety.broken)
        self.safety.changed = self._changed
        self.polled_at: dict[Process, float] = {}

    def logged(self, process: Process, line: dict[str, object]) -> None:
        """A process wrote a log line."""
        if process.life is not Life.KILLED:
            watch = self.taps if line["event"] in LOGGED else self.safety
            watch.logged(process, line)
            if line["event"] == "item":
                self.changes.logged(process, line)
            if line["event"] == "chat.member":
                self.greetings.logged(process, line)
            if line["event"] == "tap":
                if line["outcome"] == "refused":
                    self.losers.refused_for_good(str(line["tap_id"]), process.name)
                self.strangers.logged(line, self.taps.evidence.toast_sent.get(str(line["tap_id"]), ""))
                said = {name: line[name] for name in ("tap_id", "outcome", "cause", "version")}
                self.transcript.add(f"{process.name} logs {said}")
            elif line["event"] == "command":
                self.floods.logged(process, line)
            elif line["level"] != "info":
                self.transcript.add(f"{process.name} logs {line['event']}")

    def committed(self, operation: Operation[Any], value: object) -> None:
        """An operation was answered."""
        self.safety.committed(operation, value)
        self.ledger.answered(operation, value)
        self.sagas.committed(operation, value)
        self.strangers.committed(operation, value)
        self.commands.committed(operation)

    def went_live(self, made: Made, container: str, count: int) -> None:
        """Instagram shows a story; `count`: how often it now shows this one."""
        self.transcript.add(f"Instagram shows story {made.media_id}, container {container}")
        self.safety.went_live(made.media_id, container, count)
        self.ledger.went_live(container, made.account_id)

    def listeners(self) -> Listeners:
        """Who hears what Telegram did."""
        return Listeners(
            confirmed=self._confirmed,
            drawn=self._drawn,
            toasted=self._toasted,
            said=self._said,
            conflicted=self.safety.conflicted,
            refused=self.safety.refused,
            delivered=self.delivered,
        )

    def _changed(self, before: ItemRecord | None, item: ItemRecord, operation: Operation[Any], value: object) -> None:
        self.ledger.changed(before, item, operation)
        if isinstance(operation, RecordTap) and before is not None and item.item_id == operation.tap.press.item_id:
            self.safety.pressed(item, operation)  # another item is the operator's change, seen with the next commit
        if isinstance(value, Recorded | Stale) and isinstance(operation, RecordTap):
            self.losers.recorded(before, item, value, operation.worker)

    def _confirmed(self, updates: list[Update]) -> None:
        self.transcript.add(f"Telegram forgets {_names(updates)}")
        self.taps.confirmed(updates)

    def delivered(self, process: Process, updates: Sequence[Update]) -> None:
        """A process got these."""
        self.polled_at[process] = self._timeline.now
        if updates:
            self.transcript.add(f"{process.name} gets {_names(updates)}")
        for update in updates:
            if isinstance(update, Pressed):
                self.strangers.delivered(update.press)
        self.taps.delivered(process, updates)
        self.ledger.delivered(process, updates)
        self.greetings.delivered(process, updates)

    def _drawn(self, sight: Sight, before: Sight | None) -> None:
        last = visible(sight.caption).splitlines()[-1]
        buttons = sum(map(len, sight.keyboard))
        self.transcript.add(f"message {sight.face.message_id} shows “{last}” and {buttons} buttons")
        self.taps.drawn(sight.face)
        self.strangers.drawn(sight.face)
        self.safety.drawn(sight, before)

    def _toasted(self, press_id: str, text: str) -> None:
        self.transcript.add(f"toast of {press_id}: {text}")
        self.taps.toasted(press_id)

    def _said(self, chat_id: int, text: str) -> None:
        self.transcript.add(f"the bot says in {chat_id}: {text.splitlines()[0]}")
        self.taps.said(chat_id, text)
        self.greetings.said(chat_id)


def _names(updates: Sequence[Update]) -> str:
    return ", ".join(one.press.id if isinstance(one, Pressed) else type(one).__name__ for one in updates)
