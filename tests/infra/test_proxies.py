"""Which calls go by a proxy, and that each adapter's do: over a proxy that alone knows where a name leads."""

from __future__ import annotations

import os
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from urllib.parse import urlsplit

import anyio
import pytest

from actors.domain.account import Login
from actors.domain.item import MediaKind, Story
from actors.errors import PortError, Refused, Unreachable
from infra.instagram.graph import open_instagram
from infra.instagram.settings import settings_for
from infra.media.bucket import Bucket, BucketMedia
from infra.media.reach import Reach
from infra.proxies import Proxies, SocksProxy
from infra.sandbox.server import open_sandbox
from infra.telegram.bot import open_telegram
from tests.http_proxy import counting_proxy
from tests.infra.instagram.accounts import around
from tests.kit.clock import on_either_asyncio

anyio_backend = on_either_asyncio

MAIN = Path(__file__).parent.parent.parent / "main.py"
STORY = Story(3, MediaKind.PHOTO, "ab/abc.png", "sunset.png", "Sunset", "")
ANNA = b64encode(b"anna:pa@ss").decode()
PROXY, SECURE, REST = "http://web:1", "http://tls:2", "http://rest:3"
EVERYTHING = Proxies(PROXY, SECURE, REST)


class NoMedia:
    """Telegram has every file."""

    async def shown(self, story: Story) -> bytes:
        raise AssertionError(story)

    async def thumbnail(self, story: Story) -> bytes | None:
        raise AssertionError(story)

    async def original(self, story: Story) -> bytes:
        raise AssertionError(story)


@pytest.mark.parametrize(
    ("proxies", "url", "proxy"),
    [
        (EVERYTHING, "https://api.telegram.org/bot", SECURE),
        (EVERYTHING, "http://api.telegram.org:8081", PROXY),
        (Proxies(rest=REST), "https://api.telegram.org", REST),
        (Proxies(http=PROXY), "https://api.telegram.org", None),
        (Proxies(), "https://api.telegram.org", None),
    ],
)
def test_proxy_is_the_one_of_the_scheme_or_the_one_for_all(proxies: Proxies, url: str, proxy: str | None) -> None:
    assert proxies.of(url) == proxy


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "[::1]", "localhost", "api.localhost", "LOCALHOST."])
def test_this_machine_is_never_asked_by_a_proxy(host: str) -> None:
    """No proxy leads back to where we are: the demo and a local Bot API server work in a company, too."""
    assert EVERYTHING.of(f"http://{host}:8081/x") is None


@pytest.mark.parametrize(
    ("names", "url"),
    [
        ("*", "https://api.telegram.org"),
        ("telegram.org", "https://api.telegram.org"),
        (".telegram.org", "https://api.telegram.org"),
        ("*.telegram.org", "https://api.telegram.org"),
        ("a.example, TELEGRAM.org", "https://API.telegram.org."),
        ("a.example telegram.org:443", "https://api.telegram.org"),
        ("telegram.org:8081", "http://api.telegram.org:8081"),
        ("10.0.0.0/8", "http://10.1.2.3:8081"),
        ("10.1.2.3", "http://10.1.2.3"),
        ("10.1.2.3:8081", "http://10.1.2.3:8081"),
        ("fd00::/8", "http://[fd00::1]:8081"),
        ("[fd00::1]", "http://[fd00::1]"),
    ],
)
def test_what_no_proxy_names_is_asked_straight(names: str, url: str) -> None:
    assert Proxies(PROXY, SECURE, none_for=names).of(url) is None


@pytest.mark.parametrize(
    ("names", "url"),
    [
        ("", "https://api.telegram.org"),
        (",", "https://api.telegram.org"),
        (".", "https://api.telegram.org"),
        ("gram.org", "https://api.telegram.org"),
        ("telegram.org:8081", "https://api.telegram.org"),
        ("10.0.0.0/8", "http://11.1.2.3"),
        ("1.2.3", "http://10.1.2.3"),
        ("10.1.2.3:80", "http://10.1.2.3:8081"),
        ("fd00::/8", "http://10.1.2.3"),
    ],
)
def test_what_no_proxy_does_not_name_goes_by_the_proxy(names: str, url: str) -> None:
    assert Proxies(PROXY, SECURE, none_for=names).of(url) is not None


def test_proxy_is_shown_without_its_password() -> None:
    proxies = Proxies(https="http://anna:hunter2@proxy.example.org:3128")

    assert proxies.shown("https://api.telegram.org") == "proxy.example.org:3128"
    assert "hunter2" not in repr(proxies)


@pytest.mark.parametrize("scheme", ["socks", "socks5", "socks5h", "socks4"])
def test_socks_is_refused_with_the_way_out(scheme: str) -> None:
    with pytest.raises(
        SocksProxy, match=r"^The proxy for api\.telegram\.org is a SOCKS one.*set HTTPS_PROXY to one that"
    ):
        Proxies(rest=f"{scheme}://127.0.0.1:1080").of("https://api.telegram.org")


def test_socks_for_the_rest_is_not_asked_where_there_is_another_proxy() -> None:
    """GNOME sets all of them at once."""
    assert Proxies(https=SECURE, rest="socks://127.0.0.1:1080").of("https://api.telegram.org") == SECURE


async def test_telegram_is_reached_where_only_the_proxy_knows_it() -> None:
    async with open_sandbox() as sandbox, counting_proxy({"telegram.test": port_of(sandbox.url)}) as proxy:
        login = proxy.url.replace("//", "//anna:pa%40ss@")
        async with open_telegram(sandbox.token, "http://telegram.test", NoMedia(), login) as (chat, _):
            name = await chat.own_name()

    assert name
    assert proxy.asked[0].startswith(f"POST http://telegram.test/bot{sandbox.token}/getMe")
    assert proxy.keys[0] == f"Basic {ANNA}"


@pytest.mark.parametrize("login", [Login.FACEBOOK, Login.INSTAGRAM])
async def test_instagram_is_asked_by_the_proxy_over_a_tunnel(login: Login) -> None:
    """The proxy lets nothing through: then nothing has left, and nothing is in doubt."""
    async with counting_proxy({}) as proxy:
        settings = settings_for("https://graph.test", proxy=Proxies(https=proxy.url).of)
        async with open_instagram(settings, around()) as instagram:
            with pytest.raises(
                Unreachable, match=r"^Instagram could not be reached: the proxy did not let us through \(HTTP 403\)\.$"
            ):
                await instagram.who("a-token", login, "17")

    assert {line.partition(" HTTP")[0] for line in proxy.asked} == {"CONNECT graph.test:443"}


async def test_proxy_that_is_away_leaves_no_doubt(free_tcp_port: int) -> None:
    away = Proxies(https=f"http://me:hunter2@127.0.0.1:{free_tcp_port}")
    async with open_instagram(settings_for("https://graph.test", proxy=away.of), around()) as instagram:
        with pytest.raises(Unreachable, match=r"^Instagram could not be reached: the proxy does not answer\.$"):
            await instagram.who("a-token", Login.FACEBOOK, "17")


async def test_storys_link_is_tried_by_the_proxy() -> None:
    async def link(_: Story) -> str:
        return "http://stories.test/media/x?signature=secret"

    async with open_sandbox() as sandbox, counting_proxy({"stories.test": port_of(sandbox.url)}) as proxy:
        with pytest.raises(PortError) as raised:
            await Reach(link, Proxies(http=proxy.url).of)(STORY)

    assert isinstance(raised.value, Refused)  # somebody answered
    assert len(proxy.asked) == 1


@pytest.mark.parametrize(
    ("url", "by_proxy"), [("http://bucket.test", True), ("http://bucket.test", False), ("http://127.0.0.1:9", False)]
)
async def test_bucket_is_reached_by_its_proxy_and_by_no_other(
    monkeypatch: pytest.MonkeyPatch, url: str, by_proxy: bool
) -> None:
    """Its library would look for one in the environment, and knows no `.env`."""
    async with counting_proxy({}) as proxy, counting_proxy({}) as strange:
        monkeypatch.setenv("HTTP_PROXY", strange.url)
        login = proxy.url.replace("//", "//anna:pa%40ss@") if by_proxy else None
        bucket = Bucket("stories", url, key_id="AKTEST", key="a key of the tests", proxy=login)

        with pytest.raises(Unreachable):
            await BucketMedia(bucket).original(STORY)

    assert strange.asked == []
    assert (proxy.asked != [], set(proxy.keys)) == (by_proxy, {f"Basic {ANNA}"} if by_proxy else set())


@pytest.mark.timeout(120)
@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
async def test_worker_goes_by_the_proxy_of_its_environment_and_says_which(tmp_path: Path, database_url: str) -> None:
    async with open_sandbox() as sandbox, counting_proxy({"telegram.test": port_of(sandbox.url)}) as proxy:
        environment = {
            "PATH": "/usr/bin:/bin",
            "ENV_FILE": os.devnull,
            "DATA_DIR": str(tmp_path),
            "PORT": "0",
            "DATABASE_URL": database_url,
            "TELEGRAM_TOKEN": sandbox.token,
            "TELEGRAM_API_URL": "http://telegram.test",
            "http_proxy": proxy.url.replace("//", "//anna:hunter2@"),
            "NO_PROXY": "graph.facebook.com",
        }
        lines = await started(environment)

    told = [line for line in lines if '"proxies"' in line]
    assert len(told) == 1
    assert f'"telegram": "{proxy.url.removeprefix("http://")}"' in told[0]
    assert [line for line in lines if "hunter2" in line] == []
    assert any("/getUpdates" in line for line in proxy.asked)


async def started(environment: dict[str, str]) -> list[str]:
    """Run a worker until it polls, and return what it has logged."""
    lines: list[str] = []
    command = [sys.executable, str(MAIN), "run"]
    async with await anyio.open_process(command, env=environment, stderr=None) as worker:
        assert worker.stdout is not None
        async for chunk in worker.stdout:
            lines += chunk.decode().splitlines()
            if any('"intake.polling"' in line or '"worker.started"' in line for line in lines):
                break
        await anyio.sleep(1)
        worker.terminate()
        await worker.wait()
    return lines


def test_worker_behind_a_socks_proxy_is_told_before_it_starts(tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", "ENV_FILE": os.devnull, "DATA_DIR": str(tmp_path), "PORT": "0"}
    environment |= {"TELEGRAM_TOKEN": "123456:" + "A" * 35, "ALL_PROXY": "socks5h://me:hunter2@127.0.0.1:1080"}

    done = subprocess.run(
        [sys.executable, str(MAIN), "run"], env=environment, capture_output=True, text=True, timeout=50, check=False
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "The proxy for api.telegram.org is a SOCKS one, which everytap does not speak: set HTTPS_PROXY to one that "
        "speaks HTTP, or name the host in NO_PROXY.\n"
    )


def port_of(url: str) -> int:
    return urlsplit(url).port or 0
