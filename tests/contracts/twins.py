"""Asks both databases the same, by chance and at length, and compares every answer and every table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from actors.domain.account import FreshToken, Quota
from actors.domain.item import Action, Item, Person
from actors.domain.publish_phase import Phase
from actors.domain.taps import Press, Tap
from actors.errors import PortError
from actors.operations.cards import AcknowledgeCards, KeepClaim, Recover, SaveCard, SendFailed, Shown
from actors.operations.commands import CommandKey, LookAtChat, MoveChat, PauseChat, PresentNext, RequeueItem, SetAside
from actors.operations.housekeeping import HoldLease, Interaction, Prune, ReleaseLease, WriteInteractions
from actors.operations.operation import Operation
from actors.operations.preflight import LookAhead, Outlook, StoreFinding
from actors.operations.publishes import PhaseChange, PublishRow, SavePermalink, StepPublish, StepResult, TakePublish
from actors.operations.schedule import ChangesTold, ClaimDue, StoreOutcome
from actors.operations.taps import CloseTap, LoadItem, LookAtButton, RecordTap
from actors.operations.tokens import ClaimTokens, NoteToken, StoreToken, TokenDue
from tests.contracts.paper import PaperWorld
from tests.contracts.worlds import World, run

TOLERANCE_SECONDS = 4.0
CHATS = (-1001, -1002)
PEOPLE = (Person(11, "Anna"), Person(12, "Ben"), Person(13, "Eve"))
WORKERS = ("one", "two")
# Every bound of the schema is a multiple of 5 s, so what has passed is never a moment before one.
PASSES = (5, 20, 60, 75, 600, 3600, 49 * 3600, 31 * 86_400)
PHASES = tuple(Phase)
OUTCOMES = (Action.REHEARSED, Action.PUBLISHED, Action.PUBLISH_REFUSED, Action.ANSWER_LOST)
TAPPED = (Action.AUTO_POST, Action.POSTED, Action.SKIP, Action.REJECT, Action.IT_IS_LIVE, Action.IT_IS_NOT)


# What a client may send: of no item, of another queue, of a card of before there were marks, of another card, of later.
FORGED: tuple[dict[str, Any], ...] = (
    {"item_id": 99},
    {"mark": "others"},
    {"mark": None},
    {"mark": None, "message_id": 4711},
    {"shown": False},
    {"shown": False, "message_id": 4712},
    {"message_id": 501},
    {"message_id": 502},
    {"version": 7},
)


class Twins:
    """A fake and a real database that lead the same life; `random` decides what comes next."""

    def __init__(self, paper: PaperWorld, real: World, random: Random) -> None:
        self._paper = paper
        self._real = real
        self._random = random
        self._rows: list[Item] = []
        self._taps: list[Tap] = []
        self._publishes: list[PublishRow] = []
        self._tokens: list[TokenDue] = []
        self._outlooks: list[Outlook] = []
        self._asked: list[Operation[Any]] = []
        self._number = 0
        self._choices: list[tuple[int, Callable[[], Operation[Any] | None]]] = [
            (8, self._record),
            (2, self._close),
            (2, self._look),
            (6, lambda: ClaimDue(self._worker(), self._key())),
            (3, lambda: ChangesTold(self._worker(), self._key() or "none")),
            (5, self._save),
            (2, self._fail),
            (2, self._finish),
            (5, self._take),
            (9, self._step_publish),
            (1, lambda: SavePermalink(1, random.randrange(1, 6), random.randrange(4), "https://example.org/s", "w1")),
            (2, lambda: ClaimTokens(self._worker())),
            (2, self._keep_token),
            (1, lambda: LookAhead(random.randrange(1, 4))),
            (2, self._find),
            (4, self._acknowledge),
            (3, lambda: Recover(self._worker(), random.random() < 0.3)),
            (2, lambda: HoldLease("updates", self._worker(), random.choice((10.0, 86_400.0)), 10.0)),
            (1, lambda: ReleaseLease("updates", self._worker())),
            (1, self._write),
            (1, Prune),
            (2, self._load),
            (3, lambda: PresentNext(self._wish(), self._worker())),
            (2, lambda: PauseChat(self._wish(), random.random() < 0.4)),
            (3, lambda: RequeueItem(self._wish(), random.choice((None, random.randrange(10))))),
            (1, lambda: SetAside(self._wish(), random.choice(("next", "pause", "requeue")))),
            (1, lambda: LookAtChat(random.choice((*CHATS, -9)), 12, 3)),
            (3, lambda: random.choice(self._asked) if self._asked else None),
            (2, lambda: MoveChat(random.choice((*CHATS, -9)), random.choice((CHATS[1], -2001, -2002)))),
        ]

    async def begin(self) -> None:
        """Set two chats up, the first one live, the second one restricted, with four stories each."""
        for number, chat_id in enumerate(CHATS, 1):
            columns = {"restricted": number == 2, "live": number == 1, "account": "@studio"}
            await self._insert("chats", chat_id=chat_id, title="Team", **columns)
            account = {"ig_user_id": "1784", "username": "studio", "login": "facebook", "sealed_token": b"sealed"}
            await self._insert("accounts", chat_key=number, **account)
            if number == 1:
                for world in (self._paper, self._real):
                    await world.update("chats", {"chat_key": 1}, {"account_id": 1, "account": "studio"})
            await self._insert("members", chat_key=number, user_id=11, name="Anna", role="reviewer")
            for title in "abcd":
                await self._insert(
                    "media", chat_key=number, kind="photo", path="p", file_name="f", title=title, sha256=title, bytes=1
                )
        for number in range(8):
            await self._queue(number + 1, due_in=(number - 4) * 600)

    async def live(self, steps: int) -> list[str]:
        """Do so many things; returns how the two disagreed."""
        for _ in range(steps):
            difference = await self._step()
            if difference is not None:
                return [f"after {self._asked[-1]}", difference]
        return [name for name in self._paper.tables.by_name if not await self._has_equal(name)]

    async def _step(self) -> str | None:
        if self._random.random() < 0.2:
            seconds = self._random.choice(PASSES)
            await self._paper.pass_time(seconds)
            await self._real.pass_time(seconds)
            return None
        weights = [weight for weight, _ in self._choices]
        operation = self._random.choices([make for _, make in self._choices], weights)[0]()
        return None if operation is None else await self._ask(operation)

    async def _ask(self, operation: Operation[Any]) -> str | None:
        self._asked.append(operation)
        paper, real = await _answer(self._paper, operation), await _answer(self._real, operation)
        self._rows += _rows_in(paper)
        if isinstance(paper, StepResult) and paper.publish is not None:
            self._publishes.append(paper.publish)
        if isinstance(paper, Outlook):
            self._outlooks.append(paper)
        if isinstance(operation, ClaimTokens) and isinstance(paper, tuple):
            self._tokens += paper
        return None if self._same(paper, real) else f"{paper}\n!= {real}"

    async def _has_equal(self, table: str) -> bool:
        paper, real = await self._paper.lines(table), await self._real.lines(table)
        if table == "interactions":  # their time was told, by neither clock
            paper, real = ([{**line, "at": None} for line in lines] for lines in (paper, real))
        return self._same(paper, real)

    def _same(self, paper: Any, real: Any) -> bool:
        """Compare by value; moments by how long ago they are, for the fake's clock is ahead by what it skipped."""
        if is_dataclass(paper) and type(paper) is type(real):
            return all(self._same(getattr(paper, one.name), getattr(real, one.name)) for one in fields(paper))
        match paper, real:
            case datetime(), datetime() if paper.year in {1, 9999}:
                return paper.replace(tzinfo=None) == real.replace(tzinfo=None)  # asyncpg's infinity has no zone
            case datetime(), datetime():
                skipped = timedelta(seconds=self._paper.clock.skipped_seconds)
                return abs(paper - skipped - real) < timedelta(seconds=TOLERANCE_SECONDS)
            case float(), float() | int():
                return abs(paper - real) < TOLERANCE_SECONDS
            case dict(), dict():
                return paper.keys() == real.keys() and all(self._same(paper[key], real[key]) for key in paper)
            case ((list() | tuple()), (list() | tuple())):
                pairs = zip(_in_order(paper), _in_order(real), strict=False)
                return len(paper) == len(real) and all(self._same(*pair) for pair in pairs)
        return bool(paper == real)

    async def _insert(self, table: str, **columns: object) -> None:
        await self._paper.insert(table, columns)
        await self._real.insert(table, columns)

    async def _queue(self, media_id: int, due_in: float) -> None:
        for world in (self._paper, self._real):
            due_at = await world.now() + timedelta(seconds=due_in)
            columns = {"chat_key": (media_id + 3) // 4, "media_id": media_id, "due_at": due_at}
            await world.insert("items", {**columns, "mark": f"mark-{media_id}"})

    def _worker(self) -> str:
        return self._random.choice(WORKERS)

    def _key(self) -> str | None:
        return self._random.choice((None, f"look-{self._random.randrange(3)}"))

    def _row(self) -> Item | None:
        """One of the rows that were seen, rather a late one."""
        return self._random.choice(self._rows[-12:]) if self._rows else None

    def _record(self) -> Operation[Any] | None:
        row = self._row()
        if row is None:
            return None
        self._number += 1
        message_id = self._random.choice([500 + row.id, *(card.message_id for card in row.cards)])
        key = (f"tap-{self._number}", self._number, row.id, row.version, row.chat_id, message_id)
        press = Press(*key, self._random.choice(PEOPLE), "", 0.0, mark=row.mark, shown=True)
        if self._random.random() < 0.3:
            press = replace(press, **self._random.choice(FORGED))
        self._taps.append(Tap(press, self._random.choice(TAPPED)))
        return RecordTap(self._taps[-1], self._worker())

    def _look(self) -> Operation[Any] | None:
        self._record()
        return LookAtButton(self._random.choice(self._taps[-4:])) if self._taps else None

    def _close(self) -> Operation[Any] | None:
        self._record()
        return CloseTap(self._random.choice(self._taps[-4:]), self._worker()) if self._taps else None

    def _save(self) -> Operation[Any] | None:
        row = self._row()
        return None if row is None else SaveCard(row, 500 + row.id, f"file-{row.id}", self._worker())

    def _fail(self) -> Operation[Any] | None:
        row, ambiguous = self._row(), self._random.random() < 0.5
        if row is None:
            return None
        if self._random.random() < 0.3:
            return KeepClaim(row, self._worker())
        return SendFailed(row, self._worker(), ambiguous, 20.0, not ambiguous, self._random.choice(("no", "nothing")))

    def _finish(self) -> Operation[Any] | None:
        row, step = self._row(), self._random.choice(OUTCOMES)
        return None if row is None else StoreOutcome(row, step, "What happened.", self._worker())

    def _take(self) -> Operation[Any] | None:
        row = self._row()
        return None if row is None else TakePublish(row.chat_key, row.id, f"saga {self._random.randrange(4)}")

    def _step_publish(self) -> Operation[Any] | None:
        """One of the last that were seen goes somewhere, or where it would go by itself."""
        if not self._publishes:
            return None
        publish, random = self._random.choice(self._publishes[-3:]), self._random
        phase = random.choice((*PHASES, Phase.CONTAINER, Phase.PUBLISHING, Phase.IN_DOUBT))
        container = None if random.random() < 0.05 else publish.container_id or f"c{publish.item_id}-{publish.seq}"
        attempt = publish.attempt + (phase is Phase.PUBLISHING)
        calls = ("read container: finished",)
        gone = random.random() < 0.2
        move = PhaseChange(
            phase, container, attempt, random.random() < 0.3, "So it is.", None, token_gone=gone, calls=calls
        )
        move = replace(move, once_connected="It is connected." if gone else None)
        return StepPublish(publish, move, self._worker())

    def _keep_token(self) -> Operation[Any] | None:
        if not self._tokens:
            return None
        due, random = self._random.choice(self._tokens[-3:]), self._random
        if random.random() < 0.4:
            return StoreToken(due, FreshToken(b"sealed again %d" % random.randrange(2)))
        return NoteToken(due, self._worker(), random.choice((None, 7, 1, 0)), gone=random.random() < 0.3)

    def _find(self) -> Operation[Any] | None:
        row, quota = self._row(), self._random.choice((None, Quota(3, 25)))
        finding = self._random.choice(("✅ Ready: @studio", "⚠️ Not so."))
        known = self._random.choice(self._outlooks[-3:]) if self._outlooks else Outlook(None)
        return None if row is None else StoreFinding(row, finding, self._worker(), known, quota)

    def _acknowledge(self) -> Operation[Any] | None:
        rows = self._rows[-3:]
        lines = [Shown(card, row.id, row.revision, self._random.random() < 0.05) for row in rows for card in row.cards]
        return AcknowledgeCards(tuple(lines), self._worker())

    def _write(self) -> Operation[Any]:
        line = Interaction(self._random.choice((*CHATS, -9)), "skip", 11, "Anna", 1, "tap-1", 1_700_000_000_000)
        return WriteInteractions(f"batch-{self._random.randrange(5)}", (line, line))

    def _wish(self) -> CommandKey:
        """A message that is new, or one of the last."""
        self._number += 1
        message_id = self._number - self._random.choice((0, 0, 0, 1, 5))
        return CommandKey(self._random.choice((*CHATS, -9)), message_id, self._random.choice(PEOPLE))

    def _load(self) -> Operation[Any]:
        return LoadItem(self._random.choice(CHATS), self._random.randrange(10))


async def _answer(world: World, operation: Operation[Any]) -> object:
    try:
        return await run(world, operation)
    except PortError as error:
        return type(error)


def _rows_in(answer: object) -> list[Item]:
    if isinstance(answer, Item):
        return [answer]
    if isinstance(answer, tuple):
        return [row for row in answer if isinstance(row, Item)]
    if is_dataclass(answer):
        return [row for one in fields(answer) for row in _rows_in(getattr(answer, one.name))]
    return []


def _in_order(values: list[Any] | tuple[Any, ...]) -> list[Any]:
    """Put rows in the order of their ids: nobody relies on another one."""
    return sorted(values, key=lambda one: one.id if isinstance(one, Item) else 0)
