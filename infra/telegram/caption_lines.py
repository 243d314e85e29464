"""What happened to an item, as lines of its card (HTML): the outcome, and the taps that came too late. Pure."""

from __future__ import annotations

from datetime import datetime
from html import escape

from actors.cards import texts
from actors.domain.item import Item, LateTap, Settlement
from actors.domain.local_times import clock, day, local
from actors.item.texts import BUTTON
from infra.telegram.caption_text import clip, isolated, one_line, visible_units

NAME_ROOM = 64  # UTF-16 units
EARLIER_ROOM = 48
NOTE_ROOM = 180


def slot(row: Item) -> str:
    """The item's slot, like "Sun 22 Nov 2026, 18:30": a card is read in any year."""
    at = local(row.due_at, row.timezone)
    return texts.slot(f"{day(at, year=True)}, {clock(at)}")


def moment(row: Item, at: datetime, since: datetime) -> str:
    """The time, with its date if it is another day than `since`, and its year if it is another one."""
    here, before = local(at, row.timezone), local(since, row.timezone)
    if here.date() == before.date():
        return clock(here)
    year = "" if here.year == before.year else f" {here.year}"
    return f"{here.day} {here:%b}{year} {clock(here)}"


def outcome(row: Item) -> str | None:
    """The line that says who did what and when; None while the item waits for a decision."""
    if row.state not in texts.ICONS:
        return None
    if row.settled is None:
        return texts.outcome(row, None, None)
    return texts.outcome(row, _name(row.settled), moment(row, row.settled.at, row.due_at))


def waiting(row: Item) -> str | None:
    """The line that says whose turn it is, and until when; None if nothing is waited for."""
    if row.waiting is None:
        return None
    until = moment(row, row.waiting.until, row.settled.at if row.settled else row.due_at)
    if row.waiting.sentence is None:
        return texts.wait_until(until)
    return texts.waits(escape(clip(one_line(row.waiting.sentence), NOTE_ROOM)), until)


def late_lines(row: Item, room: int) -> list[str]:
    """The taps that the row refused, oldest first; the newest ones that fit into `room` UTF-16 units."""
    lines = [_late(row, tap) for tap in row.late]
    kept: list[str] = []
    room -= EARLIER_ROOM
    for line in reversed(lines):
        room -= visible_units(line) + 1
        if room < 0:
            break
        kept.insert(0, line)
    return kept if len(kept) == len(lines) else [texts.earlier(len(lines) - len(kept)), *kept]


def _name(settled: Settlement) -> str | None:
    return isolated(settled.by.name, NAME_ROOM) if settled.by else None


def _late(row: Item, tap: LateTap) -> str:
    since = row.settled.at if row.settled else row.due_at
    tried = f"{escape(BUTTON.get(tap.action, tap.action.value))}, {moment(row, tap.at, since)}"
    return texts.late(tap.why, isolated(tap.name, NAME_ROOM), tried, _because(row))


def _because(row: Item) -> str:
    if row.settled is None or row.state not in texts.ICONS:
        return ""
    return texts.because(row, row.settled, _name(row.settled), moment(row, row.settled.at, row.due_at))
