"""Health from outside: a process whose event loop is blocked or which is stopped, as a container's probe sees it."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.web.probe import CHECK_SECONDS, probe

ROOT = Path(__file__).parent.parent.parent.parent
SOON_SECONDS = 0.5  # these answer in a millisecond or never
RED_WITHIN_SECONDS = 30


@dataclass(frozen=True)
class Served:
    """A web server of a worker, in a process of its own."""

    process: subprocess.Popen[str]
    url: str
    port: int

    def next_line(self) -> str:
        """Wait until it says something."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def block(self) -> None:
        """Have its event loop blocked."""
        with socket.create_connection(("127.0.0.1", self.port)) as asking:
            asking.sendall(b"GET /block HTTP/1.1\r\nHost: here\r\n\r\n")
            assert self.next_line() == "blocked"


@pytest.fixture
def served() -> Iterator[Served]:
    command = [sys.executable, "-m", "tests.infra.web.blocked"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield Served(process, f"http://127.0.0.1:{port}/healthz", port)
        process.kill()


def test_loop_that_hangs_is_red_because_nobody_answers(served: Served) -> None:
    assert probe(served.url, SOON_SECONDS) == (True, "The worker is well.")
    served.block()

    well, sentence = probe(served.url, SOON_SECONDS)

    assert (well, sentence) == (False, f"The worker at {served.url} does not answer within 0.5 s: it hangs.")


def test_process_that_is_frozen_is_red_and_green_when_it_goes_on(served: Served) -> None:
    served.process.send_signal(signal.SIGSTOP)
    assert not probe(served.url, SOON_SECONDS)[0]

    served.process.send_signal(signal.SIGCONT)

    assert probe(served.url) == (True, "The worker is well.")


def test_container_runs_the_probe_and_reads_its_exit_status(served: Served) -> None:
    """As the Dockerfile writes it, with the shell's own variable."""
    command = health_check().partition("CMD ")[2].replace("python ", f"{sys.executable} ")
    environment = {"PATH": "/usr/bin:/bin", "PORT": str(served.port)}

    def run() -> subprocess.CompletedProcess[str]:
        shell = ["/bin/sh", "-c", command]
        return subprocess.run(shell, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    well = run()
    served.process.kill()
    served.process.wait()
    gone = run()

    assert (well.returncode, well.stdout) == (0, "The worker is well.\n")
    assert (gone.returncode, gone.stdout) == (1, f"No worker answers at {served.url}.\n")


def test_container_is_unhealthy_within_30_seconds_of_a_hang() -> None:
    """The longest way: a worker that dies just after a probe is asked `retries` times more, each time in vain."""
    found = dict(re.findall(r"--(interval|timeout|retries)=(\d+)", health_check()))
    interval, timeout, retries = (int(found[name]) for name in ("interval", "timeout", "retries"))

    assert retries * (interval + timeout) <= RED_WITHIN_SECONDS
    assert timeout > CHECK_SECONDS


def health_check() -> str:
    """The instruction of the Dockerfile."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    return next(line for line in lines if line.startswith("HEALTHCHECK"))
