"""A connection by SCRAM or none, as libpq's require_auth=scram-sha-256 has it.

asyncpg does what the other side asks for: it hands a password over in clear text, and takes a server at its word that
asks for none. Our embedded server's port is free for every account of the machine once that server is gone. SCRAM
proves to both that the other one knows the password, and tells it to neither: RFC 5802.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from typing import Any, TypeAlias, cast

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

# AuthenticationSASL, …Continue, …Final (which asyncpg verifies), …Ok, in this order and no other:
# https://www.postgresql.org/docs/current/protocol-message-formats.html
ORDER = (10, 11, 12, 0)
BEFORE = b"ENv"  # an error, a notice, another version of the protocol: what else may come until then
LARGEST = 65_536
REFUSED = b"SFATAL\0VFATAL\0C28000\0Mthe server asks for something else than SCRAM\0\0"


class ScramGate(asyncio.Protocol):
    """Stands before asyncpg's protocol until the server has proven itself; what is not SCRAM becomes an error of it."""

    def __init__(self, inner: asyncio.Protocol) -> None:
        self.inner = inner
        self._transport: asyncio.Transport | None = None
        self._waiting = b""
        self._step = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let asyncpg begin."""
        self._transport = cast(asyncio.Transport, transport)
        self.inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Hand on each message that may come now; once all have, step aside."""
        self._waiting += data
        while self._step < len(ORDER) and (size := self._size()) <= len(self._waiting):
            message, self._waiting = self._waiting[:size], self._waiting[size:]
            if not self._may_come(message):
                self._refuse()
                return
            self.inner.data_received(message)
        if self._step == len(ORDER):
            self._step_aside()
        elif len(self._waiting) > LARGEST:
            self._refuse()

    def connection_lost(self, error: Exception | None) -> None:
        """Tell asyncpg, which fails what waits for an answer."""
        self.inner.connection_lost(error)

    def _size(self) -> int:
        return 1 + int(struct.unpack_from(">I", self._waiting, 1)[0]) if len(self._waiting) >= 5 else LARGEST

    def _may_come(self, message: bytes) -> bool:
        if message[:1] != b"R":
            return message[:1] in BEFORE
        self._step += 1
        return message[5:9] == struct.pack(">I", ORDER[self._step - 1])

    def _refuse(self) -> None:
        self._step = len(ORDER) + 1  # nothing is heard any more
        self._waiting = b""
        self.inner.data_received(b"E" + struct.pack(">I", 4 + len(REFUSED)) + REFUSED)

    def _step_aside(self) -> None:
        assert self._transport is not None
        self._transport.set_protocol(self.inner)
        if self._waiting:
            self.inner.data_received(self._waiting)


class _Loop:
    """The event loop, but that what connects through it is gated."""

    def __init__(self, real: asyncio.AbstractEventLoop) -> None:
        self.real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    async def create_connection(
        self, factory: Callable[[], asyncio.Protocol], *where: Any, **how: Any
    ) -> tuple[asyncio.Transport, asyncio.Protocol]:
        """Connect; returns asyncpg's own protocol, as it expects."""
        transport, gate = await self.real.create_connection(lambda: ScramGate(factory()), *where, **how)
        return transport, gate.inner


class _Proven(asyncpg.Connection):
    """A connection whose server has proven itself; it goes on with the loop itself."""

    def __init__(self, protocol: Any, transport: Any, loop: _Loop, *rest: Any) -> None:
        super().__init__(protocol, transport, loop.real, *rest)


async def connect_by_scram(*where: Any, **how: Any) -> Connection:
    """Connect as asyncpg.connect does, without TLS; what is not SCRAM ends as a refusal, SQLSTATE 28000."""
    loop = _Loop(asyncio.get_running_loop())
    connection: Connection = await asyncpg.connect(*where, **how | {"loop": loop, "connection_class": _Proven})
    return connection
