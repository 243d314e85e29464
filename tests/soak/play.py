"""The stage of the soak, and how it is played: items are dealt, tapped, checked and forgotten while things break."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import anyio
from anyio.abc import TaskGroup

from infra.sandbox.demo.wiring import worker_of
from infra.sandbox.server import open_sandbox
from infra.sandbox.telegram.rules import Rules
from tests.faults.server import open_server
from tests.soak.deck import PEOPLE, Card, Deck, Hand, plan
from tests.soak.eyes import Eyes, open_eyes
from tests.soak.ledger import Tally, Tapped, Told, Verdict, is_true, judge
from tests.soak.lives import Lives, Script
from tests.soak.troubles import Troubles
from tests.tcp_proxy import Target, proxy_to

CHATS = 2000  # each takes twenty edits a minute, so a thousand taps in a chat need their time
HAND = 500
WINDOW = 200  # taps that Telegram holds: twice what it delivers at once
MOST_HANDS = 3  # the sandbox remembers 20,000 toasts
POOL_SIZE = 10
DEADLY_PART = 0.04  # workers are ended in this first part only: one long life follows
LOOK_SECONDS = 5.0
PATIENCE_SECONDS = 150.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What is played."""

    taps: int
    items: int
    seed: int
    every_seconds: float
    most_seconds: float


@dataclass
class Play:
    """The stage, and what happened on it."""

    wish: Wish
    deck: Deck
    eyes: Eyes
    lives: Lives
    troubles: Troubles
    folder: Path
    random: Random
    tally: Tally = field(default_factory=Tally)
    hands: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """How long it has lasted."""
        return time.monotonic() - self.began

    async def run(self, say: Callable[[], None], say_seconds: float) -> None:
        """Tap until there were enough taps and each was checked."""
        self.began = time.monotonic()
        async with anyio.create_task_group() as around:
            around.start_soon(self.lives.run)
            around.start_soon(self._look_again_and_again, say, say_seconds)
            async with anyio.create_task_group() as trouble:
                trouble.start_soon(self._make_trouble)
                async with anyio.create_task_group() as checks:
                    await self._tap_all(checks)
                trouble.cancel_scope.cancel()
            self.lives.look(self.deck.tapped)
            around.cancel_scope.cancel()

    async def _tap_all(self, checks: TaskGroup) -> None:
        mean = self.wish.taps / self.wish.items
        while self.deck.tapped < self.wish.taps and self.seconds < self.wish.most_seconds:
            while self.hands >= MOST_HANDS:  # noqa: ASYNC110 - rows announce nothing
                await anyio.sleep(0.1)
            left = max(1, round((self.wish.taps - self.deck.tapped) / mean))
            hand = await self.deck.deal(min(HAND, left))
            self.hands += 1
            for card, person, verb in plan(hand, mean, self.random):
                await self._wait_for_room()
                self.deck.tap(card, person, verb)
            checks.start_soon(self._check, hand)

    async def _wait_for_room(self) -> None:
        while self.deck.waiting >= WINDOW:  # noqa: ASYNC110 - a poll's end is no event of the sandbox
            await anyio.sleep(0.005)

    async def _make_trouble(self) -> None:
        while True:
            await anyio.sleep(self.wish.every_seconds * self.random.uniform(0.5, 1.5))
            await self.troubles.make(self.deck.tapped < DEADLY_PART * self.wish.taps)

    async def _look_again_and_again(self, say: Callable[[], None], say_seconds: float) -> None:
        said = time.monotonic()
        while True:
            await anyio.sleep(LOOK_SECONDS)
            self.lives.look(self.deck.tapped)
            if time.monotonic() - said >= say_seconds:
                said = time.monotonic()
                say()

    async def _check(self, hand: Hand) -> None:
        """Wait until all of it is decided and told, let people tap again where they must, and add it up."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not await self._is_over(hand) and time.monotonic() < until:  # noqa: ASYNC110 - rows announce nothing
            await anyio.sleep(1.0)
        await self._add_up(hand)
        await self.deck.forget(hand)
        self.hands -= 1

    async def _is_over(self, hand: Hand) -> bool:
        confirmed = self.deck.confirmed
        if any(tap.number > confirmed for card in hand.cards.values() for tap in card.taps):
            return False
        outcomes = await self.deck.outcomes(hand)
        decided = await self.deck.decided(hand)
        over = True
        for card in hand.cards.values():
            verdicts = self._verdicts(card, outcomes)
            if Verdict.OPEN in verdicts:
                over = False
            elif Verdict.SETTLED not in verdicts:
                self._tap_again(card)
                over = False
            else:
                over = over and is_true(self.deck.told(card), decided[card.item_id])
        return over

    def _verdicts(self, card: Card, outcomes: dict[str, str]) -> set[Verdict]:
        return {judge(tap, outcomes.get(tap.tap_id), self._told(card, tap)) for tap in card.taps}

    def _told(self, card: Card, tap: Tapped) -> Told:
        return replace(self.deck.told(card, tap), log=self.lives.said_of(tap.tap_id))

    def _tap_again(self, card: Card) -> None:
        """Its buttons are live, and whoever was told to tap again does."""
        self.tally.again += 1
        person = next(one for one in PEOPLE if one.id == card.taps[0].person)
        self.deck.tap(card, person, "skip")

    async def _add_up(self, hand: Hand) -> None:
        outcomes = await self.deck.outcomes(hand)
        decided = await self.deck.decided(hand)
        for card in hand.cards.values():
            settlers = []
            for tap in card.taps:
                told = self._told(card, tap)
                verdict = judge(tap, outcomes.get(tap.tap_id), told)
                self.tally.count(tap, verdict, told)
                if verdict is Verdict.SETTLED:
                    settlers.append(tap.tap_id)
            self.tally.close(card.item_id, decided[card.item_id], settlers, self.deck.told(card))


@asynccontextmanager
async def open_play(wish: Wish) -> AsyncIterator[Play]:
    """Set the stage."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="everytap-soak-")))
        server = await stack.enter_async_context(open_server())
        sandbox = await stack.enter_async_context(open_sandbox(rules=Rules(limits=False), seed=wish.seed))
        dsn, eyes = await stack.enter_async_context(open_eyes(server, "soak"))
        proxy = await stack.enter_async_context(proxy_to(Target.of(dsn)))
        environment = worker_of(sandbox, folder, proxy.over(dsn)) | {"POOL_SIZE": str(POOL_SIZE)}
        lives = Lives(Script(environment, folder / "worker.log"))
        deck = Deck(sandbox, eyes)
        await deck.open(CHATS)
        troubles = Troubles(sandbox, proxy, eyes, lives, Random(wish.seed), Counter())
        yield Play(wish, deck, eyes, lives, troubles, folder, Random(wish.seed + 1))
