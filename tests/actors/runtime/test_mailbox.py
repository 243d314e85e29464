"""A mailbox keeps order and bounds, hands back what it refuses, and loses nothing to a cancellation."""

import asyncio
from collections.abc import Awaitable, Callable

import anyio
import pytest
from anyio.lowlevel import checkpoint

from actors.errors import MailboxClosed, MailboxFull
from actors.runtime.mailbox import Mailbox


def mailbox_with(*messages: str, capacity: int = 4) -> Mailbox[str]:
    mailbox: Mailbox[str] = Mailbox(capacity)
    for message in messages:
        mailbox.tell_nowait(message)
    return mailbox


def drained(mailbox: Mailbox[str]) -> list[str]:
    return list(iter(mailbox.receive_nowait, None))


class Teller:
    """Tells one message in a task of its own and remembers how that ended."""

    def __init__(self, mailbox: Mailbox[str], message: str) -> None:
        self.mailbox = mailbox
        self.message = message
        self.end = "waits"
        self.over = anyio.Event()
        self.scope = anyio.CancelScope()

    async def __call__(self) -> None:
        with self.scope:
            try:
                await self.mailbox.tell(self.message)
                self.end = "told"
            except MailboxClosed as closed:
                self.end = f"got {closed.message} back"
        self.over.set()


class Reader:
    """Receives one message in a task of its own."""

    def __init__(self, receive: Callable[[], Awaitable[str]]) -> None:
        self.receive = receive
        self.got: list[str] = []
        self.scope = anyio.CancelScope()

    async def __call__(self) -> None:
        with self.scope:
            self.got.append(await self.receive())


async def test_messages_arrive_in_the_order_told() -> None:
    mailbox = mailbox_with("a", "b")
    await mailbox.tell("c")

    assert [await mailbox.receive() for _ in range(3)] == ["a", "b", "c"]


async def test_receive_waits_for_the_next_message() -> None:
    mailbox = mailbox_with()
    reader = Reader(mailbox.receive)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(reader)
        await anyio.wait_all_tasks_blocked()
        mailbox.tell_nowait("a")

    assert reader.got == ["a"]


async def test_who_waits_for_something_that_is_there_waits_for_nothing() -> None:
    mailbox = mailbox_with("a")

    with anyio.fail_after(0):
        await mailbox.wait()

    assert drained(mailbox) == ["a"]


async def test_full_mailbox_hands_the_message_back() -> None:
    mailbox = mailbox_with("a", "b", capacity=2)

    with pytest.raises(MailboxFull) as full:
        mailbox.tell_nowait("c")

    assert full.value.message == "c"
    assert str(full.value) == "str was not delivered"
    assert (mailbox.depth, mailbox.high_water, mailbox.refused) == (2, 2, 1)
    assert drained(mailbox) == ["a", "b"]


async def test_tell_waits_for_room_first_come_first_served() -> None:
    mailbox = mailbox_with("a", capacity=1)
    tellers = [Teller(mailbox, message) for message in "bcd"]

    async with anyio.create_task_group() as tasks:
        for teller in tellers:
            tasks.start_soon(teller)
            await anyio.wait_all_tasks_blocked()
        received = [await mailbox.receive() for _ in range(4)]

    assert received == ["a", "b", "c", "d"]
    assert mailbox.high_water == 1


async def test_room_is_not_snatched_from_who_waits_for_it() -> None:
    mailbox = mailbox_with("a", capacity=1)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(Teller(mailbox, "waited"))
        await anyio.wait_all_tasks_blocked()
        mailbox.receive_nowait()
        with pytest.raises(MailboxFull):
            mailbox.tell_nowait("snatched")

    assert drained(mailbox) == ["waited"]


async def test_cancelled_teller_tells_nothing_and_blocks_nobody() -> None:
    mailbox = mailbox_with("a", capacity=1)
    tellers = [Teller(mailbox, message) for message in "bc"]

    async with anyio.create_task_group() as tasks:
        for teller in tellers:
            tasks.start_soon(teller)
            await anyio.wait_all_tasks_blocked()
        tellers[0].scope.cancel()
        await tellers[0].over.wait()
        received = [await mailbox.receive() for _ in range(2)]

    assert received == ["a", "c"]
    assert [teller.end for teller in tellers] == ["waits", "told"]


async def test_control_goes_ahead_in_its_own_order_and_needs_no_room() -> None:
    mailbox = mailbox_with("a", "b", capacity=2)

    mailbox.control("stop 1")
    mailbox.control("stop 2")

    assert mailbox.depth == 4
    assert drained(mailbox) == ["stop 1", "stop 2", "a", "b"]


async def test_control_takes_no_room_from_messages() -> None:
    mailbox = mailbox_with(capacity=1)
    mailbox.control("stop")

    mailbox.tell_nowait("a")

    assert drained(mailbox) == ["stop", "a"]


async def test_taking_a_control_message_admits_nobody() -> None:
    mailbox = mailbox_with("a", capacity=1)
    mailbox.control("stop")
    teller = Teller(mailbox, "b")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(teller)
        await anyio.wait_all_tasks_blocked()
        assert mailbox.receive_nowait() == "stop"
        assert mailbox.depth == 1
        assert drained(mailbox) == ["a", "b"]


async def test_closed_mailbox_hands_everything_back() -> None:
    mailbox = mailbox_with("a", capacity=1)
    mailbox.control("stop")
    teller = Teller(mailbox, "b")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(teller)
        await anyio.wait_all_tasks_blocked()
        leftovers = mailbox.close()

    assert leftovers == ["stop", "a"]
    assert teller.end == "got b back"
    assert mailbox.receive_nowait() is None


@pytest.mark.parametrize("tell", [Mailbox.tell_nowait, Mailbox.control])
async def test_closed_mailbox_refuses(tell: Callable[[Mailbox[str], str], None]) -> None:
    mailbox = mailbox_with()
    mailbox.close()

    with pytest.raises(MailboxClosed) as closed:
        tell(mailbox, "late")

    assert closed.value.message == "late"


async def test_closed_mailbox_lets_nobody_wait_for_room() -> None:
    mailbox = mailbox_with("a", capacity=1)
    mailbox.close()

    with pytest.raises(MailboxClosed) as closed:
        await mailbox.tell("late")

    assert closed.value.message == "late"


async def test_reader_learns_that_the_mailbox_was_closed() -> None:
    mailbox = mailbox_with()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(close_soon, mailbox)
        with pytest.raises(anyio.EndOfStream):
            await mailbox.receive()


async def close_soon(mailbox: Mailbox[str]) -> None:
    await anyio.wait_all_tasks_blocked()
    mailbox.close()


async def test_sealed_mailbox_can_be_drained_and_then_ends() -> None:
    mailbox = mailbox_with("a", "b", capacity=2)
    teller = Teller(mailbox, "c")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(teller)
        await anyio.wait_all_tasks_blocked()
        mailbox.seal()
        received = [message async for message in mailbox]

    assert received == ["a", "b"]
    assert teller.end == "got c back"


async def test_iterating_ends_when_the_mailbox_is_sealed_while_empty() -> None:
    mailbox = mailbox_with()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(close_soon, mailbox)
        received = [message async for message in mailbox]

    assert received == []


async def test_second_reader_is_a_mistake() -> None:
    mailbox = mailbox_with()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(mailbox.wait)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(AssertionError, match="one reader"):
            await mailbox.receive()
        mailbox.close()


async def test_cancelled_receive_leaves_the_message() -> None:
    mailbox = mailbox_with()
    reader = Reader(mailbox.receive)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(reader)
        await anyio.wait_all_tasks_blocked()
        reader.scope.cancel()
        mailbox.tell_nowait("a")

    assert reader.got + drained(mailbox) == ["a"]


@pytest.mark.parametrize("anyio_backend", ["asyncio", "uvloop"], indirect=True)
async def test_native_cancel_after_a_tell_loses_nothing() -> None:
    """asyncio.timeout and many libraries cancel tasks directly, past every cancel scope."""
    mailbox = mailbox_with()
    reader = Reader(mailbox.receive)
    task = asyncio.ensure_future(reader())
    await checkpoint()

    mailbox.tell_nowait("a")
    task.cancel()
    await asyncio.wait([task])

    assert reader.got + drained(mailbox) == ["a"]


@pytest.mark.parametrize("anyio_backend", ["asyncio", "uvloop"], indirect=True)
async def test_native_cancel_before_a_tell_loses_nothing() -> None:
    mailbox = mailbox_with()
    reader = Reader(mailbox.receive)
    task = asyncio.ensure_future(reader())
    await checkpoint()

    task.cancel()
    mailbox.tell_nowait("a")
    await asyncio.wait([task])

    assert reader.got + drained(mailbox) == ["a"]


@pytest.mark.parametrize("anyio_backend", ["asyncio", "uvloop"], indirect=True)
async def test_native_cancel_of_an_admitted_teller_loses_nothing() -> None:
    mailbox = mailbox_with("a", capacity=1)
    task = asyncio.ensure_future(mailbox.tell("b"))
    await checkpoint()

    mailbox.receive_nowait()
    task.cancel()
    await asyncio.wait([task])

    assert drained(mailbox) == ["b"]


async def test_busy_reader_lets_others_run() -> None:
    mailbox: Mailbox[int] = Mailbox(1_000)
    for number in range(1_000):
        mailbox.tell_nowait(number)
    turns: list[int] = []

    async def somebody_else() -> None:
        while mailbox.depth:
            turns.append(mailbox.depth)
            await checkpoint()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(somebody_else)
        received = [await mailbox.receive() for _ in range(1_000)]

    assert received == list(range(1_000))
    assert len(turns) >= 10


async def test_busy_reader_that_is_cancelled_leaves_the_rest() -> None:
    mailbox: Mailbox[int] = Mailbox(1_000)
    for number in range(1_000):
        mailbox.tell_nowait(number)

    with anyio.CancelScope() as scope:
        scope.cancel()
        while True:
            last = await mailbox.receive()

    assert mailbox.close() == list(range(last + 1, 1_000))
