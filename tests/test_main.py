"""The command line as a process: what a person reads when `run` or `demo` cannot start."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import asyncpg
import pytest

from tests import earlier_schemas

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


@pytest.mark.parametrize("command", ["migrate", "chat list", "run"])
def test_database_that_is_too_old_says_which_release_to_run_first(
    command: str, sandbox: str, empty_database_url: str, tmp_path: Path
) -> None:
    anyio.run(build_before_landed, empty_database_url)
    place = {"DATA_DIR": str(tmp_path), "DATABASE_URL": empty_database_url, "PORT": "0"}

    done = everytap(*command.split(), **place, TELEGRAM_TOKEN=TOKEN, TELEGRAM_API_URL=sandbox)

    assert done.returncode == 2
    assert "stands at 0018_what_is_behind_is_recovered" in done.stderr
    assert "of commit dd8d7d3" in done.stderr
    assert done.stderr.count("\n") == 1


async def build_before_landed(dsn: str) -> None:
    """Make a database as no supported release left it."""
    connection = await asyncpg.connect(dsn)
    names = list(earlier_schemas.history())
    await earlier_schemas.build(connection, names[: names.index(earlier_schemas.LANDED)])
    await connection.close()


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
