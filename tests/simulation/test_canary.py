"""A seed decides everything: in any process, after any other seed, and with the event loops that are installed.

The literals below are what trio and anyio do now. If a new release changes one, every seed plays another world from
then on. If trio no longer lets us decide, by names that are private (`_r`, `_ALLOW_DETERMINISTIC_SCHEDULING`, the run
queue), the first fact fails, too.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import anyio
import pytest
from anyio.lowlevel import checkpoint

from tests.simulation.bare import Loop, live
from tests.simulation.processes import Schedule

ROOT = Path(__file__).parent.parent.parent
PLAY = """
import json, sys
from dataclasses import replace
from tests.simulation.plans import draw_plan
from tests.simulation.run import simulate

def trace(loop, seed):
    return simulate(replace(draw_plan(int(seed)), people=3, items=4, seconds=60.0), loop).trace

print(json.dumps({world: trace(*world.split()) for world in sys.argv[1:]}))
"""
WORLDS = ("trio 1", "trio 2", "trio 3", "asyncio 4")  # each profile, then production's loop
NOT_IN_A_WORLD = {"asyncio", "os", "secrets", "socket", "subprocess", "threading", "time", "uuid", "weakref"}
THE_LOOP_ITSELF = {"asyncio_schedule.py"}
AROUND_WORLDS = {"__main__.py", "progress.py", "watchdog.py", "wish.py"}  # these play worlds, and are in none
OTHER_HEAP = {"PYTHONHASHSEED": "4711", "PYTHONMALLOC": "malloc"}


def play(*worlds: str, **environment: str) -> subprocess.Popen[str]:
    """Begin to play these worlds one after another, in a process of its own."""
    command = ["env", *(f"{name}={value}" for name, value in environment.items()), sys.executable, "-c", PLAY, *worlds]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def traces(playing: subprocess.Popen[str]) -> dict[str, str]:
    """What each world's trace is."""
    told: dict[str, str] = json.loads(playing.communicate()[0])
    return told


def imported_by_worlds() -> Iterator[tuple[str, str]]:
    """Each file of which worlds are made, and what it imports."""
    files = [*ROOT.glob("tests/simulation/*.py"), *ROOT.glob("tests/fakes/*.py")]
    for file in (file for file in files if not file.name.startswith("test_")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Import(names):
                    yield from ((file.name, alias.name.split(".")[0]) for alias in names)
                case ast.ImportFrom(module=str(module)):
                    yield file.name, module.split(".")[0]


async def quarrel(_: Schedule) -> str:
    """Six tasks that want a lock, are woken by one event, and are cancelled at once: all in no order of their own."""
    said: list[str] = []
    lock, bell = anyio.Lock(), anyio.Event()

    async def one(name: str) -> None:
        async with lock:
            said.append(name)
            await checkpoint()
        await bell.wait()
        said.append(name)
        try:
            await anyio.sleep(100.0)
        finally:
            said.append(name)

    async with anyio.create_task_group() as tasks:
        for name in "abcdef":
            tasks.start_soon(one, name)
        await anyio.sleep(1.0)
        bell.set()
        await anyio.sleep(1.0)
        tasks.cancel_scope.cancel()
    return "".join(said)


def test_same_seed_is_the_same_world_in_every_process_and_after_any_other() -> None:
    with ExitStack() as both:
        one = both.enter_context(play(*WORLDS, PYTHONHASHSEED="0"))
        other = both.enter_context(play(*reversed(WORLDS), **OTHER_HEAP))

        forth, back = traces(one), traces(other)

    assert forth == back
    assert all(forth.values())
    assert len(set(forth.values())) == len(WORLDS)


def test_nothing_that_a_world_is_made_of_knows_the_machine() -> None:
    """The core is held to the same by its table of bans."""
    found = {(file, module) for file, module in imported_by_worlds() if module in NOT_IN_A_WORLD}

    assert {file for file, _ in found} <= {*THE_LOOP_ITSELF, *AROUND_WORLDS}


@pytest.mark.parametrize(
    ("loop", "seed", "said"),
    [
        (Loop.SHUFFLED, 1, "eacfbddfeacbdafbec"),
        (Loop.SHUFFLED, 2, "afcebdcebfadebdcfa"),
        (Loop.BY_PRIORITY, 1, "ebafcdebafcdebafcd"),
        (Loop.BY_PRIORITY, 2, "faebcdfaebcdfaebcd"),
        (Loop.ASYNCIO, 1, "abcdefabcdefabcdef"),
    ],
)
def test_order_of_tasks_is_the_seed_s(loop: Loop, seed: int, said: str) -> None:
    assert live(loop, quarrel, seed) == said
