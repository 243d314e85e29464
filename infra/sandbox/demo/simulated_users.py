"""Simulated people: they watch the cards of their chats and tap as a team does, at once, twice, late and undecided."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from infra.sandbox.demo.report import CANCEL, CONFIRM, DECISIONS, Tapped, offers_decision, says
from infra.sandbox.sandbox import Sandbox
from infra.sandbox.telegram.model import ChatMessage, GroupChat, User
from infra.sandbox.telegram.rules import StageError
from infra.sandbox.telegram.world import ButtonTap

FINISHING_TRIES = 4


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast people are, in seconds."""

    look: tuple[float, float] = (0.05, 0.4)
    again: tuple[float, float] = (0.02, 0.3)
    settle: float = 1
    patience: float = 10


@dataclass(frozen=True, slots=True)
class SeenCard:
    """A card on a person's screen, with the buttons as this person remembers them."""

    chat: GroupChat
    message: ChatMessage
    remembered: dict[str, str]
    # Of its own, so that what people do with one card does not hang on how fast the others went.
    random: Random

    def anybody(self) -> User:
        """Choose one of the people who see the card."""
        return self.random.choice(list(self.chat.people.values()))

    async def pause(self, between: tuple[float, float]) -> None:
        """Let as many seconds pass as people take."""
        await asyncio.sleep(self.random.uniform(*between))

    def offered(self, label: str) -> str | None:
        """Return the callback data of a button that the card shows now."""
        return next((b["callback_data"] for b in self.message.content.buttons() if says(b["text"], label)), None)

    def is_open(self) -> bool:
        """Tell whether the card still asks for a decision."""
        return offers_decision(self.message.content)


class Crowd:
    """The people of some chats; `taps` is their ledger."""

    def __init__(self, sandbox: Sandbox, random: Random, pace: Pace | None = None) -> None:
        self.taps: list[Tapped] = []
        self._sandbox = sandbox
        self._random = random
        self._pace = pace or Pace()
        self._seen = sandbox.telegram.journal.number
        self._plays: list[Callable[[SeenCard], Awaitable[None]]] = [
            self.decide,
            self.decide,
            self.decide_together,
            self.tap_twice,
            self.come_late,
            self.reject,
            self.reject_and_keep,
            self.post_then_skip,
        ]

    async def run(self, seconds: float) -> None:
        """Attend to every card that comes within this time; return when each is settled or patience is over."""
        async with asyncio.TaskGroup() as attending:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    while True:
                        for card in await self._next_cards():
                            attending.create_task(self.attend(card))

    async def attend(self, card: SeenCard) -> None:
        """Do one thing or another with a card, and see to it that one person settles it in the end."""
        await card.pause(self._pace.look)
        await card.random.choice(self._plays)(card)
        for _ in range(FINISHING_TRIES):
            if await self._is_settled(card):
                return
            self.tap(card, card.anybody(), card.random.choice(("Skip", "Posted")))
        await self._is_settled(card)

    async def decide(self, card: SeenCard) -> None:
        """Tap once, as most people do."""
        self.tap(card, card.anybody(), card.random.choice(DECISIONS[:3]))

    async def decide_together(self, card: SeenCard) -> None:
        """Tap in the same instant: several people, not always the same button."""
        for person in card.chat.people.values():
            self.tap(card, person, card.random.choice(("Skip", "Skip", "Posted")))

    async def tap_twice(self, card: SeenCard) -> None:
        """Tap, see nothing for a moment, tap again."""
        person, label = card.anybody(), card.random.choice(("Skip", "Posted"))
        self.tap(card, person, label)
        await card.pause(self._pace.again)
        self.tap(card, person, label)

    async def come_late(self, card: SeenCard) -> None:
        """Tap what an old screen still shows, after another person has settled it."""
        await self.decide(card)
        await self._wait(lambda: not card.is_open(), self._pace.patience)
        await card.pause(self._pace.again)
        self.tap(card, card.anybody(), card.random.choice(("Skip", "Posted")))

    async def reject(self, card: SeenCard) -> None:
        """Reject, and mean it."""
        await self._reject_and(card, CONFIRM)

    async def reject_and_keep(self, card: SeenCard) -> None:
        """Reject, and think better of it."""
        await self._reject_and(card, CANCEL)

    async def post_then_skip(self, card: SeenCard) -> None:
        """Tap Auto Post, and Skip right after it."""
        person = card.anybody()
        self.tap(card, person, "Auto Post")
        await card.pause(self._pace.again)
        self.tap(card, person, "Skip")

    def tap(self, card: SeenCard, person: User, label: str) -> str | None:
        """Tap a button of the card, or what is remembered of it, and write it into the ledger."""
        callback_data = card.offered(label) or card.remembered.get(label)
        if callback_data is None:
            return None
        at = self._sandbox.clock()
        tap = ButtonTap(card.chat.id, card.message.id, person.id, callback_data, force=True)
        try:
            query_id = self._sandbox.tap(tap)
        except StageError:
            return None
        self.taps.append(Tapped(query_id, person.id, card.chat.id, card.message.id, label, at))
        return query_id

    async def _reject_and(self, card: SeenCard, label: str) -> None:
        person = card.anybody()
        self.tap(card, person, "Reject")
        await self._wait(lambda: card.offered(label) is not None, self._pace.patience / 2)
        await card.pause(self._pace.again)
        self.tap(card, person, label)

    async def _is_settled(self, card: SeenCard) -> bool:
        await self._wait(lambda: not card.is_open(), self._pace.patience / FINISHING_TRIES)
        if card.is_open():
            return False
        # A publish that only pretends takes the buttons away and brings them back.
        await self._wait(card.is_open, self._pace.settle)
        return not card.is_open()

    async def _next_cards(self) -> list[SeenCard]:
        journal = self._sandbox.telegram.journal
        await self._sandbox.until(lambda: journal.number > self._seen)
        entries, self._seen = journal.since(self._seen), journal.number
        sent = [entry.details for entry in entries if entry.kind == "message.sent"]
        chats = self._sandbox.telegram.chats
        messages = [chats[int(str(each["chat_id"]))].messages[int(str(each["message_id"]))] for each in sent]
        return [self._look_at(chats[m.chat_id], m) for m in messages if offers_decision(m.content)]

    async def _wait(self, predicate: Callable[[], bool], seconds: float) -> None:
        with suppress(TimeoutError):
            await self._sandbox.until(predicate, seconds)

    def _look_at(self, chat: GroupChat, message: ChatMessage) -> SeenCard:
        buttons = message.history[0].content.buttons()
        found = {label: b["callback_data"] for b in buttons for label in DECISIONS if says(b["text"], label)}
        return SeenCard(chat, message, found, Random(self._random.random()))
