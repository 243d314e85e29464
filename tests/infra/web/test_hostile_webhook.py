"""What is brought to the webhook by somebody who knows the secret, or guesses it: a code, and no trace of nonsense."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from structlog.testing import capture_logs

from actors.ports import Receipt
from infra.web.webhook import MOST_BYTES, SECRET_HEADER, webhook_route
from tests.hostile import bent, cruel, spoiled
from tests.kit.clock import on_asyncio

anyio_backend = on_asyncio

SECRET = "only-telegram-knows-this"
SOMEBODY = "Anna Somebody"
UPDATE = {
    "update_id": 7,
    "callback_query": {"id": "99", "from": {"id": 5, "first_name": SOMEBODY}, "data": "skip:42:3"},
}

bodies = (
    (spoiled(UPDATE) | cruel).map(lambda update: json.dumps(update).encode())
    | bent(json.dumps(UPDATE).encode())
    | st.sampled_from(
        [b"NaN", b"[" * 100_000, b"9" * 5_000, b"\xef\xbb\xbf{}", b"{}{}", '{"a":"\ud83d"}'.encode("utf-16", "replace")]
    )
)
guesses = st.binary(max_size=40) | st.sampled_from([SECRET.encode() + b"\0", b"\xff" * 24, SECRET.upper().encode()])


class Wire:
    """A request that comes in pieces, and perhaps breaks off; counts what was read of it."""

    def __init__(self, pieces: list[bytes], breaks: bool = False) -> None:
        self._pieces = list(pieces)
        self._breaks = breaks
        self.read = 0

    async def receive(self) -> dict[str, object]:
        if not self._pieces:
            return {"type": "http.disconnect"} if self._breaks else {"type": "http.request", "body": b""}
        piece = self._pieces.pop(0)
        self.read += len(piece)
        return {"type": "http.request", "body": piece, "more_body": bool(self._pieces) or self._breaks}


async def brought(wire: Wire, *secrets: bytes) -> tuple[int, list[object]]:
    """Bring a request; returns the code and what the desk was given."""
    taken: list[object] = []

    async def take(raw: object) -> Receipt:
        taken.append(raw)
        return Receipt.DONE

    headers = [(SECRET_HEADER.encode(), secret) for secret in secrets]
    scope = {"type": "http", "method": "POST", "headers": headers}
    reply = await webhook_route("/hook", SECRET, take).endpoint(Request(scope, wire.receive))
    return int(reply.status_code), taken


@given(bodies)
async def test_any_body_is_taken_as_json_or_refused_without_a_word_of_it(body: bytes) -> None:
    with capture_logs() as logs:
        code, taken = await brought(Wire([body]), SECRET.encode())

    assert (code, len(taken)) in {(200, 1), (400, 0)}
    assert SOMEBODY not in str(logs)
    assert len(str(logs)) < 200


@given(guesses, bodies)
async def test_guess_opens_nothing_and_nothing_is_read(guess: bytes, body: bytes) -> None:
    wire = Wire([body])

    assert await brought(wire, guess) == (401, [])
    assert wire.read == 0


async def test_good_secret_behind_a_bad_one_opens_nothing() -> None:
    """Whoever puts a header before ours cannot have the second one looked at."""
    assert await brought(Wire([b"{}"]), b"a guess", SECRET.encode()) == (401, [])


@given(st.lists(st.binary(max_size=400), max_size=6))
async def test_body_that_breaks_off_is_refused(pieces: list[bytes]) -> None:
    assert await brought(Wire(pieces, breaks=True), SECRET.encode()) == (400, [])


async def test_no_more_is_read_of_a_body_than_an_update_may_have() -> None:
    wire = Wire([bytes(65_536)] * 1_000)

    assert await brought(wire, SECRET.encode()) == (413, [])
    assert wire.read <= MOST_BYTES + 65_536
