"""What a person reads whose environment, `.env` or DATA_DIR is not as it should be: the command line as a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

MAIN = Path(__file__).parent.parent / "main.py"
TOKEN = "123456:AAsandboxsandboxsandboxsandboxsandb"
NOWHERE = "http://127.0.0.1:9"
SHELL = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}

# The interpreter may lie in a folder of root's: what it needs is imported first.
AS_A_STRANGER = """
import os, sys
sys.path.insert(0, sys.argv[1])
import main
os.setegid(10001)
os.seteuid(10001)
sys.argv = ["everytap", *sys.argv[2:]]
main.app(prog_name="everytap")
"""


def everytap(here: Path, *arguments: str, main: Path = MAIN, **environment: str) -> subprocess.CompletedProcess[str]:
    """Type a command in the folder `here`."""
    return finished(here, [sys.executable, str(main), *arguments], environment)


def finished(here: Path, command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    own = {**SHELL, "ENV_FILE": os.devnull, **environment}
    return subprocess.run(command, cwd=here, env=own, capture_output=True, text=True, timeout=50, check=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A main.py of its own, so that what lies beside it is this test's."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in ("actors", "infra"):
        copytree(MAIN.parent / name, folder / name, ignore=ignore_patterns("__pycache__", "screenshots"))
    (folder / "main.py").write_bytes(MAIN.read_bytes())
    return folder


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
@pytest.mark.parametrize("command", ["run", "chat list", "migrate", "queue list", "why 1"])
def test_data_dir_of_root_is_one_sentence_whatever_is_typed(open_path: Path, command: str) -> None:
    """As on a platform that mounts a volume as root's, under an image whose user is another one."""
    typed = [sys.executable, "-c", AS_A_STRANGER, str(MAIN.parent), *command.split()]

    done = finished(open_path, typed, {"DATA_DIR": str(open_path), "PORT": "0", "TELEGRAM_TOKEN": TOKEN})

    assert done.stderr == (
        f"DATA_DIR {open_path} cannot be used: {open_path} belongs to root (uid 0), and we are uid 10001: "
        f"`sudo chown -R 10001:10001 {open_path}`.\n"
    )
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_data_dir_of_root_holds_up_a_worker_with_a_database_of_its_own_and_no_other_command(
    open_path: Path, database_url: str
) -> None:
    """Its names are kept there; a list of chats needs the database alone."""
    environment = {"DATA_DIR": str(open_path), "DATABASE_URL": database_url, "PORT": "0", "TELEGRAM_TOKEN": TOKEN}
    typed = [sys.executable, "-c", AS_A_STRANGER, str(MAIN.parent)]

    worker = finished(open_path, [*typed, "run"], environment)
    chats = finished(open_path, [*typed, "chat", "list"], environment)

    assert worker.returncode == 2
    assert "`sudo chown -R 10001:10001 " in worker.stderr
    assert (chats.returncode, "DATA_DIR" in chats.stderr) == (0, False)


@pytest.mark.timeout(240)  # lays out two databases
def test_two_commands_typed_in_two_folders_meet_in_one_database(checkout: Path, tmp_path: Path) -> None:
    added = everytap(tmp_path, "chat", "add", "-1001234567890", "--title", "Studio", main=checkout / "main.py")
    listed = everytap(checkout, "chat", "list", "--json", main=checkout / "main.py")

    assert (added.returncode, added.stderr) == (0, "")
    assert "Studio" in listed.stdout
    assert (checkout / ".everytap" / "postgres").is_dir()
    assert not (tmp_path / ".everytap").exists()


@pytest.mark.timeout(240)
def test_folder_of_an_earlier_release_is_used_and_named_and_with_two_of_them_the_command_asks(
    checkout: Path, tmp_path: Path
) -> None:
    old = tmp_path / ".everytap"
    everytap(tmp_path, "chat", "add", "-1001234567890", "--title", "Studio", DATA_DIR=str(old))

    found = everytap(tmp_path, "chat", "list", "--json", main=checkout / "main.py")
    (checkout / ".everytap" / "workers").mkdir(parents=True)
    asked = everytap(tmp_path, "chat", "list", main=checkout / "main.py")

    assert "Studio" in found.stdout
    assert found.stderr.startswith(f"Using {old}, which an earlier release made; set DATA_DIR to it, or move it to ")
    assert found.stderr.count("\n") == 1
    assert (asked.returncode, asked.stdout) == (2, "")
    assert asked.stderr == (
        f"There are two folders of everytap, {checkout}/.everytap and {old}: "
        "set DATA_DIR to the one that holds your stories.\n"
    )


def test_file_beside_main_is_read_wherever_a_command_is_typed(checkout: Path, tmp_path: Path) -> None:
    (checkout / ".env").write_text("POOL_SIZE=many\n")

    done = everytap(tmp_path, "chat", "list", main=checkout / "main.py", ENV_FILE="")

    assert (done.returncode, done.stderr.startswith("POOL_SIZE must be a number of connections")) == (2, True)


def test_broken_file_is_one_sentence_without_what_stands_in_it(checkout: Path, tmp_path: Path) -> None:
    (checkout / ".env").write_text("PORT=0\nTELEGRAM_TOKEN hunter2\n")

    done = everytap(tmp_path, "run", main=checkout / "main.py", ENV_FILE="")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"{checkout}/.env, line 2: this is not NAME=value; a value in quotes ends with the same quote.\n"
    )


def test_misspelt_name_is_said_once_and_the_command_goes_on(tmp_path: Path, database_url: str) -> None:
    done = everytap(tmp_path, "chat", "list", DATABASE_URL=database_url, DATADIR="/srv")

    assert done.returncode == 0
    assert done.stderr == "There is no setting DATADIR, so nothing reads it: did you mean DATA_DIR?\n"


@contextmanager
def worker(here: Path, **environment: str) -> Iterator[list[str]]:
    """Yield what a worker logs until it has started."""
    own = {**SHELL, "ENV_FILE": os.devnull, "TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": NOWHERE, **environment}
    with subprocess.Popen(
        [sys.executable, str(MAIN), "run"], cwd=here, env=own, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines: list[str] = []
        try:
            for line in process.stdout:
                lines.append(line)
                if '"worker.started"' in line:
                    break
            yield lines
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=50)


@pytest.mark.parametrize("host", ["", "127.0.0.1", "::1", "::"])
def test_health_finds_the_worker_wherever_it_listens(
    tmp_path: Path, database_url: str, free_tcp_port: int, host: str
) -> None:
    where = {"HOST": host, "PORT": str(free_tcp_port), "DATA_DIR": str(tmp_path), "LOGLEVEL": "x"}

    with worker(tmp_path, DATABASE_URL=database_url, **where) as lines:
        done = finished(tmp_path, [sys.executable, str(MAIN), "health"], where)

    assert (done.returncode, done.stdout) == (0, "The worker is well.\n")
    assert any('"settings.notice"' in line and "did you mean LOG_LEVEL?" in line for line in lines)
