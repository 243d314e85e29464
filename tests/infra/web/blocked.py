"""A worker's web server in a process of its own, whose event loop blocks for ever when it is asked to."""

from __future__ import annotations

import sys
import time

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.web.server import listen, serve
from tests.infra.web.vitals import FakeVitals


async def block(_: Request) -> Response:
    """Never come back to the loop."""
    sys.stdout.write("blocked\n")
    sys.stdout.flush()
    while True:
        time.sleep(1.0)  # noqa: ASYNC251 - that is the point


async def main() -> None:
    """Serve until killed; the first line says where."""
    with listen("127.0.0.1", 0) as listener:

        def on_bound() -> None:
            sys.stdout.write(f"{listener.getsockname()[1]}\n")
            sys.stdout.flush()

        await serve(FakeVitals(), listener, anyio.Event(), on_bound, Route("/block", block))


if __name__ == "__main__":
    anyio.run(main, backend_options={"use_uvloop": True})
