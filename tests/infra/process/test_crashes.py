"""What is told when something happens that nobody expected: a sentence, a line of the log, and no secret in them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TOKEN = "123456:AAsandboxsandboxsandboxsandboxsandb"
PASSWORD = "hunter2-and-his-dog"
SETTINGS = {
    "PATH": os.defpath,
    "ENV_FILE": os.devnull,
    "PYTHONPATH": str(ROOT),
    "PYTHONDONTWRITEBYTECODE": "1",
    "TELEGRAM_TOKEN": TOKEN,
    "TELEGRAM_API_URL": "http://127.0.0.1:9",
    "PORT": "0",
    "DATABASE_URL": f"postgresql://127.0.0.1:9/x?user=me&password={PASSWORD}",
}
# The driver fails in a way that it never was seen to, and says a password that nothing marks as one.
MISTAKEN = """
import asyncpg, runpy, sys

async def connect(dsn, **_):
    raise LookupError(dsn.rpartition("=")[2])

asyncpg.connect = connect
sys.argv = ["main.py", *sys.argv[1:]]
runpy.run_path("main.py", run_name="__main__")
"""
UNHEARD = """
import gc, threading
from infra.logs import configure_logs
from infra.process.crashes import tell_crashes

SAID = ["hunter2", "and", "his", "dog"]  # in pieces, since the tests watch what a process is started with

class Broken:
    def __del__(self):
        raise LookupError("destroyed: password=" + "-".join(SAID))

configure_logs("json", "INFO")
tell_crashes(print)
Broken()
gc.collect()
thread = threading.Thread(target=lambda: {}["Bearer " + "-".join(SAID)])
thread.start()
thread.join()
"""


def crashed(program: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=ROOT,
        env=SETTINGS | {"DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def test_command_that_crashes_ends_with_a_sentence_and_a_traceback_without_secrets(tmp_path: Path) -> None:
    done = crashed(MISTAKEN, tmp_path, "chat", "list", "--json")

    *traceback, sentence = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (1, "")
    assert sentence.startswith("everytap ended by a mistake of its own (LookupError): ")
    assert "crashed" in traceback[0]
    assert traceback[-1] == "LookupError: ***"


def test_worker_that_crashes_says_a_sentence_and_logs_its_traceback_without_secrets(tmp_path: Path) -> None:
    done = crashed(MISTAKEN, tmp_path, "run")

    line = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert (line["event"], line["level"]) == ("crashed", "critical")
    assert "LookupError: ***" in line["exception"]
    assert PASSWORD not in done.stdout + done.stderr


@pytest.mark.parametrize("place", [0, 1], ids=["a destructor", "a thread"])
def test_mistake_that_nobody_is_there_to_hear_is_a_line_without_secrets(tmp_path: Path, place: int) -> None:
    done = crashed(UNHEARD, tmp_path)

    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr, len(lines)) == (0, "", 2)
    assert lines[place]["event"] == "crashed"
    assert "***" in lines[place]["exception"]
    assert PASSWORD not in done.stdout
