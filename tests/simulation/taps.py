"""What must hold of each tap on its way: answered at once, kept until it is stored, refused for good."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from actors.domain.taps import Press, Pressed, Tap
from actors.domain.updates import Update
from actors.ports import Face
from tests.fakes.store import Store
from tests.simulation.processes import PROCESS, Life, Process

BUSY = " this…"
HELD_SECONDS = 80.0  # so long a tap is held at least, unless it hides newer ones
MOST_BEHIND = 60  # which it may do once so many came after it
SLICE_SECONDS = 0.2  # taps of one poll come in slices
TOAST_SECONDS = 0.5  # a toast waits for nothing of ours
CLAIM = re.compile(r"^(Skipped|Posted|Rejected|Published|Saved|Done)\b")
REFUSAL = re.compile(r"not saved|Out of order|Nothing was (saved|changed)|may not tap")
LOGGED = {"tap", "tap.not_confirmed"}  # the lines that concern a tap


@dataclass
class Evidence:
    """What was seen of each tap: when which process got it, sent its toast, explained it; what was said on messages."""

    delivered: dict[str, list[tuple[float, Process]]] = field(default_factory=dict)
    toast_sent: dict[str, str] = field(default_factory=dict)
    lines: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    said: dict[tuple[int, int], list[str]] = field(default_factory=dict)
    shown: dict[tuple[int, int], int] = field(default_factory=dict)
    said_to_all: dict[int, list[str]] = field(default_factory=dict)
    let_go: set[str] = field(default_factory=set)
    toast_shown: set[str] = field(default_factory=set)
    recording: dict[tuple[str, int, int], list[str]] = field(default_factory=dict)  # by process, chat and item


@dataclass
class Taps:
    """Looks at each tap, and keeps the evidence; `broken` notes what must not be."""

    store: Store
    evidence: Evidence
    now: Callable[[], float]
    broken: Callable[[str, str], None]
    pressed: Callable[[str], Pressed | None] = lambda _: None
    may: Callable[[Press], bool] = lambda _: True
    _toasts_due: list[tuple[float, str, Process]] = field(default_factory=list)

    def delivered(self, process: Process, updates: Sequence[Update]) -> None:
        """A process got these."""
        for update in updates:
            if isinstance(update, Pressed):
                press = update.press
                known = self.evidence.delivered.setdefault(press.id, [])
                if all(one is not process for _, one in known):
                    self._toasts_due.append((self.now() + TOAST_SECONDS, press.id, process))
                known.append((self.now(), process))

    def asked_to_toast(self, press_id: str, text: str) -> None:
        """A process sends a toast."""
        first_time = press_id not in self.evidence.toast_sent
        self.evidence.toast_sent.setdefault(press_id, text)
        if first_time:
            self._look_at_who_is_first(press_id, text)
        if not text.strip():
            self.broken("every tap is answered before any database work", f"the toast of {press_id} says nothing")
        if CLAIM.match(text):
            self.broken("record, then claim", f"the toast of {press_id} claims: {text}")

    def toasted(self, press_id: str) -> None:
        """A toast is shown."""
        self.evidence.toast_shown.add(press_id)

    def look_at_toasts(self) -> None:
        """Each tap was answered at once, if its process could run."""
        now = self.now()
        while self._toasts_due and self._toasts_due[0][0] < now:
            _, press_id, process = self._toasts_due.pop(0)
            could_run = process.life is Life.RUNNING and process.thawed_at < now - 2 * TOAST_SECONDS
            if could_run and press_id not in self.evidence.toast_sent:
                self.broken("every tap is answered before any database work", f"{press_id} got no toast")

    def confirmed(self, updates: Sequence[Update]) -> None:
        """Telegram forgets these: each tap among them is stored, or was visibly refused."""
        for update in updates:
            if isinstance(update, Tap) and not self._is_stored(update.press) and not self._is_refused(update.press):
                self.broken("nothing is confirmed before it is durable", f"{update.press.id} was confirmed and lost")

    def drawn(self, face: Face) -> None:
        """A message shows something new."""
        if face.line is not None:
            self.evidence.said.setdefault((face.chat_id, face.message_id), []).append(face.line)
        if face.row is not None:
            self.evidence.shown[face.chat_id, face.message_id] = face.row.version

    def said(self, chat_id: int, text: str) -> None:
        """A chat hears something that belongs to no card."""
        self.evidence.said_to_all.setdefault(chat_id, []).extend(text.splitlines())

    def logged(self, process: Process, line: dict[str, Any]) -> None:
        """A process wrote a line that concerns a tap."""
        if line["event"] == "tap.not_confirmed":
            self.evidence.let_go.add(line["tap_id"])
            return
        if line["outcome"] == "refused":
            self._look_at_refusal(process, line["tap_id"])
        self.evidence.lines.setdefault(line["tap_id"], []).append({**line, "process": process.name})

    def _look_at_who_is_first(self, press_id: str, text: str) -> None:
        """While a process stores a tap that may win, whoever taps the same item there is told so, by name."""
        process, pressed = PROCESS.get(), self.pressed(press_id)
        if process is None or not isinstance(pressed, Tap) or BUSY in text or REFUSAL.search(text):
            return
        press = pressed.press
        tried = self.evidence.recording.setdefault((process.name, press.chat_id, press.item_id), [])
        mine = self._got(press_id, process)
        for other in tried:
            theirs = self._got(other, process)
            open_still = other not in self.evidence.lines and not self._is_known(press.chat_id, other)
            held = theirs + SLICE_SECONDS < mine < theirs + HELD_SECONDS and self._came_since(theirs) < MOST_BEHIND
            if open_still and held:
                self.broken(
                    "the second is told who is first", f"{press_id} hears {text!r} while {other} is being stored"
                )
        if self.may(press):
            tried.append(press_id)

    def _got(self, press_id: str, process: Process) -> float:
        sights = self.evidence.delivered.get(press_id, [])
        return min((at for at, one in sights if one is process), default=self.now())

    def _came_since(self, at: float) -> int:
        return sum(sights[0][0] >= at for sights in self.evidence.delivered.values())

    def _is_known(self, chat_id: int, tap_id: str) -> bool:
        chat = self.store.tables.chat(chat_id)
        return chat is not None and self.store.tables.taps.get(chat.chat_key, tap_id) is not None

    def _look_at_refusal(self, process: Process, tap_id: str) -> None:
        """Who gets what a worker had before it died does not refuse what that one stored."""
        sights = self.evidence.delivered.get(tap_id, [])
        others = [one for _, one in sights if one is not process]
        since = min((at for at, one in sights if one is process), default=0.0)
        died = [one.killed_at < since and one.frozen_at is None for one in others]
        stored = any(tap.tap_id == tap_id and tap.outcome != "refused" for tap in self.store.tables.taps.all())
        if stored and others and all(died) and process.frozen_at is None:
            self.broken("a refusal is final", f"{process.name} refused {tap_id}, which a dead worker had stored")

    def _is_stored(self, press: Press) -> bool:
        """A refusal for want of a right is on no card: its person has to hear it."""
        chat = self.store.tables.chat(press.chat_id)
        tap = None if chat is None else self.store.tables.taps.get(chat.chat_key, press.id)
        return chat is None or (tap is not None and tap.outcome != "forbidden")

    def _is_refused(self, press: Press) -> bool:
        """By a toast that says something else than what is being tried, by a line on its message, or aloud.

        Or the message shows a later decision, with its author: what was tapped is gone before people's eyes. Or it was
        called not confirmed, and let go since it hid all newer ones; its worker goes on asking what became of it.
        """
        toast = self.evidence.toast_sent.get(press.id, "") if press.id in self.evidence.toast_shown else ""
        said = self.evidence.said.get((press.chat_id, press.message_id), [])
        aloud = [one for one in self.evidence.said_to_all.get(press.chat_id, []) if press.person.name in one]
        if press.id in self.evidence.let_go:
            return True
        by_name = [line for line in said if press.person.name in line]
        by_line = any(REFUSAL.search(line) for line in (*by_name, *aloud)) or any(BUSY in one for one in aloud)
        moved_on = self.evidence.shown.get((press.chat_id, press.message_id), 0) > press.version
        return BUSY in toast or bool(REFUSAL.search(toast)) or by_line or moved_on
