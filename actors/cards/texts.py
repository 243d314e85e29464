"""What stands on a card beside the story's own words: head, buttons, outcome, and the taps that came too late.

Names and times come in as they are to be shown: they are escaped and cut by what draws the card.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from actors.domain.item import Action, Item, Settlement, State
from actors.domain.publish_phase import Phase
from actors.item.texts import DONE

DRY_RUN = "🧪 Dry run: nothing is published"
LIVE = "🔴 Live: Auto Post publishes"
MADE_BY_AI = "Labelled as made with AI"
RETIRED = "🔁 Back in the queue: see the newer card"
ORIGINAL = "Original"
CUT = f"… (all of it: {ORIGINAL})"
OPEN_INSTAGRAM = "Open Instagram"
SEE_STORY = "See the story (24 h)"
YES: Mapping[Action, str] = MappingProxyType(
    {
        Action.REJECT: "Yes, reject",
        Action.IT_IS_LIVE: "Yes, it is live",
        Action.IT_IS_NOT: "Yes, post again",
    }
)
KEEP_IT = "No, keep it"
LEAVE_IT = "No, leave it"
ICONS: Mapping[State, str] = MappingProxyType(
    {
        State.PUBLISHING: "📤",
        State.IN_DOUBT: "❓",
        State.POSTED: "✅",
        State.SKIPPED: "⏭",
        State.REJECTED: "🚫",
        State.EXPIRED: "⌛",
        State.WITHDRAWN: "↩️",
    }
)
PROGRESS: Mapping[Phase, str] = MappingProxyType(
    {
        Phase.CREATING: "Preparing to publish",
        Phase.CONTAINER: "Instagram is fetching it",
        Phase.READY: "Instagram is fetching it",
        Phase.PUBLISHING: "Publishing now",
    }
)


def account(name: str) -> str:
    """Say where the story goes."""
    return f"Instagram: {name}"


def mentions(names: str) -> str:
    """Say whom the story mentions; without "@", which would call people of Telegram."""
    return f"Mentions: {names}"


def slot(moment: str) -> str:
    """Say when the story is due."""
    return f"🗓 {moment}"


def outcome(row: Item, name: str | None, moment: str | None) -> str:
    """Say what became of the item, which is in a state that has an icon; without a moment nothing more is known."""
    if row.settled is None or moment is None:
        return f"{ICONS[row.state]} {DONE[row.state].capitalize()}"
    by_hand = " (by hand)" if (row.state, row.settled.action) == (State.POSTED, Action.POSTED) else ""
    return f"{ICONS[row.state]} {_deed(row, row.settled, name)}, {moment}{by_hand}"


def waits(sentence: str, until: str) -> str:
    """Say what a publish waits for, which people need not do anything about."""
    return f"⏳ {sentence} This goes on by itself until {until}."


def wait_until(until: str) -> str:
    """Say how long people had better wait before they tap again."""
    return f"⏳ Wait until {until}, then tap Auto Post."


def earlier(count: int) -> str:
    """Say how many late taps have no line of their own."""
    return f"… and earlier taps that came too late: {count}"


def late(why: str, name: str, tried: str, because: str) -> str:
    """Say why a tap did nothing; `tried` names the button and when, `because` what had been decided."""
    match why:
        case "forbidden":
            return f"🚷 {name} may not tap in this chat ({tried})"
        case "lost":
            return f"⏪ {name}'s {tried}: that card was of a time that the queue has lost, tap again"
        case "old":
            return f"↻ {name}'s {tried}: the card had changed, tap again"
        case "publishing":
            return f"🐢 {name}'s {tried}: too late, it is being published"
        case _:
            return f"🐢 {name}'s {tried}: too late{because}"


def because(row: Item, settled: Settlement, name: str | None, moment: str) -> str:
    """Say behind "too late" what had been decided."""
    deed = _deed(row, settled, name)
    return f", {deed[0].lower()}{deed[1:]}, {moment}"


def _deed(row: Item, settled: Settlement, name: str | None) -> str:
    by = f" by {name}" if name else ""
    match row.state, settled.action:
        case State.PUBLISHING, _:
            doing = "Publishing" if row.phase is None else PROGRESS[row.phase]
            return f"{doing}, asked{by}" if by else doing
        case State.POSTED, Action.POSTED:
            return f"Posted{by}"
        case State.POSTED, Action.IT_IS_LIVE:
            return f"Posted via Instagram, confirmed{by}"
        case State.POSTED, _:
            return f"Posted via Instagram{by}"
        case State.IN_DOUBT, _:
            return "In doubt: it may be live, look at Instagram"
        case State.EXPIRED, _ if row.note is not None:
            return "Expired"  # its note says why there was no tap
        case State.EXPIRED, _:
            return f"Expired: nobody tapped{_waited(settled.at, row.presented_at)}"
        case _:
            return DONE[row.state].capitalize() + by


def _waited(until: datetime, presented_at: datetime | None) -> str:
    """How long the card stood there: a slot may be older by days, after a pause or an outage."""
    if presented_at is None:
        return ""
    hours = max(1, (until - presented_at) // timedelta(hours=1))
    return f" within {hours} {'hour' if hours == 1 else 'hours'}"
