"""A process that has imported what tests need of others, and forks for each run: most of a short run are imports.

Started by its path, in the folder whose tests it runs. It reads one JSON object a line (the arguments of pytest, where
its output goes, a bound) and writes the exit code of pytest, or null for a run that took longer. Nothing of the project
may be imported here: each run begins with the source as it stands then.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
import time
from importlib.util import find_spec

OTHERS = (
    "pytest",
    "_pytest.pytester",
    "anyio.pytest_plugin",
    "hypothesis",
    "pytest_timeout",
    "trio.testing",
    "aiohttp.web",
    "asyncpg",
    "cryptography.fernet",
    "hypercorn",
    "jinja2",
    "PIL.Image",
    "pydantic",
    "rich.table",
    "starlette.applications",
    "structlog.testing",
    "telegram",
    "typer.testing",
    "uvloop",
)
LOOK_SECONDS = 0.01
END_SECONDS = 20.0


def main() -> None:
    """Serve until the other end closes."""
    sys.path[0] = os.getcwd()
    for name in OTHERS:
        if find_spec(name.partition(".")[0]) is not None:
            importlib.import_module(name)
    gc.freeze()
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _run(asked["arguments"], asked["output"])
        print(json.dumps(_end(pid, asked["seconds"])), flush=True)  # noqa: T201  # the answer


def _run(arguments: list[str], output: str) -> None:
    """Be pytest, in a session of its own, and end."""
    os.setsid()
    with open(os.devnull, "rb") as nothing, open(output, "wb") as file:
        os.dup2(nothing.fileno(), 0)
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    pytest = importlib.import_module("pytest")
    code = int(pytest.main(arguments))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _end(pid: int, seconds: float) -> int | None:
    """Wait for its end; one that takes too long is asked to stop first, so that it stops its PostgreSQL."""
    code = _wait(pid, seconds)
    if code is None:
        os.kill(pid, signal.SIGINT)
        if _wait(pid, END_SECONDS) is None:
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    return code


def _wait(pid: int, seconds: float) -> int | None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(LOOK_SECONDS)
    return None


if __name__ == "__main__":
    main()
