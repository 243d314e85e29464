"""Somebody of the same machine listens where a worker's own database did, once that has ended."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOKEN = "123456:AAsandboxsandboxsandboxsandboxsandb"
ASKS_IN_CLEAR_TEXT = b"R" + struct.pack(">II", 8, 3)
PATIENCE_SECONDS = 40


@contextmanager
def worker_on(data_dir: Path) -> Iterator[None]:
    """A worker with a database of its own; in the end it is gone."""
    own = {"PATH": os.defpath, "ENV_FILE": os.devnull, "DATA_DIR": str(data_dir), "PORT": "0"}
    own |= {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": "http://127.0.0.1:9", "SHUTDOWN_GRACE_SECONDS": "1"}
    command = [sys.executable, "main.py", "run"]
    with subprocess.Popen(command, cwd=ROOT, env=own, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert any('"worker.started"' in line for line in worker.stdout)
        try:
            yield
        finally:
            worker.kill()


@contextmanager
def in_the_place_of(postmaster: Path) -> Iterator[socket.socket]:
    """End the server, and listen on its port."""
    pid, _, _, port = postmaster.read_text().splitlines()[:4]
    os.kill(int(pid), signal.SIGKILL)
    with freed(("127.0.0.1", int(port))) as listener:
        listener.settimeout(PATIENCE_SECONDS)
        yield listener


def freed(address: tuple[str, int]) -> socket.socket:
    """Listen there as soon as the one before has let go."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return socket.create_server(address)
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.mark.timeout(120)
def test_impostor_is_told_no_password_by_a_running_worker(tmp_path: Path) -> None:
    with worker_on(tmp_path), in_the_place_of(tmp_path / "postgres" / "postmaster.pid") as listener:
        caller, _ = listener.accept()
        caller.settimeout(PATIENCE_SECONDS)

        greeting = caller.recv(4096)
        caller.send(ASKS_IN_CLEAR_TEXT)

        assert b"everytap" in greeting
        assert caller.recv(4096) == b""
        caller.close()
