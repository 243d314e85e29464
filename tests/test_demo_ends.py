"""How a demo ends, in whatever way: its worker, its PostgreSQL and its folder end with it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

MAIN = Path(__file__).parent.parent / "main.py"

pytestmark = pytest.mark.timeout(180)  # each of them lays out a database of its own


@contextmanager
def demo(tmp_path: Path, *arguments: str, script: str = 'exec "$@"') -> Iterator[subprocess.Popen[str]]:
    """A demo that plays, run by a line of shell; whatever it keeps on disk is in the folder."""
    own = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TMPDIR": str(tmp_path)}
    command = ["/bin/sh", "-c", script, "sh", sys.executable, str(MAIN), "demo", *arguments]
    with subprocess.Popen(
        command, env=own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        yield process
        process.stdout.close()


def until_it_plays(process: subprocess.Popen[str]) -> None:
    """Wait until it says where, with its worker under way."""
    assert process.stdout is not None
    assert any("http://" in line for line in process.stdout)


def until_nothing_is_left(folder: Path) -> None:
    """Wait until no process names the folder, and nothing is in it; neither announces its end."""
    while any(folder.iterdir()) or any(str(folder) in line for line in processes()):
        time.sleep(0.05)


def processes() -> Iterator[str]:
    """The command lines of all processes; of one that has just ended there is none."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield path.read_text(errors="replace")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_demo_that_is_told_to_end_takes_its_worker_and_its_database_with_it(
    tmp_path: Path, number: signal.Signals
) -> None:
    """They wrote into its folder, which is removed after the last of them has ended."""
    with demo(tmp_path, "--no-browser") as process:
        until_it_plays(process)
        process.send_signal(number)
        status = process.wait(50)

        assert status == 130
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["--no-browser"], ["--headless", "--seconds", "600"]])
def test_demo_that_is_killed_leaves_no_worker_no_database_and_no_folder(tmp_path: Path, arguments: list[str]) -> None:
    with demo(tmp_path, *arguments) as process:
        until_it_plays(process)
        process.kill()

        until_nothing_is_left(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_demo_in_the_background_of_a_script_can_be_stopped(tmp_path: Path, number: signal.Signals) -> None:
    """A shell without job control has it ignore SIGINT, and with that what used to be made of SIGTERM."""
    with demo(tmp_path, "--no-browser", script='"$@" & echo "$!"; wait "$!"') as shell:
        assert shell.stdout is not None
        background = int(shell.stdout.readline())
        until_it_plays(shell)
        os.kill(background, number)
        status = shell.wait(50)

        assert status == 130
        assert list(tmp_path.iterdir()) == []
