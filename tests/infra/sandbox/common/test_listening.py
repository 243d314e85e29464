"""Where the sandbox listens, and whom it turns away."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest
from aiohttp import ClientSession

from infra.sandbox.common.listening import CannotListen, Listener, addresses, own_address
from infra.sandbox.demo import browser
from infra.sandbox.demo.headless import FIRST_PORT, invitation, ports
from infra.sandbox.server import open_sandbox
from infra.sandbox.telegram.rules import Rules
from tests.infra.sandbox.client import BotClient

DESK = {"DISPLAY": ":0", "TERM": "xterm"}
EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is tried here


@pytest.fixture
def taken() -> Iterator[int]:
    """A loopback port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_next_port_is_tried_when_the_first_is_taken(taken: int) -> None:
    second = free()

    with Listener(ports=(taken, second)).open() as listener:
        assert own_address(listener) == f"http://127.0.0.1:{second}"


def test_port_that_was_asked_for_is_that_one_or_none(taken: int) -> None:
    with pytest.raises(CannotListen, match=f"Port {taken} cannot be listened on .*; choose another --port"):
        Listener(ports=ports(False, taken)).open()


def test_demo_has_the_same_address_each_time() -> None:
    assert ports(False, None)[:2] == (FIRST_PORT, FIRST_PORT + 1)
    assert ports(True, None) == (0,)


@pytest.mark.parametrize("host", ["192.0.2.7", "", "2001:db8::1", "::zz"])
def test_host_that_is_not_ours_is_one_sentence(host: str) -> None:
    with pytest.raises(CannotListen, match=r"is no address of this machine.*--host"):
        Listener(host).open()


@pytest.mark.parametrize("host", [EVERYWHERE, "::"])
def test_everywhere_is_reached_here_by_the_loopback_address(host: str) -> None:
    with Listener(host).open() as listener:
        port = listener.getsockname()[1]

        assert own_address(listener) == addresses(listener)[0] == f"http://127.0.0.1:{port}"
        with socket.create_connection(("127.0.0.1", port), 5):
            pass


def test_address_of_the_other_family_is_written_as_an_url() -> None:
    with Listener("::1").open() as listener:
        assert own_address(listener) == f"http://[::1]:{listener.getsockname()[1]}"


def test_people_are_told_each_address_that_they_can_type() -> None:
    assert invitation(["http://127.0.0.1:8100"]) == "Open http://127.0.0.1:8100 and tap a button (Ctrl-C ends the demo)"
    assert "from another machine http://10.1.2.3:8100," in invitation(["http://127.0.0.1:1", "http://10.1.2.3:8100"])


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:8100", "LOCALHOST", "[::1]:8100", "10.1.2.3:99", socket.gethostname(), "demo.example.org", "shop:8100"],
)
def test_names_of_this_machine_and_those_that_were_given_are_let_in(host: str) -> None:
    listener = Listener("shop", names=("Demo.example.org",))

    assert listener.turns_away(host, None) is None
    assert listener.turns_away(host, f"http://{host}") is None


@pytest.mark.parametrize("host", ["evil.example:8100", "localhost.evil.example", "", "[", "127.0.0.1.nip.io", "a@b"])
def test_name_that_is_not_ours_is_turned_away(host: str) -> None:
    why = Listener().turns_away(host, None)

    assert why is not None
    assert "--allow-host" in why


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:9", "http://localhost:8100"])
def test_page_from_elsewhere_is_turned_away(origin: str) -> None:
    assert Listener().turns_away("127.0.0.1:8100", origin) == "A page from elsewhere may not act here."


STRANGERS = [{"host": "evil.example"}, {"origin": "https://evil.example"}, {"origin": "null"}]


@pytest.mark.parametrize("headers", STRANGERS)
async def test_strange_page_can_neither_write_nor_read(bot: BotClient, group: int, headers: dict[str, str]) -> None:
    """A form is sent without asking first: that its answer cannot be read undoes nothing."""
    sandbox = bot.sandbox
    saying = json.dumps({"chat_id": group, "user_id": 1, "text": "hi"})

    for path in ("/sandbox/messages", "/sandbox/page/say", f"/bot{sandbox.token}/sendMessage"):
        form = headers | {"content-type": "text/plain"}
        async with bot.http.post(f"{sandbox.url}{path}", data=saying, headers=form) as reply:
            assert reply.status == 403
    async with bot.http.get(f"{sandbox.url}/sandbox/journal", headers=headers) as reply:
        assert reply.status == 403

    assert sandbox.messages(group) == []


async def test_page_of_ours_may_write(bot: BotClient, group: int) -> None:
    own = {"origin": bot.sandbox.url}
    wish = {"chat_id": group, "user_id": 1, "text": "hi"}

    async with bot.http.post(f"{bot.sandbox.url}/sandbox/page/say", json=wish, headers=own) as reply:
        assert reply.status == 200


async def test_other_machines_reach_the_page_by_the_printed_address() -> None:
    async with open_sandbox(Listener(EVERYWHERE), Rules()) as sandbox, ClientSession() as http:
        own, *others = sandbox.address.pages

        assert own == sandbox.url
        assert [await chats(http, address) for address in (own, *others)] == [[] for _ in sandbox.address.pages]


async def chats(http: ClientSession, address: str) -> object:
    async with http.get(f"{address}/sandbox/chats") as reply:
        return await reply.json()


@pytest.mark.parametrize(
    ("environment", "is_terminal", "platform", "opened"),
    [
        (DESK, True, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True, "linux", True),
        ({}, True, "darwin", True),
        ({}, True, "linux", False),
        (DESK, False, "linux", False),
        (DESK | {"CI": "true"}, True, "linux", False),
        (DESK | {"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, True, "linux", False),
        ({"SSH_TTY": "/dev/pts/1"}, True, "darwin", False),
    ],
)
def test_browser_is_opened_only_before_a_screen(
    environment: dict[str, str], is_terminal: bool, platform: str, opened: bool
) -> None:
    assert browser.is_at_hand(environment, is_terminal, platform) is opened
