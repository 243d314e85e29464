"""The guard of a demo: it removes what its demo left behind, and gives up on what still has an owner."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.postgres.embedded.guard import end, guarded, main
from infra.postgres.embedded.server import lock

ROOT = Path(__file__).parents[3]
DEMO = """\
import sys
from pathlib import Path
from infra.postgres.embedded.guard import guarded
with guarded(Path(sys.argv[1])):
    print("guarded", flush=True)
    sys.stdin.read()
"""


class Clock:
    """A clock that only sleeping moves on."""

    def __init__(self) -> None:
        self.at = 5000.0

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


class Pipe:
    """What the guard reads from; notes whether the folder is there when the reading ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.there_at_the_end: list[bool] = []

    @property
    def buffer(self) -> Pipe:
        return self

    def read(self) -> bytes:
        self.there_at_the_end.append(self._folder.exists())
        return b""


@contextmanager
def owned(data_dir: Path) -> Iterator[None]:
    """A folder with an owner that lives: ourselves."""
    owners = data_dir / "postgres.owners"
    owners.mkdir(parents=True)
    descriptor = os.open(owners / "ours", os.O_RDWR | os.O_CREAT)
    assert lock(descriptor)
    try:
        yield
    finally:
        os.close(descriptor)


def test_folder_with_an_owner_is_left_alone_after_a_minute(tmp_path: Path) -> None:
    clock = Clock()

    with owned(tmp_path / "demo"):
        end(tmp_path / "demo", clock.now, clock.sleep)

    assert (tmp_path / "demo").exists()
    assert clock.at - 5000.0 == pytest.approx(60.0, abs=0.2)


def test_folder_is_removed_as_soon_as_its_last_owner_is_gone(tmp_path: Path) -> None:
    clock = Clock()
    with owned(tmp_path / "demo"):
        """Nobody takes its owner's file away."""

    end(tmp_path / "demo", clock.now, clock.sleep)

    assert not (tmp_path / "demo").exists()
    assert clock.at - 5000.0 <= 0.2


def test_folder_is_there_while_it_is_guarded_and_gone_afterwards(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()

    descriptors = os.listdir("/proc/self/fd")

    with guarded(tmp_path / "demo"):
        during = (tmp_path / "demo").exists()

    assert (during, (tmp_path / "demo").exists()) == (True, False)
    assert os.listdir("/proc/self/fd") == descriptors


def test_guard_waits_until_the_last_who_held_the_pipe_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "demo").mkdir()
    pipe = Pipe(tmp_path / "demo")
    monkeypatch.setattr(sys, "argv", ["guard", str(tmp_path / "demo")])
    monkeypatch.setattr(sys, "stdin", pipe)

    main()

    assert (pipe.there_at_the_end, (tmp_path / "demo").exists()) == ([True], False)


def test_guard_outlives_the_kill_of_its_demo_with_all_its_group(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    command = [sys.executable, "-c", DEMO, str(tmp_path / "demo")]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as demo:
        assert demo.stdout is not None
        assert demo.stdout.readline() == b"guarded\n"

        os.killpg(demo.pid, signal.SIGKILL)

    while (tmp_path / "demo").exists():  # nobody announces it
        time.sleep(0.02)
