"""The worker's own HTTP server: /healthz, /readyz and the routes it is given, on the worker's event loop."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from actors.errors import PortError
from infra.web.gate import Gate, most_connections
from infra.web.health import CrashWatch, HealthVerdict, Vitals, alive, ready
from infra.web.probe import CHECK_SECONDS, probe

BACKLOG = 128
NO_SUCH_ADDRESS = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
NO_CACHE = {"cache-control": "no-store"}


class PortTaken(PortError):
    """The port cannot be listened on; the text is one sentence for the operator."""


def listen(host: str | None, port: int) -> socket.socket:
    """Take the port (0: any free one) before anything is started; raises PortTaken. No host means all addresses."""
    try:
        return _server(host, port) if host else _server_everywhere(port)
    except OSError as error:
        why = os.strerror(error.errno or 0)
        if error.errno in NO_SUCH_ADDRESS:
            sentence = f"HOST {host} cannot be listened on ({why}): set it to an address of this machine, or unset it."
        else:
            sentence = f"PORT {port} cannot be listened on ({why}): stop what uses it, or set PORT to another one."
        raise PortTaken(sentence) from error


async def serve(
    vitals: Vitals, listener: socket.socket, stopping: anyio.Event, on_bound: Callable[[], None], *routes: Route
) -> None:
    """Answer until `stopping` is set; may be called again with the same listener, which stays open."""
    gate = Gate(build_app(vitals, *routes), most_connections())  # type: ignore[arg-type]  # two spellings of ASGI
    on_bound()
    await gate.run(listener, stopping)


def build_app(vitals: Vitals, *routes: Route) -> Starlette:
    """The two probes, and what else is shown; the watch over restarts begins here."""
    crashes = CrashWatch()
    crashes.looping(vitals.children(), anyio.current_time())

    async def healthz(_: Request) -> JSONResponse:
        return _answer(alive(vitals, crashes, anyio.current_time()))

    async def readyz(_: Request) -> JSONResponse:
        return _answer(ready(vitals))

    app = Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), *routes])
    app.router.redirect_slashes = False  # it would send people to whatever host their request names
    return app


async def check(url: str, seconds: float = CHECK_SECONDS) -> tuple[bool, str]:
    """Ask a worker how it is; says so in one sentence."""
    return await anyio.to_thread.run_sync(probe, url, seconds)


def _answer(verdict: HealthVerdict) -> JSONResponse:
    return JSONResponse(verdict.wire(), verdict.code, NO_CACHE)


def _server_everywhere(port: int) -> socket.socket:
    """By both families, where the machine has both: some platforms' private networks are IPv6 alone."""
    if not socket.has_dualstack_ipv6():
        return _server("0.0.0.0", port)  # noqa: S104 - a container's orchestrator asks for health from outside
    return _server("::", port)


def _server(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = host == "::" and socket.has_dualstack_ipv6()
    return socket.create_server((host, port), family=family, backlog=BACKLOG, dualstack_ipv6=both)
