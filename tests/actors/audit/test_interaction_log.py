"""The interaction logger never stands in anybody's way, and loses nothing silently; all in virtual time."""

from __future__ import annotations

from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint
from structlog.testing import capture_logs

from actors.audit.interaction_log import InteractionLogger, InteractionSettings
from actors.database.request import Cause, NotStored, Priority, Reply, RequestTerms
from actors.operations.housekeeping import Interaction, WriteInteractions
from actors.operations.operation import Operation
from actors.runtime.child import ChildContext
from tests.kit.clock import virtual_time
from tests.kit.lives import living

anyio_backend = virtual_time

Logs = list[MutableMapping[str, Any]]
SMALL = InteractionSettings(lines=10, batch_lines=4)


class Store:
    """Fills requests.Asks: stores batches by key, or does not, as it is told."""

    def __init__(self) -> None:
        self.batches: dict[str, tuple[Interaction, ...]] = {}
        self.asked: list[str] = []
        self.lanes: set[Priority] = set()
        self.refusal: NotStored | None = None
        self.back = anyio.Event()
        self.back.set()

    async def ask(self, operation: Operation[Any], terms: RequestTerms) -> Reply[Any]:
        """Store a batch once; while the database is away wait for it, until the deadline."""
        assert isinstance(operation, WriteInteractions)
        self.asked.append(operation.batch)
        self.lanes.add(terms.priority)
        if self.refusal is not None:
            raise self.refusal
        with anyio.CancelScope(deadline=terms.deadline):
            await self.back.wait()
            self.batches.setdefault(operation.batch, operation.lines)
            return Reply(len(operation.lines), 1, 0.0)
        raise NotStored(Cause.EXPIRED, certain=False)

    def go_away(self) -> None:
        """Answer nobody until `back` is set."""
        self.back = anyio.Event()

    @property
    def sizes(self) -> list[int]:
        """How many lines each batch has."""
        return [len(lines) for lines in self.batches.values()]

    @property
    def stored(self) -> list[int]:
        """The stored lines, by their item's number."""
        return [line.item_id for lines in self.batches.values() for line in lines]


def line(number: int) -> Interaction:
    return Interaction(-100, "skip", 7, "Anna", number, f"tap-{number}", 1_000)


@asynccontextmanager
async def running(logger: InteractionLogger) -> AsyncIterator[None]:
    """One life, which is killed in the end."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(logger.run, ChildContext())
        yield
        tasks.cancel_scope.cancel()


def tell_all(logger: InteractionLogger, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        logger.tell(line(number))


async def test_idle_logger_asks_nothing() -> None:
    store = Store()
    async with running(InteractionLogger(store, "w")):
        await anyio.sleep(3600)

    assert store.asked == []


async def test_lone_line_is_written_by_one_statement_within_a_second() -> None:
    store = Store()
    logger = InteractionLogger(store, "w")
    async with running(logger):
        await anyio.sleep(5)
        logger.tell(line(1))
        await anyio.sleep(1.01)

        assert store.stored == [1]
        await anyio.sleep(60)

    assert store.asked == ["w/1"]
    assert store.lanes == {Priority.LOW}


async def test_second_of_a_batch_begins_with_its_first_line_whatever_the_clock_says() -> None:
    """A logger that took 0 for that moment would write each line alone in any process but a young one."""
    await anyio.sleep(80_000)
    store = Store()
    logger = InteractionLogger(store, "w")
    async with running(logger):
        await anyio.sleep(10)
        logger.tell(line(1))
        await anyio.sleep(0.9)
        logger.tell(line(2))
        assert store.sizes == []
        await anyio.sleep(0.2)

    assert store.sizes == [2]


async def test_lines_of_a_second_share_a_batch() -> None:
    store = Store()
    logger = InteractionLogger(store, "w")
    async with running(logger):
        for number in range(9):
            logger.tell(line(number))
            await anyio.sleep(0.1)
        await anyio.sleep(1)

    assert store.sizes == [9]


async def test_full_batch_waits_for_nothing() -> None:
    store = Store()
    logger = InteractionLogger(store, "w", SMALL)
    async with running(logger):
        tell_all(logger, 9)
        await anyio.sleep(0.01)
        assert store.sizes == [4, 4]
        await anyio.sleep(1)

    assert store.sizes == [4, 4, 1]
    assert store.stored == list(range(9))


async def test_batch_keeps_its_key_until_it_is_stored() -> None:
    """An attempt of which nobody knows may have stored it: only the same key makes a second one harmless."""
    store = Store()
    store.go_away()
    logger = InteractionLogger(store, "w")
    async with running(logger):
        tell_all(logger, 3)
        await anyio.sleep(100)
        tell_all(logger, 2, first=3)
        store.back.set()
        await anyio.sleep(5)

    assert set(store.asked) == {"w/1", "w/2"}
    assert store.asked.count("w/1") > 1
    assert store.sizes == [3, 2]
    assert store.stored == [0, 1, 2, 3, 4]


async def test_full_buffer_drops_the_newest_lines_and_says_how_many_now_and_then() -> None:
    store = Store()
    store.go_away()
    logger = InteractionLogger(store, "w", SMALL)
    with capture_logs() as logs:
        async with running(logger):
            tell_all(logger, 15)
            tell_all(logger, 5, first=15)
            await anyio.sleep(11)
            tell_all(logger, 1, first=20)
            store.back.set()
            await anyio.sleep(5)

    assert store.stored == list(range(10))
    assert logger.dropped == 11
    assert [(entry["lines"], entry["total"]) for entry in _drops(logs)] == [(1, 1), (10, 11)]


async def test_telling_works_before_the_logger_runs() -> None:
    store = Store()
    logger = InteractionLogger(store, "w")
    logger.tell(line(1))
    async with running(logger):
        await anyio.sleep(1.1)

    assert store.stored == [1]


async def test_busy_database_is_asked_again_after_a_pause() -> None:
    store = Store()
    store.refusal = NotStored(Cause.BUSY, certain=True)
    logger = InteractionLogger(store, "w")
    async with running(logger):
        logger.tell(line(1))
        await anyio.sleep(10.5)
        assert 5 <= len(store.asked) <= 11
        store.refusal = None
        await anyio.sleep(2)

    assert store.stored == [1]


async def test_batch_that_is_refused_does_not_stop_those_behind_it() -> None:
    store = Store()
    store.refusal = NotStored(Cause.REFUSED, certain=True)
    logger = InteractionLogger(store, "w", SMALL)
    with capture_logs() as logs:
        async with running(logger):
            tell_all(logger, 4)
            await anyio.sleep(0.01)
            store.refusal = None
            tell_all(logger, 4, first=4)
            await anyio.sleep(0.01)

    assert store.stored == [4, 5, 6, 7]
    assert [entry["lines"] for entry in _drops(logs)] == [4]


async def test_stop_writes_what_is_left_at_once() -> None:
    store = Store()
    logger = InteractionLogger(store, "w", SMALL)
    began = anyio.current_time()
    async with living(logger.run):
        tell_all(logger, 6)

    assert store.stored == list(range(6))
    assert anyio.current_time() - began < 1


async def test_stop_during_an_outage_gives_up_and_says_what_is_lost() -> None:
    store = Store()
    store.go_away()
    logger = InteractionLogger(store, "w", SMALL)
    began = anyio.current_time()
    with capture_logs() as logs:
        async with living(logger.run):
            tell_all(logger, 6)
            await anyio.sleep(2)

    assert anyio.current_time() - began == pytest.approx(5.0)
    assert [(entry["lines"], entry["total"]) for entry in _drops(logs)] == [(6, 6)]


async def test_what_was_said_at_a_stop_is_not_said_again_in_the_next_life() -> None:
    store = Store()
    store.go_away()
    logger = InteractionLogger(store, "w", SMALL)
    with capture_logs() as logs:
        async with living(logger.run):
            tell_all(logger, 12)
        await anyio.sleep(60)
        store.back.set()
        async with living(logger.run):
            tell_all(logger, 1, first=12)

    assert store.stored == [12]
    assert [(entry["lines"], entry["total"]) for entry in _drops(logs)] == [(1, 1), (11, 12)]


async def test_lines_dropped_since_the_last_word_are_told_with_the_next_batch() -> None:
    store = Store()
    store.go_away()
    logger = InteractionLogger(store, "w", SMALL)
    with capture_logs() as logs:
        async with running(logger):
            tell_all(logger, 15)
            await anyio.sleep(11)
            store.back.set()
            await anyio.sleep(5)

    assert [(entry["lines"], entry["total"]) for entry in _drops(logs)] == [(1, 1), (4, 5)]


async def test_crash_keeps_the_lines_for_the_next_life() -> None:
    store = Store()
    store.go_away()
    logger = InteractionLogger(store, "w")
    logger.tell(line(1))
    async with running(logger):
        await anyio.sleep(2)
    logger.tell(line(2))
    store.back.set()
    async with running(logger):
        await anyio.sleep(2)

    assert store.batches == {"w/1": (line(1),), "w/2": (line(2),)}


async def test_stop_of_an_idle_logger_is_immediate() -> None:
    logger = InteractionLogger(Store(), "w")
    context = ChildContext()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(logger.run, context)
        await checkpoint()
        context.stopping.set()

    assert context.is_ready


def _drops(logs: Logs) -> Logs:
    return [entry for entry in logs if entry["event"] == "interactions.dropped"]
