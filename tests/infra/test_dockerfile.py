"""What the image is made of, who runs in it, and that a worker needs nothing writable but DATA_DIR."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.settings import UNSPEAKABLE, Settings

ROOT = Path(__file__).parent.parent.parent
TOKEN = "123456:AAsandboxsandboxsandboxsandboxsandb"

# Tells each file that the interpreter makes, changes or removes; a process that it starts has its own ways.
TELL_WRITES = """
import os, runpy, sys

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
CHANGES = {"os.mkdir", "os.remove", "os.rmdir", "os.truncate"}
MOVES = {"os.link", "os.rename", "os.symlink"}

def tell(event, arguments):
    writes = event == "open" and arguments[2] & WRITES and not isinstance(arguments[0], int)
    for path in arguments[:2] if event in MOVES else arguments[:1] if writes or event in CHANGES else ():
        print("wrote", os.path.abspath(os.fsdecode(path)), file=sys.stderr, flush=True)

sys.addaudithook(tell)
sys.argv = ["main.py", "run"]
runpy.run_path("main.py", run_name="__main__")
"""


Instructions = list[tuple[str, str]]


@pytest.fixture
def instructions() -> Instructions:
    """The Dockerfile, one instruction after the other, with its arguments."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.partition(" ")[0], line.partition(" ")[2].strip()) for line in lines]


@pytest.fixture
def stages(instructions: Instructions) -> dict[str, Instructions]:
    """The stages by their names, in their order, each with the instructions of those that it begins with."""
    found: dict[str, Instructions] = {}
    stage = ""
    for name, words in instructions:
        if name == "FROM":
            begun, _, stage = words.split()
            found[stage] = [*found.get(begun, [])]
        found[stage].append((name, words))
    return found


@pytest.fixture
def image(stages: dict[str, Instructions]) -> Instructions:
    """What is built when no target is named."""
    return stages[list(stages)[-1]]


@pytest.fixture
def environment(image: Instructions) -> dict[str, str]:
    return dict(re.findall(r"(\w+)=(\S+)", " ".join(words for name, words in image if name == "ENV")))


def named(wanted: str, image: Instructions) -> Iterator[str]:
    return (words for name, words in image if name == wanted)


def test_image_runs_as_a_user_whom_an_orchestrator_can_see_not_to_be_root(image: Instructions) -> None:
    """Kubernetes' runAsNonRoot reads a number only."""
    [user] = named("USER", image)
    made = re.search(r"useradd .*--uid (\d+)", " ".join(named("RUN", image)))

    assert made
    assert user == made[1] != "0"


def test_code_belongs_to_root_and_the_user_cannot_change_it(image: Instructions) -> None:
    assert [words for words in named("COPY", image) if "--chown" in words or "--chmod" in words] == []


def test_what_is_copied_is_named(instructions: Instructions) -> None:
    """A developer's .env lies beside main.py."""
    copied = [words.split()[-2] for words in named("COPY", instructions) if "--from" not in words]

    assert sorted(copied) == ["actors", "infra", "main.py", "requirements.lock"]
    assert list(named("ADD", instructions)) == []


def test_a_worker_has_no_demo_in_any_layer(image: Instructions, stages: dict[str, Instructions]) -> None:
    """Where it is copied from, the sandbox was moved away, and the lock was cut before what the demo needs."""
    [_, moved] = " ".join(named("RUN", stages["code"])).split(" && mv ")
    [made, *_] = named("RUN", stages["packages"])

    assert list(named("COPY", image)) == ["--from=code /everytap ./", "--from=packages /venv /venv"]
    assert moved == "infra/sandbox /sandbox"
    assert made.startswith("sed '/^# The demo only/,$d' requirements.lock > run.lock ")


def test_the_demo_is_a_worker_with_the_sandbox_and_its_packages(stages: dict[str, Instructions]) -> None:
    demo, lock = stages["demo"], (ROOT / "requirements.lock").read_text(encoding="utf-8")
    [*_, added] = named("RUN", stages["packages-of-demo"])

    assert list(named("COPY", demo)) == [
        "--from=code /everytap ./",
        "--from=packages-of-demo /venv /venv",
        "--from=code /sandbox infra/sandbox",
    ]
    assert added.startswith("sed -n '/^# The demo only/,/^# Development only/p' requirements.lock > demo.lock ")
    assert lock.index("\n# The demo only\n") < lock.index("\n# Development only\n")


def test_the_demo_listens_where_its_page_is_asked_for(stages: dict[str, Instructions]) -> None:
    [command] = named("CMD", stages["demo"])
    [port] = named("EXPOSE", stages["demo"])

    assert json.loads(command)[:3] == ["python", "main.py", "demo"]
    assert f'"--host", "0.0.0.0", "--port", "{port}"' in command
    assert list(named("HEALTHCHECK", stages["demo"])) == []
    assert f"-p 127.0.0.1:{port}:{port} " in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("target", ["worker", "demo"])
def test_what_is_compiled_is_believed_whatever_its_times_are(stages: dict[str, Instructions], target: str) -> None:
    """A builder may give copied files another time, and nothing can be compiled again later."""
    assert any("compileall -q --invalidation-mode unchecked-hash " in words for words in named("RUN", stages["code"]))
    assert any("PYTHONDONTWRITEBYTECODE=1" in words for words in named("ENV", stages[target]))


def test_nothing_else_of_the_folder_is_sent_to_the_builder(instructions: Instructions) -> None:
    """Its cache keeps what it was sent: a .env, a DATA_DIR with unpublished stories."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    sent = {words.split()[-2] for words in named("COPY", instructions) if "--from" not in words}

    assert rules[0] == "*"
    assert {rule.removeprefix("!") for rule in rules if rule.startswith("!")} == sent


def test_no_secret_is_in_a_layer(instructions: Instructions, environment: dict[str, str]) -> None:
    ours = {name.lower() for name in environment} & set(Settings.model_fields)

    assert list(named("ARG", instructions)) == []
    assert ours == {"data_dir", "log_format", "port"}
    assert ours & UNSPEAKABLE == set()


def test_packages_are_those_of_the_lock_by_their_hashes(instructions: Instructions) -> None:
    installs = [words for words in named("RUN", instructions) if " install " in words]

    assert len(installs) == 2
    assert all("--no-deps --require-hashes --only-binary :all: -r " in words for words in installs)


def test_each_stage_begins_with_a_version_or_with_another_stage(
    instructions: Instructions, stages: dict[str, Instructions]
) -> None:
    begun = {words.split()[0] for words in named("FROM", instructions)} - set(stages)

    assert len(begun) == 1  # what was compiled by one release is of no use to another
    assert re.fullmatch(r"python:3\.\d+-slim-\w+", begun.pop())


def test_the_one_volume_is_the_data_dir(image: Instructions, environment: dict[str, str]) -> None:
    assert list(named("VOLUME", image)) == [environment["DATA_DIR"]]
    assert "PYTHONDONTWRITEBYTECODE" in environment


def test_image_says_how_it_is_stopped_and_looked_at(image: Instructions) -> None:
    """Python runs without a shell before it, which would keep the signal to itself."""
    assert list(named("STOPSIGNAL", image)) == ["SIGTERM"]
    assert list(named("CMD", image)) == ['["python", "main.py", "run"]']
    assert len(list(named("HEALTHCHECK", image))) == 1


@pytest.fixture
def everytap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that a worker's image has."""
    folder = tmp_path_factory.mktemp("everytap")
    shutil.copytree(ROOT / "actors", folder / "actors", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "infra", folder / "infra", ignore=shutil.ignore_patterns("__pycache__", "sandbox"))
    shutil.copy(ROOT / "main.py", folder)
    return folder


def test_worker_writes_into_data_dir_and_nowhere_else(everytap: Path, tmp_path: Path, database_url: str) -> None:
    """So its root file system may be read-only; and what it leaves there nobody else may read."""
    environment = {"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(everytap)}
    environment |= {"DATABASE_URL": database_url, "DATA_DIR": str(tmp_path), "PORT": "0", "TELEGRAM_TOKEN": TOKEN}
    environment |= {
        "ENV_FILE": os.devnull,
        "TELEGRAM_API_URL": "http://127.0.0.1:9",
        "PUBLIC_URL": "http://127.0.0.1:9",
    }
    command = [sys.executable, "-c", TELL_WRITES]

    with subprocess.Popen(
        command, cwd=everytap, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        started = any('"worker.started"' in line for line in worker.stdout)
        worker.send_signal(signal.SIGTERM)
        _, told = worker.communicate()
    wrote = {Path(line.removeprefix("wrote ")) for line in told.splitlines() if line.startswith("wrote ")}

    assert started
    assert tmp_path / "link-secret" in wrote
    assert [str(path) for path in wrote if not path.is_relative_to(tmp_path)] == []
    assert [path for path in tmp_path.rglob("*") if path.stat().st_mode & 0o077] == []
