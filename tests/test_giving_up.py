"""What is left of a worker that gives up: nothing, and whoever started it can see that."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest
import structlog
from typer.testing import CliRunner

import main
from actors.runtime.child import ChildContext, ChildSpec
from actors.runtime.restarts import RestartLimit
from actors.runtime.supervisor import Policy, Supervisor
from infra.logs import LibraryRecords
from infra.settings import Settings

TOKEN = "123456:AAsandboxsandboxsandboxsandboxsandb"


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    before, root = structlog.get_config(), logging.getLogger()
    level = root.level
    yield
    structlog.configure(**before)
    root.setLevel(level)
    root.handlers[:] = [one for one in root.handlers if not isinstance(one, LibraryRecords)]


async def crash(context: ChildContext) -> None:
    context.ready()
    raise RuntimeError("fails at every start")


@asynccontextmanager
async def hopeless_worker(_: Settings) -> AsyncIterator[SimpleNamespace]:
    """A worker with one actor, of which no restart makes anything."""
    policy = Policy(limit=RestartLimit(0, 30.0))
    yield SimpleNamespace(supervisor=Supervisor([ChildSpec("loop", crash)], Random(1), policy))


def test_f38_worker_that_gives_up_ends_its_process_with_a_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(main, "open_worker", hopeless_worker)

    ended = CliRunner().invoke(main.app, ["run"], env={"TELEGRAM_TOKEN": TOKEN, "DATA_DIR": str(tmp_path)})

    assert ended.exit_code == 1
    assert ended.stderr == "loop crashed more often than its restart limit allows.\n"
