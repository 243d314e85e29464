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

    __slots__ = ("_capacity", "_line", "_queue", "_sealed", "_streak", "_urgent", "_wake", "high_water", "refused")

    def __init__(self, capacity: int) -> None:
        assert capacity > 0
        self._capacity = capacity
        self._queue: deque[M] = deque()
        self._urgent = 0  # so many at the queue's head came through `control`
        self._line: OrderedDict[anyio.Event, M] = OrderedDict()  # who waits for room, first come first served
        self._wake: anyio.Event | None = None
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
        if self._sealed:
            raise MailboxClosed(message)
        if not self._has_room():
            self.refused += 1
            raise MailboxFull(message)
        self._put(message)

    async def tell(self, message: M) -> None:
        """Wait for room, then put the message at the end; raises MailboxClosed, which carries it back.

        Cancelled while it still waits, it leaves the line and the message was not told.
        """
        if self._sealed:
            raise MailboxClosed(message)
        if self._has_room():
            self._put(message)
        else:
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
        assert self._wake is None, "a mailbox has one reader"
        if self._queue or self._sealed:
            return
        self._streak = 0
        self._wake = anyio.Event()
        try:
            await self._wake.wait()
        finally:
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

    def _has_room(self) -> bool:
        return len(self._queue) - self._urgent < self._capacity

    def _put(self, message: M) -> None:
        self._queue.append(message)
        self.high_water = max(self.high_water, len(self._queue))
        self._wake_reader()

    def _wake_reader(self) -> None:
        if self._wake is not None:
            self._wake.set()

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
        self._put(message)
        place.set()

    async def _stand_in_line(self, message: M) -> None:
        place = anyio.Event()
        self._line[place] = message
        try:
            await place.wait()
            if place in self._line:
                raise MailboxClosed(message)
        finally:
            self._line.pop(place, None)
