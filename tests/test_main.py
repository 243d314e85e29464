"""The command line as a process: what a person reads when `run` or `demo` cannot start."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

MAIN = Path(__file__).parent.parent / "main.py"
TOKEN = "123456:AAsandboxsandboxsandboxsandboxsandb"


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A loopback port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def sandbox() -> Iterator[str]:
    """The address of a Telegram that knows one bot."""
    command = [sys.executable, "-m", "infra.sandbox"]
    with subprocess.Popen(command, cwd=MAIN.parent, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
        process.terminate()


def everytap(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    own = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "ENV_FILE": os.devnull} | environment
    return subprocess.run(
        [sys.executable, str(MAIN), *arguments],
        env=own,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def test_run_without_a_token_says_where_to_get_one(tmp_path: Path) -> None:
    done = everytap("run", DATA_DIR=str(tmp_path))

    assert done.returncode == 2
    assert done.stderr == "TELEGRAM_TOKEN is not set; set it to the token that @BotFather gave you for the bot.\n"


def test_run_with_a_token_that_telegram_refuses_says_so_and_starts_nothing(sandbox: str, tmp_path: Path) -> None:
    token = TOKEN.replace("sandbox", "refused")

    done = everytap("run", DATA_DIR=str(tmp_path), PORT="0", TELEGRAM_TOKEN=token, TELEGRAM_API_URL=sandbox)

    assert done.returncode == 2
    assert done.stderr == (
        "Telegram refuses the token in TELEGRAM_TOKEN (Unauthorized): "
        "set it to the one that @BotFather shows for the bot, and start again.\n"
    )
    assert not (tmp_path / "postgres").exists()
    assert "refusedrefused" not in done.stdout


def test_run_on_a_port_that_is_taken_says_which(tmp_path: Path, taken_port: int) -> None:
    done = everytap("run", DATA_DIR=str(tmp_path), PORT=str(taken_port), TELEGRAM_TOKEN=TOKEN)

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"PORT {taken_port} cannot be listened on" in done.stderr


def test_demo_on_a_port_that_is_taken_says_which(taken_port: int) -> None:
    done = everytap("demo", "--headless", "--port", str(taken_port))

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"Port {taken_port} cannot be listened on" in done.stderr


def test_setting_that_is_wrong_is_named_and_never_repeated(tmp_path: Path) -> None:
    done = everytap("chat", "list", DATA_DIR=str(tmp_path), DATABASE_URL="mysql://me:hunter2@db/x")

    assert done.returncode == 2
    assert done.stderr.startswith("DATABASE_URL must be")
    assert "hunter2" not in done.stderr
