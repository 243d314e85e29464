"""The worker's log as stories: what people tapped and saw, and what each worker wrote, folded together by tap."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from infra.sandbox.common.journal import Entry
from infra.sandbox.demo.log_tail import LogLine
from infra.sandbox.demo.report import says
from infra.sandbox.page.look import PersonView, clock_time, face, title
from infra.sandbox.page.texts import (
    ON_ITS_WAY,
    PUBLISHING,
    deed,
    ending,
    figures,
    publish_ending,
    seconds,
    told,
    written_at,
)
from infra.sandbox.telegram.model import ChatMessage, item_named
from infra.sandbox.telegram.queries import Query
from infra.sandbox.telegram.world import World

MOST_CHAPTERS = 300
INSTEAD = {"posted", "skip", "reject"}  # what calls a publish off


@dataclass(frozen=True, slots=True)
class TimelineStep:
    """One moment of a story: how long after the tap, who says so (`seen`: a screen, else a worker), and what."""

    at: float
    after: str
    source: str
    text: str


@dataclass(slots=True)
class Chapter:
    """Something to read: the story of a tap, or lines of a worker that belong to no tap."""

    key: str
    at: float
    touched: int
    worker: str = ""
    query: Query | None = None
    person: PersonView | None = None
    button: str = ""
    title: str = ""
    drawn_at: float = math.inf
    lines: list[LogLine] = field(default_factory=list)
    steps: list[TimelineStep] = field(default_factory=list)
    publish_state: str | None = None

    @property
    def line(self) -> LogLine | None:
        """The one line that explains the tap, once it is written."""
        return next((line for line in self.lines if line["event"] == "tap"), None)

    @property
    def ending(self) -> tuple[str, str]:
        """How the tap ended, and the colour of it."""
        if self.line is not None and self.line["outcome"] == "recorded" and self.publishes:
            return publish_ending(self.publish_state)
        return ending(self.line)

    @property
    def publishes(self) -> bool:
        """Tell whether it asks for a publish."""
        if self.line is not None:
            return self.line.get("action") in PUBLISHING
        return says(self.button, "Auto Post") or "post again" in self.button

    @property
    def figures(self) -> str:
        """How long the tap took."""
        return figures(self.line)

    @property
    def time(self) -> str:
        """When it began, as the page shows it."""
        return clock_time(self.at)

    @property
    def event(self) -> str:
        """Which event its last line is."""
        return str(self.lines[-1]["event"]) if self.lines else ""

    @property
    def level(self) -> str:
        """How loud its lines are."""
        return str(self.lines[0].get("level", "info")) if self.lines else "info"

    @property
    def text(self) -> str:
        """Its lines in one sentence; what was written again and again is counted."""
        counts = Counter(told(line) for line in self.lines)
        return "; ".join(text if count == 1 else f"{text} (×{count})" for text, count in counts.items())

    @property
    def raw(self) -> str:
        """Its lines as they were written."""
        return "\n".join(json.dumps(line, ensure_ascii=False) for line in self.lines)

    @property
    def story(self) -> list[TimelineStep]:
        """Its steps in the order in which they happened."""
        return sorted(self.steps, key=lambda step: step.at)


class Timeline:
    """The last 300 chapters; `hear` is told every entry of the journal once, in order."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chapters: dict[str, Chapter] = {}

    def chapters(self, touched_after: int = 0) -> list[Chapter]:
        """Return what is new or was added to after that entry of the journal, the oldest first."""
        return [chapter for chapter in self._chapters.values() if chapter.touched > touched_after]

    def hear(self, entry: Entry) -> None:
        """Add an entry of the journal to the chapters that it belongs to."""
        match entry.kind, entry.details:
            case "tap", {"query_id": str(query_id)}:
                self._open(entry, self._world.queries.by_id[query_id])
            case "answered", {"query_id": str(query_id), "text": str(text)}:
                chapter = self._tap(query_id)
                words = f"Toast: “{text}”" if text else "The button stops waiting"
                self._see([chapter] if chapter else [], entry, words)
            case "message.edited", {"chat_id": int(chat_id), "message_id": int(message_id)}:
                message = self._world.chats[chat_id].messages[message_id]
                concerned = self._open_taps(message)
                self._see(concerned, entry, f"The card now says: {changed(message)}")
                for chapter in concerned:
                    chapter.drawn_at = entry.at
            case "logged", {"worker": str(worker), "line": dict(line)}:
                self._read(entry, worker, line)

    def _open(self, entry: Entry, query: Query) -> None:
        message = self._world.chats[query.chat_id].messages[query.message_id]
        chapter = Chapter(f"tap-{query.id}", query.at, entry.number, query=query, person=face(query.person))
        chapter.button = _label(message, query.callback_data)
        chapter.title = title(message)
        chapter.steps.append(TimelineStep(query.at, "0 ms", "seen", f"{query.person.name} taps {chapter.button}"))
        self._add(chapter)

    def _see(self, chapters: Iterable[Chapter], entry: Entry, text: str) -> None:
        for chapter in chapters:
            chapter.steps.append(_step(chapter, entry.at, "seen", text))
            chapter.touched = entry.number

    def _read(self, entry: Entry, worker: str, line: LogLine) -> None:
        chapter = self._tap(str(line.get("tap_id")))
        concerned = [chapter] if chapter else self._of_item(line)
        for each in concerned:
            each.lines.append(line)
            each.worker = worker
            each.touched = entry.number
            if line["event"] == "publish.step" and line.get("outcome") != "fenced out":
                each.publish_state = str(line.get("state"))
            each.steps += _explained(each, line) if line["event"] == "tap" else [_said(each, line, entry.at)]
        if not concerned:
            self._note(entry, worker, line)
        if line["event"] == "tap" and line["outcome"] == "recorded" and line.get("action") in INSTEAD:
            self._call_off(entry, line)

    def _call_off(self, entry: Entry, line: LogLine) -> None:
        """A person was faster than a publish: that has no step of its own."""
        for each in self._chapters.values():
            is_same = each.line is not None and each.line.get("item_id") == line.get("item_id")
            if is_same and each.publish_state and publish_ending(each.publish_state) == ON_ITS_WAY:
                each.publish_state, each.touched = "cancelled", entry.number

    def _note(self, entry: Entry, worker: str, line: LogLine) -> None:
        last = next(reversed(self._chapters.values()), None)
        if last is not None and last.query is None and (last.worker, last.event) == (worker, line["event"]):
            last.lines.append(line)
            last.touched = entry.number
            return
        chapter = Chapter(f"line-{entry.number}", written_at(line, entry.at), entry.number, worker, lines=[line])
        self._add(chapter)

    def _add(self, chapter: Chapter) -> None:
        self._chapters[chapter.key] = chapter
        if len(self._chapters) > MOST_CHAPTERS:
            del self._chapters[next(iter(self._chapters))]

    def _tap(self, tap_id: str) -> Chapter | None:
        return self._chapters.get(f"tap-{tap_id}")

    def _open_taps(self, message: ChatMessage) -> list[Chapter]:
        place = (message.chat_id, message.id)
        taps = [each for each in self._chapters.values() if each.query is not None and each.line is None]
        return [each for each in taps if each.query and (each.query.chat_id, each.query.message_id) == place]

    def _of_item(self, line: LogLine) -> list[Chapter]:
        """Find the taps on an item that are still under way: what happens to it happens to them.

        A publish goes on after its tap was explained: it belongs to the last tap that asked for one.
        """
        item_id = line.get("item_id")
        taps = [each for each in self._chapters.values() if item_id is not None and _item(each) == str(item_id)]
        if str(line["event"]).startswith("publish."):
            asked = [each for each in taps if each.publishes]
            return [each for each in asked if each.line is None or each.line["outcome"] == "recorded"][-1:]
        return [each for each in taps if each.line is None]


def changed(message: ChatMessage) -> str:
    """Say what an edit added to a message, or that it only took away."""
    before = set(message.history[-2].content.text.splitlines()) if len(message.history) > 1 else set()
    added = [line.strip() for line in message.content.text.splitlines() if line.strip() and line not in before]
    if added:
        return " / ".join(added)
    return "the same, with other buttons" if message.content.keyboard else "the same, without buttons"


def _label(message: ChatMessage, callback_data: str) -> str:
    """Name a button as the message shows it, or showed it last."""
    buttons = [button for shown in reversed(message.history) for button in shown.content.buttons()]
    labels = (button["text"] for button in buttons if button.get("callback_data") == callback_data)
    return next(labels, callback_data)


def _item(chapter: Chapter) -> str:
    item_id = item_named(chapter.query.callback_data) if chapter.query else None
    return "" if item_id is None else str(item_id)


def _said(chapter: Chapter, line: LogLine, heard_at: float) -> TimelineStep:
    return _step(chapter, written_at(line, heard_at), chapter.worker, told(line))


def _explained(chapter: Chapter, line: LogLine) -> list[TimelineStep]:
    """Take the canonical line apart: its figures count from when the worker first saw the tap."""
    if line.get("cause") == "recovered":
        words = "The worker died before it could explain this tap: its row was found, and its card drawn from it."
        return [_said(chapter, line | {"event": "output", "text": words}, chapter.at)]
    took: dict[str, Any] = {name: line[name] for name in ("toast_ms", "recorded_ms", "card_ms") if line.get(name)}
    ended_at = written_at(line, chapter.at)
    seen_at = max(chapter.at, ended_at - max(took.values(), default=0) / 1000)
    steps = []
    if "recorded_ms" in took:
        # Two processes measured this: what is on the screen was saved before.
        saved_at = min(seen_at + took["recorded_ms"] / 1000, chapter.drawn_at - 0.0005)
        steps.append(_step(chapter, saved_at, chapter.worker, deed(line)))
    words, _ = ending(line)
    return [*steps, _step(chapter, ended_at, chapter.worker, f"Its one line is written: {words}")]


def _step(chapter: Chapter, at: float, source: str, text: str) -> TimelineStep:
    return TimelineStep(at, f"+{seconds(max(0.0, at - chapter.at) * 1000)}", source, text)
