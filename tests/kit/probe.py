"""A mailbox that the test reads: whatever tells it is seen by `expect`, in virtual time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, overload

import anyio

from actors.errors import MailboxClosed, MailboxFull
from actors.runtime.mailbox import Mailbox

K = TypeVar("K")
M = TypeVar("M")
T = TypeVar("T")

NAMED = 10


class Unmet(AssertionError):
    """What was expected did not come, or something came where nothing was expected."""


class Probe(Generic[M]):
    """Fills whatever is told messages one by one; give `probe.tell_nowait` to whoever wants a callback.

    It receives as Erlang does: what was not asked for stays, in its order, for a later `expect`.
    """

    def __init__(self, capacity: int = 1000) -> None:
        self._mailbox: Mailbox[M] = Mailbox(capacity)
        self._kept: list[M] = []

    def tell_nowait(self, message: M) -> None:
        """Take the message in; raises MailboxFull or MailboxClosed, as a real mailbox does."""
        self._mailbox.tell_nowait(message)

    async def tell(self, message: M) -> None:
        """Take the message in once there is room; raises MailboxClosed."""
        await self._mailbox.tell(message)

    def seal(self) -> None:
        """Refuse messages from now on."""
        self._mailbox.seal()

    @property
    def unread(self) -> Sequence[M]:
        """What has come and was not expected yet."""
        while (message := self._mailbox.receive_nowait()) is not None:
            self._kept.append(message)
        return tuple(self._kept)

    @overload
    async def expect(self, wanted: type[T], within: float = 5.0) -> T: ...

    @overload
    async def expect(self, wanted: T, within: float = 5.0) -> T: ...

    async def expect(self, wanted: Any, within: float = 5.0) -> Any:
        """Wait for a message of this type, or for one that equals this value; raises Unmet after `within` seconds."""
        with anyio.move_on_after(within):
            while not any(_matches(wanted, message) for message in self.unread):
                await self._more()
        for index, message in enumerate(self.unread):
            if _matches(wanted, message):
                return self._kept.pop(index)
        raise Unmet(f"no {_named(wanted)} within {within:g} s; {self._what_came('instead')}")

    async def take(self, count: int, within: float = 5.0) -> Sequence[M]:
        """Wait for so many messages, whatever they are, and return them in order; raises Unmet."""
        with anyio.move_on_after(within):
            while len(self.unread) < count:
                await self._more()
        if len(self.unread) < count:
            raise Unmet(f"no {count} messages within {within:g} s; {self._what_came('instead')}")
        taken, self._kept = self._kept[:count], self._kept[count:]
        return tuple(taken)

    async def expect_nothing(self, within: float) -> None:
        """Let so many seconds pass; raises Unmet if a message is left from before, or at once when one comes."""
        with anyio.move_on_after(within):
            while not self.unread:
                await self._more()
        if self.unread:
            raise Unmet(f"nothing was to come within {within:g} s; {self._what_came('nevertheless')}")

    async def _more(self) -> None:
        """Wait for the next message; for ever, if there can be none."""
        try:
            self._kept.append(await self._mailbox.receive())
        except anyio.EndOfStream:
            await anyio.sleep_forever()

    def _what_came(self, how: str) -> str:
        came = [repr(message) for message in self.unread]
        if not came:
            return "nothing came"
        more = f" and {len(came) - NAMED} more" if len(came) > NAMED else ""
        return f"came {how}: {', '.join(came[:NAMED])}{more}"


@dataclass
class KeyedProbe(Generic[K, M]):
    """Stands where a registry stands: `told` gets pairs of key and message."""

    told: Probe[tuple[K, M]] = field(default_factory=Probe)

    def tell_nowait(self, key: K, message: M) -> None:
        """Take it in; what is raised carries the message alone, as the registry's does."""
        try:
            self.told.tell_nowait((key, message))
        except (MailboxFull, MailboxClosed) as error:
            raise type(error)(message) from error

    async def tell(self, key: K, message: M) -> None:
        """Take it in once there is room; raises MailboxClosed, which carries the message alone."""
        try:
            await self.told.tell((key, message))
        except MailboxClosed as error:
            raise MailboxClosed(message) from error


def _matches(wanted: object, message: object) -> bool:
    return isinstance(message, wanted) if isinstance(wanted, type) else message == wanted


def _named(wanted: object) -> str:
    return wanted.__name__ if isinstance(wanted, type) else repr(wanted)
