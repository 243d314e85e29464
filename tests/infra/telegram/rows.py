"""An item as its cards know it, on 22 November 2026 in Lisbon (UTC+0) or Tokyo (UTC+9)."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from actors.domain.item import Action, Item, LateTap, MediaKind, Person, Settlement, State, Story
from infra.sandbox.telegram.markup import parse_html
from infra.telegram.received_caption import write_seen

STORY = Story(7, MediaKind.PHOTO, "7.jpg", "IMG_0007.jpg", "Sunday market", "Come & see us <today>\n#market")
ROW = Item(
    chat_key=1,
    chat_id=-1001,
    id=42,
    mark="k9_Xq-",
    state=State.IN_REVIEW,
    version=3,
    revision=5,
    due_at=datetime(2026, 11, 22, 18, 30, tzinfo=UTC),
    timezone="Europe/Lisbon",
    live=False,
    story=STORY,
    account="@oslo_stories",
)
ANNA = Person(5, "Anna")


def as_seen(html: str) -> str:
    """A caption of ours as Telegram describes it under a button."""
    described = parse_html(html)
    return write_seen({"caption": described.text, "caption_entities": list(described.entities)})


def at(hour: int, minute: int, day: int = 22) -> datetime:
    """A moment of November 2026, in UTC."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def settled(state: State, action: Action, by: Person | None = ANNA, **changes: Any) -> Item:
    """The row after a decision at 18:38 UTC."""
    return replace(ROW, state=state, settled=Settlement(action, by, at(18, 38)), **changes)


def late(name: str, why: str = "late", action: Action = Action.SKIP) -> LateTap:
    """A tap one minute after that decision."""
    return LateTap(action, name, at(18, 39), why)
