"""What Instagram says beside an error: kept for the log, without a secret, and why a call got no answer at all."""

from __future__ import annotations

import socket

import anyio
import pytest
from anyio.abc import SocketStream

from actors.errors import Answered, PortError
from infra.instagram.graph import open_instagram
from infra.instagram.said import told
from infra.instagram.settings import GraphSettings
from infra.instagram.wire import Ask
from tests.infra.instagram.accounts import SIGNATURE, TOKEN, account, around, story
from tests.infra.telegram.wire import breaks_off, replies, serve

OWNER = account()
PAIRED = "EAA" + "b" * 40


async def silence(_: SocketStream) -> None:
    await anyio.sleep_forever()


async def failure(url: str, *, create: bool = False, seconds: float = 5.0) -> PortError:
    """What a call raises."""
    settings = GraphSettings(url, url, publish_seconds=seconds, read_seconds=seconds)
    async with open_instagram(settings, around()) as instagram:
        with pytest.raises(PortError) as caught:
            await (instagram.create_container(OWNER, story(), "1") if create else instagram.publish(OWNER, "1790"))
    return caught.value


def envelope(**error: object) -> dict[str, object]:
    return {"error": {"message": "Too many calls.", "code": 80002, "is_transient": True, **error}}


async def test_status_codes_trace_words_and_address_of_an_answer_are_kept() -> None:
    async with serve(replies(429, envelope(error_subcode=7, fbtrace_id="AZ_q-1x"))) as wire:
        caught = await failure(wire.url)

    url = f"{wire.url}/v25.0/{OWNER.ig_user_id}/media_publish"
    assert caught.answered == Answered(429, 80002, 7, "AZ_q-1x", "Too many calls.", url, None, True)


async def test_row_45_what_meta_says_of_its_error_and_of_our_limits_is_kept() -> None:
    """It was "none is stored or logged", and "all of the above was found by that"."""
    headers = (
        'X-App-Usage: {"call_count":28,"total_time":25,"total_cputime":"?"}\r\n'
        'X-Business-Use-Case-Usage: {"17841":[{"type":"instagram","call_count":95,"total_cputime":20}]}\r\n'
    )
    body = envelope(type="OAuthException", is_transient=False, error_subcode=2207051, code=4)
    async with serve(replies(403, body, headers)) as wire:
        caught = await failure(wire.url)

    assert caught.answered is not None
    assert (caught.answered.kind, caught.answered.is_transient) == ("OAuthException", False)
    assert dict(caught.answered.usage) == {"call_count": 95.0, "total_cputime": 20.0, "total_time": 25.0}


@pytest.mark.parametrize("header", ["", "{", "[" * 100_000, '{"call_count": true}', '{"call_count": 1e999}', "7"])
async def test_counters_of_another_shape_never_hide_the_code(header: str) -> None:
    async with serve(replies(429, envelope(type=7), f"X-App-Usage: {header}\r\n" if len(header) < 99 else "")) as wire:
        caught = await failure(wire.url)

    assert caught.answered is not None
    assert (caught.answered.code, caught.answered.kind) == (80002, None)


@pytest.mark.parametrize(
    "odd",
    [{"message": 7, "fbtrace_id": {"a": 1}}, {"message": None, "fbtrace_id": "x y"}, {"message": "", "fbtrace_id": ""}],
)
async def test_words_of_another_shape_never_hide_the_code(odd: dict[str, object]) -> None:
    async with serve(replies(429, envelope(**odd))) as wire:
        caught = await failure(wire.url)

    assert caught.answered is not None
    assert (caught.answered.code, caught.answered.trace_id, caught.answered.words or None) == (80002, None, None)


async def test_answer_that_is_no_envelope_is_kept_by_its_status() -> None:
    async with serve(replies(502, "<html>Bad Gateway</html>")) as wire:
        caught = await failure(wire.url)

    assert caught.answered == Answered(502, url=f"{wire.url}/v25.0/{OWNER.ig_user_id}/media_publish")
    assert str(caught) == "Instagram, or something before it, has a problem (HTTP 502)."


async def test_what_meta_repeats_of_our_call_is_hidden() -> None:
    said = f"Malformed access token {TOKEN}, or no file at https://h.example/media/3?{SIGNATURE} ({SIGNATURE})."
    async with serve(replies(400, envelope(message=said))) as wire:
        caught = await failure(wire.url, create=True)

    assert caught.answered is not None
    assert caught.answered.words == "Malformed access token ***, or no file at *** (***)."


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (f"Cannot parse {PAIRED}", "Cannot parse ***"),
        (r"at https:\/\/host\/a?b=c now", "at *** now"),
        (
            "Error: Media upload has failed with error code 2207026",
            "Error: Media upload has failed with error code 2207026",
        ),
        ("(#9) You reached\nthe maximum\u202e number", "(#9) You reached the maximum number"),
        ("word " * 100, "word " * 60 + "…"),
    ],
)
def test_words_are_one_line_without_what_looks_like_a_secret(words: str, kept: str) -> None:
    assert told(words) == kept


def test_secret_of_a_query_is_hidden_however_short() -> None:
    assert told("no token abc", Ask("http://x", None, {"input_token": "abc"})) == "no token ***"


async def test_nothing_that_was_asked_is_kept_of_a_call_without_an_answer() -> None:
    assert (await failure("http://127.0.0.1:1")).answered is None


async def test_silence_and_a_broken_connection_are_told_apart() -> None:
    async with serve(silence) as wire:
        silent = await failure(wire.url, seconds=0.05)
    async with serve(breaks_off(b"")) as wire:
        broken = await failure(wire.url)

    assert str(silent) == "Instagram did not answer in time."
    assert str(broken) == "The connection to Instagram broke before its answer came."


async def test_what_stood_in_the_way_of_a_connection_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        gone = server.getsockname()[1]
    async with serve(replies(200, "")) as wire:
        unencrypted = await failure(wire.url.replace("http", "https"))

    assert (
        str(await failure(f"http://127.0.0.1:{gone}")) == "Instagram could not be reached: the connection was refused."
    )
    assert str(await failure("http://name.invalid")) == "Instagram could not be reached: its name was not found (DNS)."
    assert str(unencrypted) == "Instagram could not be reached: no encrypted connection came about (TLS)."
