"""What changed on the page since an entry of the journal, as server-sent events."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress

from infra.sandbox.common.journal import Entry
from infra.sandbox.page.rendering import PageRenderer
from infra.sandbox.sandbox import Sandbox
from infra.sandbox.telegram.model import Json

HEARTBEAT_SECONDS = 15.0
HEARTBEAT = b": still here\n\n"
RELOAD = b"event: reload\ndata: {}\n\n"
SHOWN = {"message.sent", "message.edited", "message.deleted", "said"}
STAGED = {"stage.changed", "fault.set", "fault.cleared"}


async def changes(renderer: PageRenderer, chat_id: int, seen: int) -> AsyncIterator[bytes]:
    """Yield events for as long as the sandbox is open; a page from another life of it is told to start afresh."""
    sandbox, journal = renderer.sandbox, renderer.sandbox.telegram.journal
    if seen > journal.number or (journal.entries and seen + 1 < journal.entries[0].number):
        yield RELOAD
        return
    score = ""
    while not sandbox.closing:
        if not await _anything_new(sandbox, seen):
            yield HEARTBEAT
        entries, before, seen = journal.since(seen), seen, journal.number
        events = _events(renderer, chat_id, entries, before)
        last, score = score, renderer.score()  # a tap is lost by waiting, too: without anything new
        if score != last:
            events.append(("score", {"html": score}))
        for kind, payload in events:
            yield f"id: {seen}\nevent: {kind}\ndata: {json.dumps(payload)}\n\n".encode()


async def _anything_new(sandbox: Sandbox, seen: int) -> bool:
    with suppress(TimeoutError):
        await sandbox.until(lambda: sandbox.telegram.journal.number > seen or sandbox.closing, HEARTBEAT_SECONDS)
        return True
    return False


def _events(renderer: PageRenderer, chat_id: int, entries: list[Entry], before: int) -> list[tuple[str, Json]]:
    """Render each piece once, however often it changed; messages in the order in which they were sent."""
    touched = {_number(entry, "message_id") for entry in entries if entry.kind in SHOWN and _is_in(entry, chat_id)}
    events: list[tuple[str, Json]] = [("message", renderer.message(chat_id, number)) for number in sorted(touched)]
    events += [("toast", toast) for toast in _toasts(renderer, chat_id, entries)]
    events += [("chapter", renderer.chapter(chapter)) for chapter in renderer.timeline.chapters(before)]
    if any(entry.kind in STAGED for entry in entries):
        events.append(("stage", {"html": renderer.stage()}))
    if any(entry.kind.startswith("instagram.") for entry in entries):
        events.append(("instagram", {"html": renderer.instagram()}))
    return events


def _toasts(renderer: PageRenderer, chat_id: int, entries: Iterable[Entry]) -> list[Json]:
    answered = [str(entry.details["query_id"]) for entry in entries if entry.kind == "answered"]
    queries = [renderer.sandbox.telegram.queries.by_id[query_id] for query_id in answered]
    return [query.wire() | {"name": query.person.name} for query in queries if query.chat_id == chat_id]


def _is_in(entry: Entry, chat_id: int) -> bool:
    return entry.details.get("chat_id") == chat_id


def _number(entry: Entry, name: str) -> int:
    return int(str(entry.details[name]))
