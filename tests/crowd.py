"""Many cards in many chats, put there without a worker, and many people who tap them."""

from __future__ import annotations

from dataclasses import dataclass

from actors.domain.item import State
from infra.sandbox.telegram.model import Content, User
from infra.sandbox.telegram.world import ButtonTap, NewChat
from tests.stage import Stage

FIRST_CHAT = -1002000000000
FIRST_PERSON = 1000


@dataclass(frozen=True, slots=True)
class Shown:
    """A card in a chat of its own, and the person who looks at it."""

    chat_id: int
    item_id: int
    message_id: int
    person: User


async def put_in_review(stage: Stage, count: int) -> list[Shown]:
    """Make so many chats, each with an item in review and its card; no worker has ever seen them."""
    rows = await stage.database.fetch(
        """with made as (
             insert into chats (chat_id, title, gap_seconds)
             select $1::bigint - n, 'Team', 0 from generate_series(1, $2::int) n
             returning chat_key, chat_id),
           stories as (
             insert into media (chat_key, kind, path, file_name, title, sha256, bytes)
             select chat_key, 'photo', 'p', 'a.jpg', 'Sunset', chat_key::text, 5 from made
             returning chat_key, media_id),
           queued as (
             insert into items (chat_key, media_id, due_at, state, came_from, came_by, presented_at)
             select chat_key, media_id, now(), 'in_review', 'presenting', 'sent', now() from stories
             returning chat_key, item_id),
           shown as (
             insert into cards (chat_key, message_id, item_id, shown) select chat_key, 1, item_id, 0 from queued)
           select chat_id, item_id from made join queued using (chat_key) order by item_id""",
        FIRST_CHAT,
        count,
    )
    await stage.database.execute("analyze")
    return [_show(stage, row["chat_id"], row["item_id"], number) for number, row in enumerate(rows)]


def _show(stage: Stage, chat_id: int, item_id: int, number: int) -> Shown:
    person = User(FIRST_PERSON + number, f"Person {number}")
    stage.sandbox.create_chat(NewChat("Team", [person], id=chat_id))
    keyboard = (({"text": "Skip", "callback_data": f"skip:{item_id}:0"},),)
    content = Content("photo", "Sunset", keyboard=keyboard)
    sent = stage.sandbox.telegram.send(str(chat_id), content, stage.sandbox.clock())
    return Shown(chat_id, item_id, sent["message_id"], person)


def tap_all(stage: Stage, cards: list[Shown]) -> list[str]:
    """Everybody taps Skip in the same instant."""
    return [stage.sandbox.tap(ButtonTap(card.chat_id, card.message_id, card.person.id, "Skip")) for card in cards]


async def all_settled(stage: Stage, cards: list[Shown], seconds: float = 90.0) -> None:
    """Wait until each card tells how its item ended."""
    open_cards = list(cards)

    def no_open_card_is_left() -> bool:
        while open_cards and _is_settled(stage, open_cards[-1]):
            open_cards.pop()
        return not open_cards

    await stage.until(no_open_card_is_left, seconds)


def _is_settled(stage: Stage, card: Shown) -> bool:
    place = (card.message_id, card.chat_id)
    return "Skipped by" in stage.text(*place) and not stage.buttons(*place)


async def counts(stage: Stage) -> dict[str, int]:
    """Count what the rows say: items by state, and decisions."""
    states = await stage.database.fetch("select state, count(*) from items group by state")
    found = {State(row["state"]).value: row["count"] for row in states}
    decisions = await stage.database.fetchval("select count(*) from item_events")
    return found | {"decisions": decisions}
