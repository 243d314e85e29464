"""Calls that fail on their way: whether they can have happened, and what their errors tell."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import anyio
import pytest
from anyio.abc import SocketStream

from actors.domain.account import Login
from actors.errors import AnswerLost, PortError, Refused, TokenGone, Unreachable
from infra.instagram.graph import GraphInstagram, open_instagram
from infra.instagram.settings import FACEBOOK_URL, INSTAGRAM_URL, App, GraphSettings, settings_for
from infra.instagram.wire import Ask, GraphReply
from tests.infra.instagram.accounts import SIGNATURE, TOKEN, account, around, story
from tests.infra.instagram.leaks import APP_SECRET, leaked
from tests.infra.telegram.wire import Answer, breaks_off, replies, serve

OWNER = account()
Call = Callable[[GraphInstagram], Awaitable[object]]


async def create(instagram: GraphInstagram) -> object:
    return await instagram.create_container(OWNER, story(), "1")


async def look(instagram: GraphInstagram) -> object:
    return await instagram.container(OWNER, "17900000000000001")


async def publish(instagram: GraphInstagram) -> object:
    return await instagram.publish(OWNER, "17900000000000001")


async def renew(instagram: GraphInstagram) -> object:
    return await instagram.renew(OWNER)


async def who(instagram: GraphInstagram) -> object:
    return await instagram.who(TOKEN, Login.FACEBOOK, None)


async def silence(_: SocketStream) -> None:
    await anyio.sleep_forever()


async def failure(call: Call, settings: GraphSettings) -> PortError:
    """What a call raises."""
    async with open_instagram(settings, around()) as instagram:
        with pytest.raises(PortError) as caught:
            await call(instagram)
    return caught.value


def hurried(url: str) -> GraphSettings:
    return GraphSettings(url, url, App("1", APP_SECRET), publish_seconds=0.05, read_seconds=0.05)


def patient(url: str) -> GraphSettings:
    return GraphSettings(url, url, App("1", APP_SECRET))


CALLS: list[tuple[Call, type[PortError]]] = [
    (create, AnswerLost),
    (look, Unreachable),
    (publish, AnswerLost),
    (renew, AnswerLost),
    (who, Unreachable),
]
BREAKS = {
    "cut before a byte": breaks_off(b""),
    "cut in the head": breaks_off(b"HTTP/1.1 200 OK\r\nContent-"),
    "cut in the body": breaks_off(b'HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"id": "1'),
    "no HTTP": replies(200, "", "\0: \1\r\n"),
    "HTML": replies(502, "<html>Bad Gateway</html>"),
    "a redirect": replies(302, "", "Location: https://elsewhere.example/\r\n"),
    "no JSON": replies(200, "{"),
    "other JSON": replies(200, "[1, 2]"),
    "an empty id": replies(200, {"id": "", "status_code": 7, "data": 1, "access_token": ""}),
    "an error without a code": replies(400, {"error": {"message": "Meta's own words"}}),
}


@pytest.mark.parametrize(("call", "error"), CALLS)
@pytest.mark.parametrize("answer", BREAKS.values(), ids=BREAKS)
async def test_answer_that_is_no_answer_leaves_open_what_happened(
    call: Call, error: type[PortError], answer: Answer
) -> None:
    async with serve(answer) as wire:
        caught = await failure(call, patient(wire.url))

    assert type(caught) is error
    assert leaked(caught) == []


@pytest.mark.parametrize(("call", "error"), CALLS)
async def test_silence_leaves_open_what_happened(call: Call, error: type[PortError]) -> None:
    async with serve(silence) as wire:
        caught = await failure(call, hurried(wire.url))

    assert type(caught) is error
    assert leaked(caught) == []


@pytest.mark.parametrize("call", [create, look, publish, renew, who])
async def test_call_that_found_nobody_never_left(call: Call) -> None:
    async with serve(silence) as wire:
        gone = wire.url

    caught = await failure(call, patient(gone))

    assert type(caught) is Unreachable
    assert leaked(caught) == []


async def test_call_whose_encryption_fails_never_left() -> None:
    async with serve(replies(200, "")) as wire:
        caught = await failure(publish, patient(wire.url.replace("http", "https")))

    assert type(caught) is Unreachable
    assert leaked(caught) == []


async def test_answer_that_does_not_end_is_cut_off() -> None:
    async def flood(stream: SocketStream) -> None:
        await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 90000000\r\n\r\n")
        with pytest.raises(anyio.BrokenResourceError):
            await stream.send(b" " * 90_000_000)

    async with serve(flood) as wire:
        assert type(await failure(publish, patient(wire.url))) is AnswerLost


async def test_call_after_the_end_never_leaves() -> None:
    async with open_instagram(patient("http://127.0.0.1:1"), around()) as instagram:
        pass

    with pytest.raises(Unreachable):
        await publish(instagram)


async def test_token_is_sent_in_the_header_and_the_link_in_the_body() -> None:
    async with serve(replies(200, {"id": "5"})) as wire, open_instagram(patient(wire.url), around()) as instagram:
        assert await instagram.create_container(OWNER, story(), "1") == "5"

    (said,) = wire.heard
    first, _, rest = said.partition(b"\r\n")
    assert first.startswith(b"POST /v")
    assert TOKEN.encode() not in first
    assert SIGNATURE.split("=")[1].encode() not in first
    assert f"Authorization: Bearer {TOKEN}".encode() in rest


async def test_token_with_a_line_break_goes_nowhere() -> None:
    async with open_instagram(patient("http://127.0.0.1:1"), around()) as instagram:
        with pytest.raises(TokenGone):
            await instagram.publish(account("EAA\r\nX-Evil: 1"), "1")


async def test_sealed_token_that_no_key_opens_says_nothing_of_a_container() -> None:
    """Not Refused: that would be an answer about the container, and a container that is no good gets a successor."""
    owner = account()
    foreign = type(owner)(owner.id, owner.ig_user_id, owner.username, owner.login, b"sealed otherwise"[:6])

    async with open_instagram(patient("http://127.0.0.1:1"), around()) as instagram:
        with pytest.raises(Unreachable, match="No key"):
            await instagram.container(foreign, "1")


@pytest.mark.parametrize(
    ("api_url", "login", "host"),
    [
        (FACEBOOK_URL, Login.FACEBOOK, FACEBOOK_URL),
        (f"{FACEBOOK_URL}/", Login.INSTAGRAM, INSTAGRAM_URL),
        ("http://127.0.0.1:9", Login.FACEBOOK, "http://127.0.0.1:9"),
        ("http://127.0.0.1:9", Login.INSTAGRAM, "http://127.0.0.1:9"),
    ],
)
def test_each_login_has_its_own_host_unless_another_is_set(api_url: str, login: Login, host: str) -> None:
    assert settings_for(api_url).host(login) == host


def test_node_cannot_leave_its_place() -> None:
    assert patient("http://x").node(Login.FACEBOOK, "../me?x=1", "media").endswith("/..%2Fme%3Fx%3D1/media")


async def test_token_that_another_accounts_row_holds_is_not_even_sent() -> None:
    mine = account()
    foreign = type(mine)(2, "17841400000000002", "shop", mine.login, mine.sealed_token)

    async with serve(silence) as wire, open_instagram(patient(wire.url), around()) as instagram:
        with pytest.raises(Unreachable, match="No key"):
            await instagram.publish(foreign, "1")
        with pytest.raises(Unreachable, match="No key"):
            await instagram.renew(foreign)

    assert wire.heard == []


async def test_link_that_cannot_be_made_is_told_as_it_is() -> None:
    async def refuse(_story: object, _name: str) -> str:
        raise Refused("The file is missing.")

    calls = around()
    without = type(calls)(calls.unseal, calls.seal, refuse, calls.clock)
    async with open_instagram(patient("http://127.0.0.1:1"), without) as instagram:
        with pytest.raises(Refused, match="missing"):
            await create(instagram)


async def test_libraries_log_neither_token_nor_address(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async with serve(breaks_off(b"")) as wire:
        await failure(publish, patient(wire.url))
        await failure(who, patient(wire.url))

    assert TOKEN not in caplog.text
    assert wire.url not in caplog.text


def test_call_and_its_reply_show_no_more_than_where_and_how() -> None:
    """A failed test, or a log of ours, may print them."""
    ask = Ask("https://graph.example/media", TOKEN, {"input_token": TOKEN}, {"image_url": SIGNATURE})
    reply = GraphReply(200, TOKEN.encode(), {"x-secret": TOKEN})

    assert repr(ask) == "Ask(url='https://graph.example/media')"
    assert repr(reply) == "GraphReply(code=200)"
