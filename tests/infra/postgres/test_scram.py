"""What a server that is none of ours is told: nothing, whatever it asks for."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from anyio import create_task_group, create_tcp_listener
from anyio.abc import SocketAttribute, SocketStream
from hypothesis import given

from actors.errors import Refused
from infra.postgres.connect import DatabaseAddress, connect_patiently
from infra.postgres.scram import LARGEST, ScramGate
from tests.hostile import bent
from tests.kit.clock import on_either_asyncio

anyio_backend = on_either_asyncio

PASSWORD = "hunter2-and-his-dog"
OK, CLEAR, MD5, SASL, CONTINUE, FINAL = 0, 3, 5, 10, 11, 12


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack(">I", 4 + len(body)) + body


def asks(code: int, rest: bytes = b"") -> bytes:
    return message(b"R", struct.pack(">I", code) + rest)


READY = message(b"Z", b"I")
METHOD = asks(SASL, b"SCRAM-SHA-256\0\0")
IN_ORDER = [METHOD, asks(CONTINUE, b"r=1"), asks(FINAL, b"v=1"), asks(OK)]


@dataclass
class Heard(asyncio.Protocol):
    """What comes through the gate."""

    through: list[bytes] = field(default_factory=list)

    def data_received(self, data: bytes) -> None:
        self.through.append(data)


class Wire(asyncio.Transport):
    """A connection that only remembers who reads it."""

    reader: asyncio.BaseProtocol | None = None

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.reader = protocol


def gated(data: Sequence[bytes]) -> tuple[list[bytes], bool]:
    """What asyncpg hears of it, and whether it reads by itself from then on."""
    heard, wire = Heard(), Wire()
    gate = ScramGate(heard)
    gate.connection_made(wire)
    for piece in data:
        gate.data_received(piece)
    return heard.through, wire.reader is heard


def is_error(data: bytes) -> bool:
    return data[:1] == b"E" and b"28000" in data


def test_server_that_proves_itself_is_handed_on_message_by_message() -> None:
    notice = message(b"N", b"\0")
    whole = b"".join([notice, *IN_ORDER, READY])

    assert gated([whole]) == ([notice, *IN_ORDER, READY], True)
    assert gated([whole[at : at + 1] for at in range(len(whole) - len(READY))]) == ([notice, *IN_ORDER], True)


@pytest.mark.parametrize(
    "said",
    [
        [asks(OK), READY],
        [asks(CLEAR)],
        [asks(MD5, b"salt")],
        [METHOD, asks(CLEAR)],
        [METHOD, asks(OK), READY],
        [METHOD, asks(CONTINUE, b"r=1"), asks(OK)],
        [METHOD, METHOD],
        [READY],
        [b"R" + b"\xff" * 70_000],
    ],
    ids=["none", "clear", "md5", "clear after scram", "no proof", "half a proof", "twice", "ready", "no end"],
)
def test_server_that_asks_for_anything_else_is_refused_and_not_heard_any_more(said: list[bytes]) -> None:
    through, reads = gated([b"".join(said), *IN_ORDER])

    assert [is_error(data) for data in through] == [False] * (len(through) - 1) + [True]
    assert through[:-1] == said[: len(through) - 1]
    assert not reads


@given(bent(b"".join([message(b"N", b"\0"), *IN_ORDER, READY])))
def test_hostile_server_is_believed_only_after_every_step(said: bytes) -> None:
    through, reads = gated([said])

    steps = [struct.unpack(">I", data[5:9])[0] for data in through if data[:1] == b"R"]
    assert not reads or steps == [SASL, CONTINUE, FINAL, OK]


def test_message_without_an_end_is_not_gathered_for_ever() -> None:
    through, _ = gated([b"E\x7f\xff\xff\xff", b"x" * LARGEST])

    assert [is_error(data) for data in through] == [True]


@asynccontextmanager
async def impostor(answer: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Somebody who listens where our server did; yields where, and what is told to them."""
    told: list[bytes] = []

    async def take(stream: SocketStream) -> None:
        async with stream:
            told.append(await stream.receive())
            await stream.send(answer)
            told.extend([more async for more in stream])

    async with await create_tcp_listener(local_host="127.0.0.1") as listener, create_task_group() as tasks:
        tasks.start_soon(listener.serve, take)
        port = listener.extra_attributes[SocketAttribute.local_port]()
        yield f"postgresql://me:{PASSWORD}@127.0.0.1:{port}/x?sslmode=disable", told
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("answer", [asks(CLEAR), asks(MD5, b"salt"), asks(OK) + READY], ids=["clear", "md5", "none"])
async def test_whoever_answers_on_our_port_is_told_no_password_and_not_believed(answer: bytes) -> None:
    async with impostor(answer) as (dsn, told):
        with pytest.raises(Refused, match="28000"):
            await connect_patiently(DatabaseAddress(dsn, scram_only=True), pytest.fail)

    assert len(told) == 1
    assert PASSWORD.encode() not in told[0]
