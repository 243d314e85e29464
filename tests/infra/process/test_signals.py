"""Signals as a terminal, a container and a supervisor send them, to real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

ROOT = Path(__file__).parent.parent.parent.parent
TOKEN = "123456:AAsandboxsandboxsandboxsandboxsandb"
AS_PROCESS_1 = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
STOPS = [signal.SIGTERM, signal.SIGHUP, signal.SIGINT]
END_SECONDS = 50
SETTINGS = {"PATH": os.defpath, "LANG": "C.UTF-8", "TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": "http://127.0.0.1:9"}
SETTINGS |= {"PORT": "0", "SHUTDOWN_GRACE_SECONDS": "2", "PYTHONDONTWRITEBYTECODE": "1"}


def namespaces_are_permitted() -> bool:
    try:
        return subprocess.run([*AS_PROCESS_1, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@contextmanager
def started(command: list[str], folder: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A process in its own session, so that no signal of a terminal reaches it; in the end it is gone."""
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=SETTINGS | {"DATA_DIR": str(folder)} | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def everytap(*words: str) -> list[str]:
    return [sys.executable, "main.py", *words]


def importing(*words: str) -> list[str]:
    """The command, telling each import on stderr once it is done."""
    return [sys.executable, "-X", "importtime", "main.py", *words]


def until_said(stream: IO[str] | None, words: str) -> None:
    """Read until a line has these words."""
    assert stream is not None
    assert any(words in line for line in stream), words


def child_of(process: subprocess.Popen[str]) -> int:
    """The process that `unshare` started."""
    [child] = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return int(child)


@pytest.mark.parametrize("number", STOPS)
def test_worker_that_is_stopped_in_its_first_second_has_not_failed(tmp_path: Path, number: signal.Signals) -> None:
    with started(importing("run"), tmp_path) as worker:
        until_said(worker.stderr, "typer")
        worker.send_signal(number)
        told, _ = worker.communicate(timeout=END_SECONDS)

    assert (worker.returncode, told) == (0, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not namespaces_are_permitted(), reason="needs leave to make a process 1")
@pytest.mark.parametrize("number", STOPS)
def test_signal_in_the_first_second_counts_for_process_1(tmp_path: Path, number: signal.Signals) -> None:
    """The kernel keeps from it what it has no handler for."""
    with started([*AS_PROCESS_1, *importing("run")], tmp_path) as container:
        until_said(container.stderr, "typer")
        os.kill(child_of(container), number)
        told, _ = container.communicate(timeout=END_SECONDS)

    assert (container.returncode, told) == (0, "")


@pytest.mark.skipif(not namespaces_are_permitted(), reason="needs leave to make a process 1")
def test_process_1_stops_its_database_and_ends_with_0(tmp_path: Path) -> None:
    with started([*AS_PROCESS_1, *everytap("run")], tmp_path) as container:
        until_said(container.stdout, "worker.started")
        os.kill(child_of(container), signal.SIGTERM)
        container.communicate(timeout=END_SECONDS)

    assert container.returncode == 0
    assert not (tmp_path / "postgres" / "postmaster.pid").exists()


@pytest.mark.parametrize("number", STOPS)
def test_b15_every_signal_that_ends_a_session_is_an_orderly_stop_with_its_line(
    tmp_path: Path, database_url: str, number: signal.Signals
) -> None:
    with started(everytap("run"), tmp_path, DATABASE_URL=database_url) as worker:
        until_said(worker.stdout, "worker.started")
        worker.send_signal(number)
        until_said(worker.stdout, f'"signal": "{number.name}"')
        until_said(worker.stdout, "worker.stopped")
        worker.communicate(timeout=END_SECONDS)

    assert worker.returncode == 0


def test_b15_worker_under_nohup_stays_when_the_terminal_goes(tmp_path: Path, database_url: str) -> None:
    """Of two signals that wait the kernel hands over the one with the lower number first: SIGHUP."""
    with started(["nohup", *everytap("run")], tmp_path, DATABASE_URL=database_url) as worker:
        until_said(worker.stdout, "worker.started")
        worker.send_signal(signal.SIGHUP)
        worker.send_signal(signal.SIGTERM)
        told, _ = worker.communicate(timeout=END_SECONDS)

    assert worker.returncode == 0
    assert ("SIGTERM" in told, "SIGHUP" in told) == (True, False)


@pytest.mark.parametrize("number", STOPS)
def test_command_that_is_broken_off_ends_without_a_word(tmp_path: Path, number: signal.Signals) -> None:
    """Nothing answers at its database's address, so it waits."""
    with started(everytap("chat", "list"), tmp_path, DATABASE_URL="postgresql://me:no@127.0.0.1:9/x") as command:
        until_said(command.stderr, "still trying")
        command.send_signal(number)
        told = command.communicate(timeout=END_SECONDS)

    assert (command.returncode, told) == (130, ("", ""))


def test_worker_that_was_started_in_a_script_hears_ctrl_c(tmp_path: Path, database_url: str) -> None:
    """A shell without job control has its background ignore it."""
    script = f'{sys.executable} main.py run & echo "$!"; wait "$!"'
    with started(["/bin/sh", "-c", script], tmp_path, DATABASE_URL=database_url) as shell:
        assert shell.stdout is not None
        worker = int(shell.stdout.readline())
        until_said(shell.stdout, "worker.started")
        os.kill(worker, signal.SIGINT)
        shell.communicate(timeout=END_SECONDS)

    assert shell.returncode == 0


def test_crash_that_nobody_reads_about_still_ends_the_process() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    os.write(writer, b"x" * 65_536)
    os.set_blocking(writer, True)
    program = "from infra.process import first; first.begin(); raise RuntimeError('it is over')"

    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stderr=writer) as process:
        status = process.wait(END_SECONDS)
    os.close(reader)
    os.close(writer)

    assert status == 1


def test_stream_that_was_closed_before_the_start_is_no_crash(tmp_path: Path, database_url: str) -> None:
    command = f'{sys.executable} main.py chat list --json <&- >&- 2>"$1/said"'
    done = subprocess.run(
        ["/bin/sh", "-c", command, "sh", str(tmp_path)],
        cwd=ROOT,
        env=SETTINGS | {"DATABASE_URL": database_url},
        timeout=END_SECONDS,
        check=False,
    )

    assert (done.returncode, (tmp_path / "said").read_text()) == (0, "")
