"""Replies that Meta would not send: each call ends with what its port says, and tells nothing of what came."""

from __future__ import annotations

import gzip
import json
from collections.abc import Awaitable, Callable

from hypothesis import given
from hypothesis import strategies as st

from actors.domain.account import Container, DoubtHints, FreshToken, Login, Quota
from actors.errors import PortError, Unreachable
from infra.instagram.calls import LONGEST_PAUSE_SECONDS
from infra.instagram.graph import GraphInstagram, open_instagram
from infra.instagram.settings import App, GraphSettings
from infra.instagram.tokens import TokenOwner
from tests.hostile import bent, few, numbers, spoiled
from tests.infra.instagram.accounts import NOON, account, around, story
from tests.infra.instagram.leaks import APP_SECRET, leaked
from tests.infra.telegram.wire import breaks_off, serve

Call = Callable[[GraphInstagram], Awaitable[object]]

OWNER = account()
CALLS: dict[str, Call] = {
    "create": lambda instagram: instagram.create_container(OWNER, story(), "1"),
    "look": lambda instagram: instagram.container(OWNER, "1"),
    "publish": lambda instagram: instagram.publish(OWNER, "1"),
    "permalink": lambda instagram: instagram.permalink(OWNER, "1"),
    "quota": lambda instagram: instagram.quota(OWNER),
    "hints": lambda instagram: instagram.hints(OWNER, NOON),
    "renew": lambda instagram: instagram.renew(OWNER),
    "who": lambda instagram: instagram.who("EAAx", Login.FACEBOOK, None),
    "who by login": lambda instagram: instagram.who("IGAAx", Login.INSTAGRAM, None),
}
PROFILE = {"id": "17841", "username": "studio"}
# One reply that would do for every call, so that a spoiled one comes close to each.
GOOD = {
    "id": "17900000000000001",
    "user_id": "17841",
    "username": "studio",
    "status_code": "FINISHED",
    "status": "Finished: 2207026",
    "permalink": "https://www.instagram.com/stories/studio/1",
    "access_token": "fresh",
    "expires_in": 5_184_000,
    "data": [{"id": "1", "quota_usage": 3, "config": {"quota_total": 50}, "instagram_business_account": PROFILE}],
}
REFUSED = {"error": {"message": "Meta's own words", "code": 4, "error_subcode": 2207051, "is_transient": True}}

replies = (spoiled(GOOD) | spoiled(REFUSED)).map(lambda reply: json.dumps(reply).encode())
packed = st.tuples(replies, st.integers(0, 40)).map(lambda found: gzip.compress(found[0])[: -found[1] or None])
bodies = replies | bent(json.dumps(GOOD).encode()) | packed | st.binary(max_size=40)
codes = st.sampled_from([200, 201, 204, 301, 400, 401, 403, 404, 429, 500, 503, 599])
usage = numbers.map(lambda minutes: json.dumps({"1": [{"estimated_time_to_regain_access": minutes}]}))
headers = st.one_of(
    st.just(""),
    st.sampled_from(["Content-Encoding: gzip\r\n", "Content-Encoding: deflate\r\n", "Content-Type: image/png\r\n"]),
    usage.filter(lambda found: len(found) < 4000).map(lambda found: f"X-Business-Use-Case-Usage: {found}\r\n"),
    st.sampled_from(["-1", "9" * 400, "soon", "1e9"]).map(lambda found: f"Retry-After: {found}\r\n"),
)


def texts_of(found: object) -> list[str]:
    """What of an answer is kept, or asked with the next time."""
    match found:
        case str():
            return [found]
        case TokenOwner():
            return [found.ig_user_id, found.username]
        case FreshToken():
            return [found.sealed_token.decode()]
        case Container() | DoubtHints() | Quota() | None:
            return []
        case _:
            raise AssertionError(found)


async def ended(call: Call, said: bytes) -> tuple[object, PortError | None]:
    """What a call returned, or what it raised; anything but a port's error goes on."""
    async with serve(breaks_off(said)) as wire:
        settings = GraphSettings(wire.url, wire.url, App("1", APP_SECRET), 5.0, 5.0)
        async with open_instagram(settings, around()) as instagram:
            try:
                return await call(instagram), None
            except PortError as error:
                return None, error


@few(2)
@given(st.sampled_from(list(CALLS.values())), codes, bodies, headers)
async def test_any_reply_is_an_answer_or_an_error_of_the_port(call: Call, code: int, body: bytes, header: str) -> None:
    head = f"HTTP/1.1 {code} X\r\nContent-Length: {len(body)}\r\n{header}\r\n".encode()

    found, error = await ended(call, head + body)

    assert [text for text in texts_of(found) if not text.isprintable() or not text] == []
    assert error is None or leaked(error) == []
    if isinstance(error, Unreachable):
        assert 0 < (error.retry_after_seconds or 1) <= LONGEST_PAUSE_SECONDS


@few(4)
@given(
    st.sampled_from(list(CALLS.values())), bent(b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n" + b'{"id": "12345"}')
)
async def test_what_is_hardly_http_is_an_answer_or_an_error_of_the_port(call: Call, said: bytes) -> None:
    _, error = await ended(call, said)

    assert error is None or leaked(error) == []
