"""The items of the run: dealt in hands, in review and with a card each, and forgotten once they were checked."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from random import Random

from infra.sandbox.sandbox import Sandbox
from infra.sandbox.telegram.model import ChatMessage, Content, User
from infra.sandbox.telegram.world import ButtonTap, NewChat
from tests.soak.eyes import Eyes
from tests.soak.ledger import Decided, Tapped, Told

FIRST_CHAT = -1004000000000
PEOPLE = tuple(User(2000 + number, f"Person-{number:02}") for number in range(24))
VERBS = ("posted", "skip", "confirm_reject")
KEPT_SECONDS = 120.0  # a worker that lost the answer to an edit makes it again after a minute
AT_ONCE = 300  # items whose taps come interleaved

CHATS = """insert into chats (chat_id, title, gap_seconds) select $1::bigint - n, 'Team', 0
  from generate_series(1, $2::int) n returning chat_key, chat_id"""
DEAL = """
with stories as (
    insert into media (chat_key, kind, path, file_name, title, sha256, bytes)
    select chat_key, 'photo', 'p', 'a.jpg', 'Sunset', gen_random_uuid()::text, 5 from unnest($1::bigint[]) as chat_key
    returning chat_key, media_id)
insert into items (chat_key, media_id, due_at, state, came_from, came_by, presented_at)
select chat_key, media_id, now(), 'in_review', 'presenting', 'sent', now() from stories returning chat_key, item_id"""
SHOW = """insert into cards (chat_key, message_id, item_id, shown)
  select chat_key, message_id, item_id, 0 from unnest($1::bigint[], $2::bigint[], $3::bigint[])
    as shown (chat_key, message_id, item_id)"""
OUTCOMES = """select t.tap_id, t.outcome from taps t
  join unnest($1::bigint[], $2::bigint[]) as hand (chat_key, item_id) using (chat_key, item_id)"""
DECIDED = """select i.item_id, i.state, i.settled_name, array(select e.tap_id from item_events e
    where e.chat_key = i.chat_key and e.item_id = i.item_id) as taps
  from items i join unnest($1::bigint[], $2::bigint[]) as hand (chat_key, item_id) using (chat_key, item_id)"""
# What was checked is long ago: a worker that starts draws what was settled in the last ten minutes, and no team
# settles thousands in that time.
AGE = """update items i set settled_at = settled_at - interval '1 hour'
  from unnest($1::bigint[], $2::bigint[]) as hand (chat_key, item_id)
  where i.chat_key = hand.chat_key and i.item_id = hand.item_id"""


@dataclass(slots=True)
class Card:
    """An item's card, and everybody who has tapped it."""

    chat_key: int
    item_id: int
    message: ChatMessage
    taps: list[Tapped] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Hand:
    """Some items of the run, by id."""

    cards: dict[int, Card]

    @property
    def keys(self) -> tuple[list[int], list[int]]:
        """Their keys in the database."""
        return [card.chat_key for card in self.cards.values()], list(self.cards)


class Deck:
    """Deals items over chats, taps them, and looks at what the rows and the chats say of them."""

    def __init__(self, sandbox: Sandbox, eyes: Eyes) -> None:
        self._sandbox = sandbox
        self._eyes = eyes
        self._chats: list[tuple[int, int]] = []
        self._dealt = 0
        self._forgotten: deque[tuple[float, ChatMessage]] = deque()
        self.tapped = 0

    async def open(self, chats: int) -> None:
        """Make the chats."""
        for row in await self._eyes.fetch(CHATS, FIRST_CHAT, chats):
            self._sandbox.create_chat(NewChat("Team", PEOPLE, id=row["chat_id"]))
            self._chats.append((row["chat_key"], row["chat_id"]))

    @property
    def waiting(self) -> int:
        """How many taps Telegram still keeps."""
        return len(self._sandbox.telegram.updates)

    @property
    def confirmed(self) -> int:
        """How many taps the worker has confirmed: it does so in order."""
        return self.tapped - self.waiting

    async def deal(self, count: int) -> Hand:
        """Put so many items into review, each in another chat, with a card each."""
        places = [self._chats[number % len(self._chats)] for number in range(self._dealt, self._dealt + count)]
        self._dealt += count
        chats = dict(places)
        rows = await self._eyes.fetch(DEAL, list(chats))
        hand = Hand(
            {row["item_id"]: self._show(row["chat_key"], row["item_id"], chats[row["chat_key"]]) for row in rows}
        )
        keys, items = hand.keys
        await self._eyes.fetch(SHOW, keys, [card.message.id for card in hand.cards.values()], items)
        return hand

    def tap(self, card: Card, person: User, verb: str) -> None:
        """Somebody taps a button that was on the card, and may be on a screen still."""
        data = f"{verb}:{card.item_id}:0"
        tap_id = self._sandbox.tap(ButtonTap(card.message.chat_id, card.message.id, person.id, data, force=True))
        self.tapped += 1
        card.taps.append(Tapped(self.tapped, tap_id, card.item_id, person.id, person.name))

    async def outcomes(self, hand: Hand) -> dict[str, str]:
        """What the rows say of the taps that have one."""
        return {row["tap_id"]: row["outcome"] for row in await self._eyes.fetch(OUTCOMES, *hand.keys)}

    async def decided(self, hand: Hand) -> dict[int, Decided]:
        """What the rows say of the items."""
        rows = await self._eyes.fetch(DECIDED, *hand.keys)
        return {row["item_id"]: Decided(row["state"], row["settled_name"], tuple(row["taps"])) for row in rows}

    def told(self, card: Card, tap: Tapped | None = None) -> Told:
        """What the card has shown, and the toast of the tap."""
        query = self._sandbox.telegram.queries.by_id.get(tap.tap_id) if tap else None
        seen = query.seen() if query else None
        content = card.message.content
        texts = tuple(shown.content.text for shown in card.message.history)
        said = self._said_to(card, tap) if tap and seen is None else None
        if said is not None:
            return Told(said, texts, len(content.buttons()))
        return Told(seen.text if seen else None, texts, len(content.buttons()))

    def _said_to(self, card: Card, tap: Tapped) -> str | None:
        """What the chat was told since, because the toast did not come through."""
        messages = self._sandbox.telegram.chats[card.message.chat_id].messages
        said = [messages[number].content.text for number in messages if number > card.message.id]
        to = f"{tap.name}: "
        return next((text.removeprefix(to) for text in said if text.startswith(to)), None)

    async def forget(self, hand: Hand) -> None:
        """What was checked is over: its toasts are forgotten, its rows become old, and later its messages go, too."""
        for tap in [tap for card in hand.cards.values() for tap in card.taps]:
            self._sandbox.telegram.queries.by_id.pop(tap.tap_id, None)
        self._forgotten += [(time.monotonic(), card.message) for card in hand.cards.values()]
        while self._forgotten and self._forgotten[0][0] < time.monotonic() - KEPT_SECONDS:
            _, message = self._forgotten.popleft()
            del self._sandbox.telegram.chats[message.chat_id].messages[message.id]
        await self._eyes.fetch(AGE, *hand.keys)

    def _show(self, chat_key: int, item_id: int, chat_id: int) -> Card:
        keyboard = tuple(({"text": verb, "callback_data": f"{verb}:{item_id}:0"},) for verb in VERBS)
        content = Content("photo", "Sunset", keyboard=keyboard)
        sent = self._sandbox.telegram.send(str(chat_id), content, self._sandbox.clock())
        return Card(chat_key, item_id, self._sandbox.telegram.chats[chat_id].messages[sent["message_id"]])


def plan(hand: Hand, mean: float, random: Random) -> list[tuple[Card, User, str]]:
    """Who taps what, in which order: different people on an item, each as somebody likes, many items at a time."""
    planned: list[tuple[float, Card, User, str]] = []
    for number, card in enumerate(hand.cards.values()):
        most = max(1, min(len(PEOPLE), round(mean * random.uniform(0.5, 1.5))))
        moments = sorted(number + AT_ONCE * random.random() for _ in range(most))
        people = random.sample(PEOPLE, most)
        planned += [(at, card, person, random.choice(VERBS)) for at, person in zip(moments, people, strict=True)]
    planned.sort(key=lambda one: one[0])
    return [(card, person, verb) for _, card, person, verb in planned]
