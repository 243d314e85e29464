"""What a visitor may break, and for how long."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from enum import Enum

import anyio

from actors.errors import PortError
from infra.sandbox.common.faults import Fault, FaultKind
from infra.sandbox.demo.environment import DemoEnvironment, open_cards
from infra.sandbox.demo.interactive import record
from infra.sandbox.instagram import faults
from infra.sandbox.page.look import title
from infra.sandbox.sandbox import Sandbox
from infra.sandbox.telegram.model import item_named
from infra.sandbox.telegram.rules import StageError

LONGEST_SECONDS = 120.0
SLOW_SECONDS = 2.0
RETRY_AFTER_SECONDS = 2.0
PREPARING_SECONDS = 30.0
EVERY_CALL = "[!g]*"  # of the worker's own: getUpdates waits by itself

Harm = AbstractAsyncContextManager[None]


class Where(Enum):
    """What a switch harms; the value is a heading on the page."""

    DATABASE = "Database"
    TELEGRAM = "Telegram"
    INSTAGRAM = "Instagram"


@dataclass(frozen=True, slots=True)
class Switch:
    """One way to break something: the button's text, and what the page says while it lasts.

    What does not mend itself is put back afterwards; the page goes on saying that it is broken until that is done.
    """

    where: Where
    label: str
    lasting: str
    harm: Callable[[Sandbox, DemoEnvironment], Harm]
    put_back: Callable[[Sandbox, DemoEnvironment], Awaitable[None]] | None = None


@dataclass(slots=True)
class BrokenSwitch:
    """Something that is broken now; the scope mends it. `is_ending`: its time is over, and it is being put back."""

    name: str
    lasting: str
    ends_at: float
    scope: anyio.CancelScope
    is_ending: bool = False


@asynccontextmanager
async def _away(_: Sandbox, environment: DemoEnvironment) -> AsyncIterator[None]:
    with environment.link.away():
        yield


@asynccontextmanager
async def _silent(_: Sandbox, environment: DemoEnvironment) -> AsyncIterator[None]:
    with environment.link.silent():
        yield


def _locked(_: Sandbox, environment: DemoEnvironment) -> Harm:
    return environment.saboteur.lock(newest_item(environment))


def newest_item(environment: DemoEnvironment) -> int:
    """Return the item of the newest card that waits for a decision; raises StageError if there is none."""
    for card in reversed(open_cards(environment.chat)):
        for button in card.content.buttons():
            item_id = item_named(button.get("callback_data", ""))
            if item_id is not None:
                return item_id
    raise StageError("No card waits for a decision: add a story first.")


def newest_title(environment: DemoEnvironment) -> str:
    """Name the newest card that waits for a decision."""
    cards = open_cards(environment.chat)
    return title(cards[-1]) if cards else ""


def _faulty(*faults: Fault) -> Callable[[Sandbox, DemoEnvironment], Harm]:
    @asynccontextmanager
    async def harm(sandbox: Sandbox, _: DemoEnvironment) -> AsyncIterator[None]:
        numbers = [sandbox.set_fault(fault) for fault in faults]
        try:
            yield
        finally:
            for number in numbers:
                sandbox.clear_faults(number)

    return harm


def _graph(*played: Fault) -> Callable[[Sandbox, DemoEnvironment], Harm]:
    @asynccontextmanager
    async def harm(sandbox: Sandbox, _: DemoEnvironment) -> AsyncIterator[None]:
        numbers = [sandbox.instagram.set_fault(fault) for fault in played]
        try:
            yield
        finally:
            for number in numbers:
                sandbox.instagram.clear_faults(number)

    return harm


def _ruled(**changes: object) -> Callable[[Sandbox, DemoEnvironment], Harm]:
    @asynccontextmanager
    async def harm(sandbox: Sandbox, _: DemoEnvironment) -> AsyncIterator[None]:
        with sandbox.instagram.ruled(**changes):
            yield

    return harm


@asynccontextmanager
async def _token_refused(sandbox: Sandbox, _: DemoEnvironment) -> AsyncIterator[None]:
    sandbox.instagram.expire_tokens(sandbox.instagram.account.id)
    yield


async def _connect_again(sandbox: Sandbox, environment: DemoEnvironment) -> None:
    """Do as the operator does: a worker that was told so once never uses that token again."""
    sandbox.instagram.renew(sandbox.instagram.account)
    is_connected = environment.connect is None
    while environment.connect is not None and not is_connected:
        try:
            await environment.connect()
            is_connected = True
        except PortError:
            await anyio.sleep(1)  # a row that it needs may be locked, by another switch


LIMITED = [Fault(FaultKind.TOO_MANY, method, seconds=RETRY_AFTER_SECONDS) for method in ("edit*", "send*")]
SLOW = Fault(FaultKind.DELAY, EVERY_CALL, seconds=SLOW_SECONDS)


def _of_instagram(label: str, lasting: str, *played: Fault) -> Switch:
    return Switch(Where.INSTAGRAM, label, lasting, _graph(*played))


SWITCHES = {
    "away": Switch(Where.DATABASE, "Take it away", "The database is away", _away),
    "silent": Switch(Where.DATABASE, "Let it fall silent", "The database is silent", _silent),
    "locked": Switch(Where.DATABASE, "Lock the newest row", "The row of {title} is locked", _locked),
    "slow": Switch(Where.TELEGRAM, "Slow, 2 s a call", "Telegram is slow", _faulty(SLOW)),
    "limited": Switch(Where.TELEGRAM, "Rate-limited", "Telegram says 429", _faulty(*LIMITED)),
    "failing": Switch(Where.TELEGRAM, "Failing, 502", "Telegram says 502", _faulty(Fault(FaultKind.SERVER_ERROR))),
    "unreachable": Switch(Where.TELEGRAM, "Unreachable", "Telegram is gone", _faulty(Fault(FaultKind.NETWORK_OFF))),
    "ig_lost": _of_instagram("Publish, lose the answer", "Instagram’s answers are lost", faults.LOST_AFTER),
    "ig_unsent": _of_instagram("Lose the publish call", "Publish calls are lost", faults.LOST_BEFORE),
    "ig_lying": _of_instagram(
        "Publish, answer an error", "Instagram publishes and says no", faults.ERROR_THOUGH_PUBLISHED
    ),
    "ig_doubt": _of_instagram(
        "Lose the answer and the container",
        "What was published cannot be looked up",
        faults.LOST_AFTER,
        faults.UNREADABLE_ONCE_LIVE,
    ),
    "ig_slow": _of_instagram("Slow, 20 s a call", "Instagram takes 20 s a call", faults.SLOW),
    "ig_throttled": _of_instagram("Throttle it", "Instagram throttles", faults.THROTTLED_APP),
    "ig_full": _of_instagram("Daily limit reached", "The daily limit is reached", faults.DAILY_LIMIT),
    "ig_token": Switch(
        Where.INSTAGRAM, "Refuse the token", "The token is refused", _token_refused, put_back=_connect_again
    ),
    "ig_file": _of_instagram("Cannot fetch the file", "Instagram cannot fetch files", faults.NOT_FETCHED),
    "ig_expired": Switch(
        Where.INSTAGRAM, "Expire containers", "Containers expire", _ruled(container_lifetime_seconds=0)
    ),
    "ig_lag": Switch(
        Where.INSTAGRAM, "Take 30 s to prepare", "Containers take 30 s", _ruled(lag_seconds=PREPARING_SECONDS)
    ),
    "ig_strict": Switch(
        Where.INSTAGRAM, "Refuse second publishes", "Second publishes are refused", _ruled(accepts_second_publish=False)
    ),
    "ig_gone": _of_instagram("Cut it off", "Instagram is gone", faults.UNREACHABLE),
}


class Switchboard:
    """What is broken now, in the order in which it was."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.broken: list[BrokenSwitch] = []
        self._sandbox = sandbox
        self._pressed: dict[str, BrokenSwitch] = {}

    def flip(self, name: str, seconds: float) -> None:
        """Break something for that long, or put it back; raises StageError if there is nothing to break."""
        environment, switch = self._environment(), SWITCHES.get(name)
        if switch is None or not 0 < seconds <= LONGEST_SECONDS:
            raise StageError(f"{name!r} for {seconds} s is not among the switches.")
        if name in self._pressed:
            self._pressed[name].scope.cancel()
            return
        harm = switch.harm(self._sandbox, environment)
        lasting = switch.lasting.format(title=f"“{newest_title(environment)}”")
        broken = BrokenSwitch(name, lasting, self._sandbox.clock() + seconds, anyio.CancelScope())
        self._pressed[name] = broken
        environment.tasks.start_soon(self._hold, environment, broken, harm)

    def cut(self) -> int:
        """Cut every connection to the database, once."""
        return self._environment().link.cut()

    def mend(self) -> None:
        """End everything that is broken now."""
        for broken in self._pressed.values():
            broken.scope.cancel()

    def is_whole(self) -> bool:
        """Tell whether nothing is broken; in the demo a worker is needed, too."""
        sandbox = self._sandbox
        runs = sandbox.environment is None or any(each.process for each in sandbox.environment.workers.members.values())
        return runs and not (self.broken or sandbox.faults.armed or sandbox.instagram.faults.armed)

    async def _hold(self, environment: DemoEnvironment, broken: BrokenSwitch, harm: Harm) -> None:
        try:
            with broken.scope:
                async with harm:
                    self.broken.append(broken)  # not before: who reads that a row is locked may tap at once
                    record(self._sandbox, "stage.changed")
                    await anyio.sleep(broken.ends_at - self._sandbox.clock())
            put_back = SWITCHES[broken.name].put_back
            if put_back is not None and broken in self.broken:
                broken.is_ending = True
                record(self._sandbox, "stage.changed")
                await put_back(self._sandbox, environment)
        finally:
            del self._pressed[broken.name]
            self.broken = [each for each in self.broken if each is not broken]
            record(self._sandbox, "stage.changed")

    def _environment(self) -> DemoEnvironment:
        if self._sandbox.environment is None:
            raise StageError("There is nothing to switch here: only the demo has workers and a database.")
        return self._sandbox.environment
