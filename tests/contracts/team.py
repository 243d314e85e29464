"""A team with a queue, told in the contracts' words: queue, present, tap; the same on either database."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from typing import Any, TypeVar

from actors.domain.item import Action, Card, Item, Person
from actors.domain.messages import TapOutcome
from actors.domain.publish_phase import Phase
from actors.domain.taps import Press, Tap
from actors.operations.cards import AcknowledgeCards, KeepClaim, Recover, Recoverable, SaveCard, SendFailed, Shown
from actors.operations.operation import Operation
from actors.operations.publishes import PhaseChange, PublishRow, StepPublish, StepResult, TakePublish
from actors.operations.schedule import ChangesTold, ClaimDue, Due, StoreOutcome
from actors.operations.taps import CloseTap, LoadItem, RecordTap
from tests.contracts.worlds import Line, World, run

T = TypeVar("T")

CHAT, OTHER_CHAT = -1001, -1002
ANNA, BEN, EVE = Person(11, "Anna"), Person(12, "Ben"), Person(13, "Eve")


@dataclass
class Team:
    """One chat to begin with; `worker` is who asks unless somebody else is named."""

    world: World
    worker: str = "one"
    keys: dict[int, int] = field(default_factory=dict)
    _taps: count[int] = field(default_factory=lambda: count(1))
    _messages: count[int] = field(default_factory=lambda: count(501))

    @classmethod
    async def gather(cls, world: World) -> Team:
        """Make the team's chat."""
        team = cls(world)
        await team.add_chat()
        return team

    async def ask(self, operation: Operation[T]) -> T:
        """Run an operation."""
        return await run(self.world, operation)

    async def add_chat(self, chat_id: int = CHAT, **columns: object) -> int:
        """Set a chat up; cards may follow each other at once unless told otherwise."""
        chat = await self.world.insert("chats", {"chat_id": chat_id, "title": "Team", "gap_seconds": 0, **columns})
        self.keys[chat_id] = chat["chat_key"]
        return self.keys[chat_id]

    async def set_chat(self, chat_id: int = CHAT, **columns: object) -> None:
        """Change a chat."""
        await self.world.update("chats", {"chat_id": chat_id}, columns)

    async def add_member(self, person: Person, role: str | None, chat_id: int = CHAT) -> None:
        """Give somebody a role."""
        key = self.keys[chat_id]
        await self.world.insert("members", {"chat_key": key, "user_id": person.id, "name": person.name, "role": role})

    async def add_story(self, title: str = "Sunset", chat_id: int = CHAT) -> int:
        """Put a story on the shelf."""
        story = {"kind": "photo", "path": "ab/abcd.jpg", "file_name": f"{title}.jpg", "title": title, "bytes": 5}
        key = {"chat_key": self.keys[chat_id], "sha256": f"{title} {next(self._taps)}"}
        media: int = (await self.world.insert("media", {**key, **story}))["media_id"]
        return media

    async def queue(self, due_in: float = 0.0, *, chat_id: int = CHAT, media_id: int | None = None) -> int:
        """Put a story into the queue, due so many seconds from now."""
        if media_id is None:
            media_id = await self.add_story(chat_id=chat_id)
        due_at = await self.world.now() + timedelta(seconds=due_in)
        columns = {"chat_key": self.keys[chat_id], "media_id": media_id, "due_at": due_at}
        item: int = (await self.world.insert("items", columns))["item_id"]
        return item

    async def claim(self, worker: str | None = None, key: str | None = None) -> Due:
        """Look at the schedule."""
        return await self.ask(ClaimDue(worker or self.worker, key))

    async def forget_changes(self) -> None:
        """Let what is to be told be told by nobody."""
        await self.world.update("item_changes", {}, {"told_by": "nobody", "told_key": "none"})
        await self.ask(ChangesTold("nobody", "none"))

    async def sent(self, row: Item, file_id: str | None = None) -> Item:
        """Tell that a card was sent."""
        return await self.ask(SaveCard(row, next(self._messages), file_id, self.worker))

    async def not_sent(
        self, row: Item, *, ambiguous: bool = False, pause_seconds: float = 0.0, reason: str = "no network"
    ) -> Item:
        """Tell that a card was not sent."""
        return await self.ask(SendFailed(row, self.worker, ambiguous, pause_seconds, reason=reason))

    async def keep(self, row: Item, worker: str | None = None) -> bool:
        """Tell that a card is still on its way."""
        return await self.ask(KeepClaim(row, worker or self.worker))

    async def present(self, *, chat_id: int = CHAT, media_id: int | None = None) -> Item:
        """Queue a story, claim it and send its card, 501 and onward."""
        item_id = await self.queue(chat_id=chat_id, media_id=media_id)
        (row,) = (row for row in (await self.claim()).present if row.id == item_id)
        return await self.sent(row)

    def press(self, row: Item, person: Person = ANNA) -> Press:
        """A finger on the newest card of a row as it was when it was drawn; each one is new."""
        message_id = row.cards[-1].message_id if row.cards else 500
        number = next(self._taps)
        key = (f"tap-{number}", number, row.id, row.version, row.chat_id, message_id)
        return Press(*key, person, "", 0.0, mark=row.mark, shown=True)

    def tap(self, row: Item, action: Action = Action.SKIP, person: Person = ANNA) -> Tap:
        """A tap on the card."""
        return Tap(self.press(row, person), action)

    async def record(self, tap: Tap, worker: str | None = None) -> TapOutcome:
        """Have a tap recorded."""
        return await self.ask(RecordTap(tap, worker or self.worker))

    async def close(self, tap: Tap) -> TapOutcome:
        """Have a tap closed."""
        return await self.ask(CloseTap(tap, self.worker))

    async def settle(self, row: Item, action: Action, person: Person = ANNA) -> Item:
        """Tap, and return what became of the row."""
        await self.record(self.tap(row, action, person))
        return await self.load(row)

    async def finish(self, row: Item, action: Action, sentence: str = "", worker: str | None = None) -> Item:
        """Store how a publish ended."""
        return await self.ask(StoreOutcome(row, action, sentence, worker or self.worker))

    async def connect(self, username: str = "studio", chat_id: int = CHAT) -> int:
        """Connect an Instagram account to a chat, make it the active one, and let the chat publish."""
        key = self.keys[chat_id]
        columns = {"chat_key": key, "ig_user_id": f"id of {username}", "username": username, "login": "facebook"}
        account: int = (await self.world.insert("accounts", {**columns, "sealed_token": b"sealed"}))["account_id"]
        await self.set_chat(chat_id, live=True, account=username, account_id=account)
        return account

    async def take(self, row: Item, owner: str = "saga 1") -> StepResult:
        """Take the lease of a row's publish."""
        return await self.ask(TakePublish(row.chat_key, row.id, owner))

    async def step(self, publish: PublishRow, phase: Phase, **changes: Any) -> StepResult:
        """Commit a step; what is not named stays as it is."""
        stays = PhaseChange(phase, publish.container_id, publish.attempt, publish.lost)
        return await self.ask(StepPublish(publish, replace(stays, **changes), self.worker))

    async def shown(self, row: Item, *, worker: str | None = None, gone: bool = False) -> int:
        """Acknowledge that every card of the row shows it."""
        lines = tuple(Shown(card, row.id, row.revision, gone) for card in row.cards)
        return await self.ask(AcknowledgeCards(lines, worker or self.worker))

    async def recover(self, worker: str | None = None, *, everything: bool = False) -> Recoverable:
        """Look for what a crash left behind."""
        return await self.ask(Recover(worker or self.worker, everything))

    async def load(self, row: Item) -> Item:
        """Read the row."""
        loaded = await self.ask(LoadItem(row.chat_id, row.id))
        assert loaded is not None
        return loaded

    async def line(self, table: str, **key: object) -> Line:
        """Read the one line of a table that has this key."""
        (found,) = await self.lines(table, **key)
        return found

    async def lines(self, table: str, **key: object) -> list[Line]:
        """Read the lines of a table that have this key."""
        return [line for line in await self.world.lines(table) if key.items() <= line.items()]

    async def card(self, card: Card) -> Line:
        """Read what is known of one message."""
        return await self.line("cards", chat_key=card.chat_key, message_id=card.message_id)
