"""A bounded FIFO of messages with one reader, which no cancellation can make lose a message.

A message is taken out of the deque in the same step in which `receive` returns it; between the two there is no await,
so neither a cancel scope nor a native `task.cancel()` finds a message in transit. The wake-up is a hint only.
"""

from collections import OrderedDict, deque
from typing import Generic, TypeVar

import anyio
from anyio.lowlevel import checkpoint

from actors.errors import MailboxClosed, MailboxFull

M = TypeVar("M")

YIELD_EVERY = 64


class Mailbox(Generic[M]):
    """Bounded for user messages (`tell`, `tell_nowait`); `control` messages go ahead of them and always find room."""

    __slots__ = (
        "_limit",
        "_line",
        "_queue",
        "_sealed",
        "_streak",
        "_urgent",
        "_waiting",
        "_wake",
        "high_water",
        "refused",
    )

    def __init__(self, capacity: int) -> None:
        assert capacity > 0
        self._limit = capacity  # 0 once sealed
        self._queue: deque[M] = deque()
        self._urgent = 0  # so many at the queue's head came through `control`
        self._line: OrderedDict[anyio.Event, M] = OrderedDict()  # who waits for room, first come first served
        self._wake: anyio.Event | None = None  # the hint; None when no reader waits for it or it was given
        self._waiting = False
        self._sealed = False
        self._streak = 0
        self.high_water = 0
        self.refused = 0

    @property
    def depth(self) -> int:
        """How many messages wait to be received, control messages included."""
        return len(self._queue)

    def tell_nowait(self, message: M) -> None:
        """Put the message at the end, or raise MailboxFull or MailboxClosed, which carry it back."""
        if self._put(message):
            return
        if self._sealed:
            raise MailboxClosed(message)
        self.refused += 1
        raise MailboxFull(message)

    async def tell(self, message: M) -> None:
        """Wait for room, then put the message at the end; raises MailboxClosed, which carries it back.

        Cancelled while it still waits, it leaves the line and the message was not told.
        """
        if not self._put(message):
            await self._stand_in_line(message)

    def control(self, message: M) -> None:
        """Put the message before all user messages, behind earlier control messages; raises only MailboxClosed."""
        if self._sealed:
            raise MailboxClosed(message)
        self._queue.insert(self._urgent, message)
        self._urgent += 1
        self._wake_reader()

    async def receive(self) -> M:
        """Take the next message, waiting for one; raises EndOfStream once the mailbox is sealed and empty.

        Reading without a pause still lets the others run every 64 messages.
        """
        if self._streak >= YIELD_EVERY:
            self._streak = 0
            await checkpoint()
        while not self._queue:
            if self._sealed:
                raise anyio.EndOfStream
            await self.wait()
        self._streak += 1
        return self._take()

    def receive_nowait(self) -> M | None:
        """Take the next message if there is one."""
        return self._take() if self._queue else None

    async def wait(self) -> None:
        """Wait until there is something to receive or nothing ever will be; takes nothing."""
        assert not self._waiting, "a mailbox has one reader"
        if self._queue or self._sealed:
            return
        self._streak = 0
        self._waiting = True
        wake = self._wake = anyio.Event()
        try:
            await wake.wait()
        finally:
            self._waiting = False
            self._wake = None

    def __aiter__(self) -> "Mailbox[M]":
        return self

    async def __anext__(self) -> M:
        """The next message; ends once the mailbox is sealed and empty."""
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    def seal(self) -> None:
        """Refuse messages from now on; those inside can still be received. Who waits for room gets MailboxClosed."""
        self._sealed = True
        self._limit = 0
        self._wake_reader()
        for place in self._line:
            place.set()

    def close(self) -> list[M]:
        """Seal the mailbox and hand over what is left in it, in order."""
        self.seal()
        leftovers = list(self._queue)
        self._queue.clear()
        self._urgent = 0
        return leftovers

    def _put(self, message: M) -> bool:
        depth = len(self._queue)
        if depth - self._urgent >= self._limit:
            return False
        self._queue.append(message)
        if depth >= self.high_water:
            self.high_water = depth + 1
        if self._wake is not None:
            self._wake_reader()
        return True

    def _wake_reader(self) -> None:
        if self._wake is not None:
            self._wake.set()
            self._wake = None

    def _take(self) -> M:
        message = self._queue.popleft()
        if self._urgent:
            self._urgent -= 1
        elif self._line and not self._sealed:
            self._admit_first_in_line()
        return message

    def _admit_first_in_line(self) -> None:
        # The reader moves the message in itself: room that were only announced could be taken by a `tell_nowait`.
        place, message = self._line.popitem(last=False)
        moved_in = self._put(message)
        assert moved_in, "a message was taken out in this very step"
        place.set()

    async def _stand_in_line(self, message: M) -> None:
        if self._sealed:
            raise MailboxClosed(message)
        place = anyio.Event()
        self._line[place] = message
        try:
            await place.wait()
            if place in self._line:
                raise MailboxClosed(message)
        finally:
            self._line.pop(place, None)
