"""What a process imports at its start, and what it does where the demo is not there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

ROOT = Path(__file__).parent.parent
TOKEN = "123456:AAsandboxsandboxsandboxsandboxsandb"
NOWHERE = "http://127.0.0.1:9"

# In the process itself, at its end: what has been imported by then, whenever that was.
TELL_MODULES = """
import atexit, runpy, sys
atexit.register(lambda: print(*sys.modules, sep="\\n", file=sys.stderr))
sys.argv = ["main.py", *sys.argv[1:]]
runpy.run_path("main.py", run_name="__main__")
"""
NO_DEMO = (
    "The demo is not part of this installation, which is for workers: type `make demo` in a checkout,"
    " or build the image with `docker build --target demo`.\n"
)


def ended(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    own = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "ENV_FILE": os.devnull, "PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder, env={**own, **environment}, capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def without_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the image of a worker has."""
    folder = tmp_path_factory.mktemp("worker")
    copytree(ROOT / "actors", folder / "actors", ignore=ignore_patterns("__pycache__"))
    copytree(ROOT / "infra", folder / "infra", ignore=ignore_patterns("__pycache__", "sandbox"))
    (folder / "main.py").write_bytes((ROOT / "main.py").read_bytes())
    return folder


@pytest.mark.parametrize("command", ["run", "queue list", "why 1"])
def test_no_command_but_the_demo_imports_the_sandbox_or_what_it_alone_needs(
    command: str, empty_database_url: str, tmp_path: Path
) -> None:
    """A worker ends here, at a token that nobody set, after all of its imports."""
    done = ended(ROOT, "-c", TELL_MODULES, *command.split(), DATABASE_URL=empty_database_url, DATA_DIR=str(tmp_path))
    modules = done.stderr.splitlines()

    assert "infra.console.app" in modules
    assert [
        name
        for name in modules
        if name.startswith(("infra.sandbox", "jinja2", "markupsafe", "imageio_ffmpeg", "pymediainfo"))
    ] == []


@pytest.mark.parametrize("arguments", [[], ["--headless", "--seconds", "3"]])
def test_demo_that_is_not_there_says_so(without_demo: Path, arguments: list[str]) -> None:
    done = ended(without_demo, "main.py", "demo", *arguments)

    assert (done.returncode, done.stdout, done.stderr) == (2, "", NO_DEMO)


def test_demo_whose_page_cannot_be_drawn_says_so(tmp_path: Path) -> None:
    """A worker's packages with all of the files."""
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['jinja2'] = None\n")

    done = ended(ROOT, "main.py", "demo", PYTHONPATH=str(tmp_path))

    assert (done.returncode, done.stdout, done.stderr) == (2, "", NO_DEMO)


def test_what_else_is_missing_is_no_missing_demo(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['webbrowser'] = None\n")

    done = ended(ROOT, "main.py", "demo", PYTHONPATH=str(tmp_path))

    assert done.returncode == 1
    assert "not part of this installation" not in done.stderr


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("--help", 0),
        ("demo --help", 0),
        ("migrate", 0),
        ("chat list", 0),
        ("queue list --all", 0),
        ("account list", 0),
        ("health", 1),
        ("why 1", 2),
        ("run", 2),
    ],
)
def test_every_other_command_works_without_the_demo(
    without_demo: Path, command: str, status: int, database_url: str, tmp_path: Path
) -> None:
    done = ended(without_demo, "main.py", *command.split(), DATABASE_URL=database_url, DATA_DIR=str(tmp_path), PORT="9")

    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
