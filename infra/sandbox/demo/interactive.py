"""The demo that a visitor plays: the theatre is set up, opened, and left to whoever comes."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import anyio
from anyio.abc import TaskGroup

from infra.sandbox.demo import browser
from infra.sandbox.demo.environment import Stories, Theatre
from infra.sandbox.demo.fixtures import Backstage
from infra.sandbox.demo.headless import Wish
from infra.sandbox.demo.log_tail import Line, follow
from infra.sandbox.demo.tcp_proxy import Link
from infra.sandbox.demo.worker_processes import Member, Script, Troupe
from infra.sandbox.instagram.model import InstagramAccount
from infra.sandbox.sandbox import Sandbox
from infra.sandbox.telegram.model import Person
from infra.sandbox.telegram.world import NewChat

TITLE = "Studio"
FIRST_STORIES = 2
STARTED_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Props:
    """What the play needs from outside; `connect` makes a chat live on an account, else the chat rehearses."""

    backstage: Backstage
    link: Link
    script: Script
    folder: Path
    people: tuple[Person, ...]
    connect: Callable[[int, InstagramAccount], Awaitable[None]] | None = None


async def show(sandbox: Sandbox, props: Props, wish: Wish, announce: Callable[[], None]) -> None:
    """Open the theatre and leave it to visitors; `announce` is called once somebody may come."""
    async with anyio.create_task_group() as tasks:
        theatre = await set_up(sandbox, props, tasks)
        with anyio.fail_after(STARTED_SECONDS):
            await sandbox.until(sandbox.bot_api.desk.is_waiting)
        announce()
        if wish.opens:
            tasks.start_soon(browser.show, sandbox.address.pages[0])
        tasks.start_soon(theatre.stories.keep_coming)
        await anyio.sleep(wish.seconds or math.inf)
        tasks.cancel_scope.cancel()


async def set_up(sandbox: Sandbox, props: Props, tasks: TaskGroup) -> Theatre:
    """Make the group and its first stories, start a worker, and give the page its switches."""
    chat = sandbox.create_chat(NewChat(TITLE, props.people))
    await props.backstage.add_group(chat.id, chat.title)
    connect = partial(props.connect, chat.id, sandbox.instagram.account) if props.connect else None
    if connect is not None:
        await connect()
    stories = Stories(props.backstage, sandbox.instagram, chat, props.folder)
    troupe = Troupe(props.script, tasks, lambda: record(sandbox, "stage.changed"))
    theatre = Theatre(chat, stories, props.link, props.backstage.saboteur, troupe, tasks, connect)
    sandbox.theatre = theatre
    for _ in range(FIRST_STORIES):
        await stories.add()
    engage(sandbox, theatre)
    return theatre


def engage(sandbox: Sandbox, theatre: Theatre) -> Member:
    """Start one worker more, and have its log read aloud."""
    member = theatre.troupe.add()

    def hear(line: Line) -> None:
        record(sandbox, "logged", worker=member.name, line=line)
        match line:
            case {"item_id": int(item_id), "container_id": str(container_id)}:
                sandbox.instagram.claim(container_id, item_id)

    theatre.tasks.start_soon(follow, member.log_file, hear)
    return member


def record(sandbox: Sandbox, kind: str, **details: object) -> None:
    """Write into the journal what the page shows beside the chat."""
    sandbox.telegram.journal.record(sandbox.clock(), kind, **details)
