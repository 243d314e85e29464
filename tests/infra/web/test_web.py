"""Health over real HTTP, on loopback."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import anyio
import pytest
from aiohttp import web

from actors.runtime.child import ChildState
from infra.web.health import LOOP_SECONDS, CrashWatch, alive
from infra.web.probe import health_of
from infra.web.server import PortTaken, check, listen, serve
from tests.infra.web.vitals import DOWN, UP, FakeVitals
from tests.kit.clock import on_either_asyncio

anyio_backend = on_either_asyncio


@asynccontextmanager
async def served(vitals: FakeVitals) -> AsyncIterator[str]:
    listener = listen("127.0.0.1", 0)
    stopping = anyio.Event()
    with listener:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(serve, vitals, listener, stopping, lambda: None)
            try:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            finally:
                stopping.set()


async def probe(url: str) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.json()


async def test_worker_that_is_well_says_so() -> None:
    async with served(FakeVitals()) as url:
        code, body = await probe(f"{url}/healthz")
        assert await check(f"{url}/healthz") == (True, "The worker is well.")

    assert (code, body["ok"], body["problems"]) == (200, True, [])
    assert body["children"]["intake"] == {"up": True, "restarts": 0}
    assert body["poll_silence_seconds"] == 3.0


@pytest.mark.parametrize(
    ("vitals", "problem"),
    [
        (FakeVitals({"database": UP, "intake": DOWN}), "intake is down"),
        (FakeVitals(poller="has ended"), "the poller has ended"),
    ],
)
async def test_worker_that_is_not_well_is_red_and_says_why(vitals: FakeVitals, problem: str) -> None:
    async with served(vitals) as url:
        code, body = await probe(f"{url}/healthz")
        well, sentence = await check(f"{url}/healthz")

    assert (code, body["ok"], body["problems"]) == (503, False, [problem])
    assert "secret" not in str(body)
    assert (well, sentence) == (False, f"The worker is not well: {problem}.")


@pytest.mark.parametrize(
    "vitals",
    [
        FakeVitals(silence_seconds=None),
        FakeVitals(database="away"),
        FakeVitals(silence_seconds=600.0, telegram="HTTP 502"),
    ],
)
async def test_standby_and_outage_are_not_cured_by_a_restart(vitals: FakeVitals) -> None:
    async with served(vitals) as url:
        code, _ = await probe(f"{url}/healthz")

    assert code == 200


async def test_crash_loop_is_red_although_the_child_is_up_at_each_look() -> None:
    vitals = FakeVitals()
    async with served(vitals) as url:
        await probe(f"{url}/healthz")
        vitals.state["intake"] = ChildState(up=True, restarts=3, last_error=None)
        code, body = await probe(f"{url}/healthz")

    assert (code, body["problems"]) == (503, ["intake crashes again and again"])


def test_crash_loop_is_forgiven_when_it_has_ended() -> None:
    watch = CrashWatch()
    crashed = FakeVitals({"intake": ChildState(up=True, restarts=3, last_error=None)})
    alive(FakeVitals({"intake": UP}), watch, 0.0)

    codes = [alive(crashed, watch, now).code for now in (10.0, 20.0, 10.0 + LOOP_SECONDS, 11.0 + LOOP_SECONDS)]

    assert codes == [503, 503, 200, 200]


@pytest.mark.parametrize(
    ("vitals", "problem"),
    [
        (FakeVitals(database="no answer for 12 s"), "database: no answer for 12 s"),
        (FakeVitals(telegram="HTTP 502"), "telegram: HTTP 502"),
    ],
)
async def test_worker_is_not_ready_while_the_outside_is_away(vitals: FakeVitals, problem: str) -> None:
    async with served(vitals) as url:
        code, body = await probe(f"{url}/readyz")

    assert (code, body["problems"]) == (503, [problem])


async def test_what_the_set_up_lacks_is_shown_and_leaves_the_worker_ready() -> None:
    """Each tap is recorded all the same."""
    async with served(FakeVitals(lacks=["SECRET_KEYS is not set."])) as url:
        code, body = await probe(f"{url}/readyz")

    assert (code, body["ok"], body["setup"]) == (200, True, ["SECRET_KEYS is not set."])


async def test_worker_is_ready_when_the_outside_answers() -> None:
    async with served(FakeVitals()) as url:
        code, body = await probe(f"{url}/readyz")

    assert (code, body["database"], body["telegram"]) == (200, True, True)


async def test_server_can_be_started_again_on_its_port() -> None:
    """A supervisor does so after a crash."""
    with listen("127.0.0.1", 0) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/healthz"
        for _ in range(2):
            stopping = anyio.Event()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(serve, FakeVitals(), listener, stopping, lambda: None)
                assert (await probe(url))[0] == 200
                stopping.set()


async def test_taken_port_is_named_in_one_sentence() -> None:
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(PortTaken, match=f"PORT {port} cannot be listened on .*set PORT to another one"):
            listen("127.0.0.1", port)


async def test_nobody_there_is_not_well(free_tcp_port: int) -> None:
    url = f"http://127.0.0.1:{free_tcp_port}/healthz"

    assert await check(url) == (False, f"No worker answers at {url}.")


async def test_stranger_on_the_port_is_not_taken_for_a_worker() -> None:
    runner = web.AppRunner(web.Application())
    await runner.setup()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        await web.SockSite(runner, listener).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/healthz"

        well, sentence = await check(url)

        await runner.cleanup()

    assert (well, sentence) == (False, f"What answers at {url} is not a worker of everytap.")


async def test_worker_without_a_host_is_asked_by_both_families() -> None:
    """Private networks of some platforms are IPv6 alone; a container's own probe comes by IPv4."""
    with listen(None, 0) as listener:
        port = listener.getsockname()[1]
        stopping = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(serve, FakeVitals(), listener, stopping, lambda: None)

            answers = [await probe(f"http://{host}:{port}/healthz") for host in ("127.0.0.1", "[::1]")]

            stopping.set()

    assert [code for code, _ in answers] == [200, 200]


async def test_machine_without_ipv6_is_listened_on_by_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: False)

    with listen(None, 0) as listener:
        assert listener.family is socket.AF_INET


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::"])
async def test_worker_is_asked_where_it_listens(host: str) -> None:
    with listen(host, 0) as listener:
        url = health_of(host, listener.getsockname()[1])
        stopping = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(serve, FakeVitals(), listener, stopping, lambda: None)

            found = await check(url)

            stopping.set()

    assert found == (True, "The worker is well.")


async def test_taken_port_is_named_whichever_family_took_it() -> None:
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(PortTaken, match=f"PORT {port} cannot be listened on"):
            listen(None, port)


async def test_host_of_another_machine_is_named() -> None:
    with pytest.raises(
        PortTaken, match=r"^HOST 192\.0\.2\.1 cannot be listened on .*address of this machine, or unset"
    ):
        listen("192.0.2.1", 0)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        (None, "http://127.0.0.1:81/healthz"),
        ("", "http://127.0.0.1:81/healthz"),
        ("::", "http://[::1]:81/healthz"),
        ("10.0.0.1", "http://10.0.0.1:81/healthz"),
        ("2001:db8::1", "http://[2001:db8::1]:81/healthz"),
    ],
)
def test_health_is_asked_of_an_address_that_the_machine_has(host: str | None, url: str) -> None:
    assert health_of(host, 81) == url
