"""The demo that a visitor plays: it is set up, opened, and left to its visitors."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import anyio
from anyio.abc import TaskGroup

from infra.sandbox.demo import browser
from infra.sandbox.demo.environment import DemoEnvironment, Stories
from infra.sandbox.demo.fixtures import DemoFixtures
from infra.sandbox.demo.headless import DemoOptions
from infra.sandbox.demo.log_tail import LogLine, follow
from infra.sandbox.demo.tcp_proxy import Link
from infra.sandbox.demo.worker_processes import WorkerCommand, WorkerGroup, WorkerProcess
from infra.sandbox.instagram.model import InstagramAccount
from infra.sandbox.sandbox import Sandbox
from infra.sandbox.telegram.model import User
from infra.sandbox.telegram.world import NewChat

TITLE = "Studio"
FIRST_STORIES = 2
STARTED_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class DemoDependencies:
    """What the play needs from outside; `connect` makes a chat live on an account, else the chat rehearses."""

    fixtures: DemoFixtures
    link: Link
    script: WorkerCommand
    folder: Path
    people: tuple[User, ...]
    connect: Callable[[int, InstagramAccount], Awaitable[None]] | None = None


async def show(
    sandbox: Sandbox, dependencies: DemoDependencies, options: DemoOptions, announce: Callable[[], None]
) -> None:
    """Open the demo and leave it to visitors; `announce` is called once the page is there."""
    async with anyio.create_task_group() as tasks:
        environment = await set_up(sandbox, dependencies, tasks)
        with anyio.fail_after(STARTED_SECONDS):
            await sandbox.until(sandbox.bot_api.polls.is_waiting)
        announce()
        if options.opens:
            tasks.start_soon(browser.show, sandbox.address.pages[0])
        tasks.start_soon(environment.stories.keep_coming)
        await anyio.sleep(options.seconds or math.inf)
        tasks.cancel_scope.cancel()


async def set_up(sandbox: Sandbox, dependencies: DemoDependencies, tasks: TaskGroup) -> DemoEnvironment:
    """Make the group and its first stories, start a worker, and give the page its switches."""
    chat = sandbox.create_chat(NewChat(TITLE, dependencies.people))
    await dependencies.fixtures.add_group(chat.id, chat.title)
    connect = partial(dependencies.connect, chat.id, sandbox.instagram.account) if dependencies.connect else None
    if connect is not None:
        await connect()
    stories = Stories(dependencies.fixtures, sandbox.instagram, chat, dependencies.folder)
    workers = WorkerGroup(dependencies.script, tasks, lambda: record(sandbox, "stage.changed"))
    environment = DemoEnvironment(
        chat, stories, dependencies.link, dependencies.fixtures.saboteur, workers, tasks, connect
    )
    sandbox.environment = environment
    for _ in range(FIRST_STORIES):
        await stories.add()
    engage(sandbox, environment)
    return environment


def engage(sandbox: Sandbox, environment: DemoEnvironment) -> WorkerProcess:
    """Start one worker more, and have its log read aloud."""
    member = environment.workers.add()

    def hear(line: LogLine) -> None:
        record(sandbox, "logged", worker=member.name, line=line)
        match line:
            case {"item_id": int(item_id), "container_id": str(container_id)}:
                sandbox.instagram.claim(container_id, item_id)

    environment.tasks.start_soon(follow, member.log_file, hear)
    return member


def record(sandbox: Sandbox, kind: str, **details: object) -> None:
    """Write into the journal what the page shows beside the chat."""
    sandbox.telegram.journal.record(sandbox.clock(), kind, **details)
