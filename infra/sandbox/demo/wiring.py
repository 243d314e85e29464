"""The demo's composition root: the one place beside main.py where adapters meet. The command `demo` alone imports it.

The database, the stories' folder and the vault are the worker's own, opened here a second time. The worker is a real
`main.py run`, whose environment points at the sandbox.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
from rich.console import Console

from actors.errors import QueueError
from infra.clock import WallClock
from infra.console.exit_codes import WrongInput, say
from infra.media.local import LocalMedia
from infra.postgres.admin import PostgresAdmin
from infra.postgres.connect import DatabaseAddress, connected
from infra.postgres.embedded.guard import guarded
from infra.postgres.embedded.owner import open_embedded
from infra.postgres.migrate import migrate
from infra.process.stopper import Stopper
from infra.sandbox.common.listening import CannotListen, Listener
from infra.sandbox.demo import browser, headless, interactive
from infra.sandbox.demo.database_faults import DatabaseFaults
from infra.sandbox.demo.fixtures import DemoFixtures
from infra.sandbox.demo.tcp_proxy import open_link
from infra.sandbox.demo.worker_processes import WorkerCommand, worker_process
from infra.sandbox.sandbox import Sandbox
from infra.sandbox.server import open_sandbox
from infra.sandbox.telegram.rules import Rules
from infra.settings import Settings, child_environment
from infra.vault import Vault, new_key

MAIN = Path(__file__).parents[3] / "main.py"
COMMAND = [sys.executable, str(MAIN), "run", "--until-stdin-ends"]
ENDED_BY_A_SIGNAL = 130
UVLOOP = {"use_uvloop": True}


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed behind `demo`; without `seconds` it lasts until Ctrl-C, without `port` it looks for one."""

    headless: bool
    seconds: float | None
    port: int | None
    host: str
    allow_host: Sequence[str]
    no_browser: bool
    seed: int


def run(typed: Typed) -> int:
    """Play until it is over or a signal ends it; returns the exit status, and raises what kept it from starting."""
    listener = Listener(typed.host, headless.ports(typed.headless, typed.port), typed.allow_host)
    quiet = typed.headless or typed.no_browser
    opens = not quiet and browser.is_at_hand(child_environment({}), sys.stdout.isatty())
    options = headless.DemoOptions(typed.headless, typed.seconds, typed.seed, listener, opens)
    try:
        return anyio.run(run_demo, options, backend_options=UVLOOP)
    except CannotListen as error:
        raise WrongInput(str(error)) from error


async def run_demo(options: headless.DemoOptions) -> int:
    """The same in an event loop; raises CannotListen, too."""
    status, failure = ENDED_BY_A_SIGNAL, None
    async with anyio.create_task_group() as tasks:
        await tasks.start(Stopper(tasks.cancel_scope.cancel, "demo.stopping").listen)
        try:
            status = await play(options)
        except (QueueError, CannotListen) as error:
            failure = error  # out of the task group it would come as a group
        tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure
    return status


async def play(options: headless.DemoOptions) -> int:
    """Set the stage, let people tap, and say what came of it; returns the exit status."""
    console = Console(stderr=options.headless)
    with TemporaryDirectory(prefix="everytap-demo-") as folder, guarded(Path(folder)) as context:
        data_dir, log_file = Path(folder), Path(folder) / "worker.log"
        async with AsyncExitStack() as stack:
            sandbox = await stack.enter_async_context(open_sandbox(options.listener, Rules()))
            dsn = await stack.enter_async_context(open_embedded(data_dir))
            fixtures = await stack.enter_async_context(open_fixtures(data_dir, DatabaseAddress(dsn, scram_only=True)))
            key = new_key()
            connect = partial(fixtures.connect, Vault([key]).seal)
            if not options.headless:
                link = await stack.enter_async_context(open_link(dsn))
                environment = worker_of(sandbox, data_dir, link.dsn) | {"SECRET_KEYS": key}
                script = WorkerCommand(COMMAND, environment, data_dir, [context])
                dependencies = interactive.DemoDependencies(
                    fixtures, link, script, data_dir / "pictures", headless.PEOPLE, connect
                )
                words = headless.invitation(sandbox.address.pages)
                await interactive.show(
                    sandbox, dependencies, options, lambda: console.print(words, soft_wrap=True, markup=False)
                )
                return 0
            await headless.set_the_stage(sandbox, fixtures, data_dir, connect)
            environment = worker_of(sandbox, data_dir, "") | {"SECRET_KEYS": key}
            worker = worker_process(COMMAND, environment, log_file, [context])
            await stack.enter_async_context(worker)
            console.print(f"A local Telegram is at {sandbox.url}; its worker writes to {log_file}", soft_wrap=True)
            result = await headless.play(sandbox, fixtures, options)
        headless.print_table(console, result)
        if not headless.went_well(result):
            console.print(log_file.read_text(encoding="utf-8")[-20_000:], markup=False)
    sys.stdout.write(json.dumps(result) + "\n")
    return 0 if headless.went_well(result) else 1


@asynccontextmanager
async def open_fixtures(data_dir: Path, address: DatabaseAddress) -> AsyncIterator[DemoFixtures]:
    """Open what the demo does behind the worker's back, over one connection."""
    async with connected(address, say) as connection:
        await migrate(connection)
        saboteur = DatabaseFaults(connection, partial(connected, address, say))
        yield DemoFixtures(PostgresAdmin(connection), LocalMedia(data_dir / "media"), saboteur, WallClock())


def worker_of(sandbox: Sandbox, data_dir: Path, dsn: str) -> dict[str, str]:
    """The environment in which `run` is pointed at the sandbox; without a DSN it shares the embedded database."""
    own = {"TELEGRAM_TOKEN": sandbox.token, "TELEGRAM_API_URL": sandbox.url, "DATA_DIR": str(data_dir)}
    own |= {"INSTAGRAM_API_URL": sandbox.url}
    unset = dict.fromkeys((name.upper() for name in Settings.model_fields), "")  # what is set is for the real one
    return child_environment({**unset, "ENV_FILE": os.devnull, **own, "DATABASE_URL": dsn, "LOG_FORMAT": "json"})
