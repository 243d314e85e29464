"""What happened to an item, as lines of its card (HTML): the outcome, and the taps that came too late. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from html import escape

from actors.domain.item import LateTap, Row, Settlement, State, Step
from actors.domain.local_times import clock, day, local
from actors.domain.publish_phase import Phase
from actors.item import texts as words
from infra.telegram.caption_text import isolated, visible_units

NAME_ROOM = 64  # UTF-16 units
EARLIER = "… and earlier taps that came too late: "
EARLIER_ROOM = 48
ICONS = {
    State.PUBLISHING: "📤",
    State.IN_DOUBT: "❓",
    State.POSTED: "✅",
    State.SKIPPED: "⏭",
    State.REJECTED: "🚫",
    State.EXPIRED: "⌛",
    State.WITHDRAWN: "↩️",
}


PROGRESS = {
    Phase.CREATING: "Preparing to publish",
    Phase.CONTAINER: "Instagram is fetching it",
    Phase.READY: "Instagram is fetching it",
    Phase.PUBLISHING: "Publishing now",
}


def slot(row: Row) -> str:
    """The item's slot, like "Sun 22 Nov 2026, 18:30": a card is read in any year."""
    at = local(row.due_at, row.timezone)
    return f"{day(at, year=True)}, {clock(at)}"


def moment(row: Row, at: datetime, since: datetime) -> str:
    """The time, with its date if it is another day than `since`, and its year if it is another one."""
    here, before = local(at, row.timezone), local(since, row.timezone)
    if here.date() == before.date():
        return clock(here)
    year = "" if here.year == before.year else f" {here.year}"
    return f"{here.day} {here:%b}{year} {clock(here)}"


def outcome(row: Row) -> str | None:
    """The line that says who did what and when; None while the item waits for a decision."""
    if row.state not in ICONS:
        return None
    if row.settled is None:
        return f"{ICONS[row.state]} {words.DONE[row.state].capitalize()}"
    how = " (by hand)" if (row.state, row.settled.step) == (State.POSTED, Step.POSTED) else ""
    return f"{ICONS[row.state]} {_deed(row, row.settled)}, {moment(row, row.settled.at, row.due_at)}{how}"


def late_lines(row: Row, room: int) -> list[str]:
    """The taps that the row refused, oldest first; the newest ones that fit into `room` UTF-16 units."""
    lines = [_late(row, tap) for tap in row.late]
    kept: list[str] = []
    room -= EARLIER_ROOM
    for line in reversed(lines):
        room -= visible_units(line) + 1
        if room < 0:
            break
        kept.insert(0, line)
    return kept if len(kept) == len(lines) else [f"{EARLIER}{len(lines) - len(kept)}", *kept]


def _deed(row: Row, settled: Settlement) -> str:
    name = isolated(settled.by.name, NAME_ROOM) if settled.by else None
    by = f" by {name}" if name else ""
    match row.state, settled.step:
        case State.PUBLISHING, _:
            doing = "Publishing" if row.phase is None else PROGRESS[row.phase]
            return f"{doing}, asked{by}" if by else doing
        case State.POSTED, Step.POSTED:
            return f"Posted{by}"
        case State.POSTED, Step.IT_IS_LIVE:
            return f"Posted via Instagram, confirmed{by}"
        case State.POSTED, _:
            return f"Posted via Instagram{by}"
        case State.IN_DOUBT, _:
            return "In doubt: it may be live, look at Instagram"
        case State.EXPIRED, _ if row.note is not None:
            return "Expired"  # its note says why nobody tapped
        case State.EXPIRED, _:
            return f"Expired: nobody tapped{_waited(settled.at, row.presented_at)}"
        case _:
            return words.DONE[row.state].capitalize() + by


def _waited(until: datetime, presented_at: datetime | None) -> str:
    """How long the card stood there: a slot may be older by days, after a pause or an outage."""
    if presented_at is None:
        return ""
    hours = max(1, (until - presented_at) // timedelta(hours=1))
    return f" within {hours} {'hour' if hours == 1 else 'hours'}"


def _late(row: Row, tap: LateTap) -> str:
    name = isolated(tap.name, NAME_ROOM)
    since = row.settled.at if row.settled else row.due_at
    tried = f"{escape(words.BUTTON.get(tap.step, tap.step.value))}, {moment(row, tap.at, since)}"
    match tap.why:
        case "forbidden":
            return f"🚷 {name} may not tap in this chat ({tried})"
        case "lost":
            return f"⏪ {name}'s {tried}: that card was of a time that the queue has lost, tap again"
        case "old":
            return f"↻ {name}'s {tried}: the card had changed, tap again"
        case "publishing":
            return f"🐢 {name}'s {tried}: too late, it is being published"
        case _:
            return f"🐢 {name}'s {tried}: too late{_because(row)}"


def _because(row: Row) -> str:
    if row.settled is None or row.state not in ICONS:
        return ""
    deed = _deed(row, row.settled)
    return f", {deed[0].lower()}{deed[1:]}, {moment(row, row.settled.at, row.due_at)}"
