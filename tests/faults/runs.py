"""One run: a case with its connection cut, compared with the same case undisturbed."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime
from typing import Any

import anyio

from actors.database.request import NotStored
from actors.operations.operation import Operation
from tests.contracts.team import Team
from tests.faults.cases import Case
from tests.faults.lane import Lane
from tests.faults.results import Result
from tests.faults.setups import Setup
from tests.tcp_proxy import Cut, Way

CLOCK_SECONDS = 120.0  # what the database says in seconds depends on when it was asked
# What an answer says about the attempt, not about the item: a second attempt may say something else.
OF_THE_ATTEMPT = {"replayed"}


@dataclass(frozen=True, slots=True)
class Truth:
    """What comes of a case that nothing disturbs, and how many bytes that takes."""

    answer: Any
    before: list[str]
    after: list[str]
    passed: dict[Way, int]


@dataclass(frozen=True, slots=True)
class Job:
    """One cut to be made."""

    setup: Setup
    case: Case
    cut: Cut

    @property
    def name(self) -> str:
        """What a failure's command says."""
        cut = self.cut
        return "/".join((self.setup.name, self.case.step, cut.way.value, str(cut.after_bytes), cut.ending.name))

    def result(self, seconds: float, wrong: str | None = None) -> Result:
        """The cell that it belongs to, and what was wrong."""
        fault = f"{self.cut.way.value}: {self.cut.ending.value}"
        return Result("cuts", self.setup.value, self.case.step, fault, self.name, seconds, wrong)


async def undisturbed(lane: Lane, case: Case) -> Truth:
    """Run the case over a connection that knows its statement, and look."""
    await _warm_up(lane, case)
    operation = await _prepared(lane, case)
    before = await lane.snapshot()
    lane.road.proxy.watch()
    reply = await lane.ask(operation)
    return Truth(reply.value, before, await lane.snapshot(), dict(lane.road.proxy.passed))


async def cut(lane: Lane, job: Job, truth: Truth) -> Result | None:
    """Run the case, cut its connection, and compare; None: fewer bytes passed.

    The last question shows that the connection came back.
    """
    await _warm_up(lane, job.case)
    operation = await _prepared(lane, job.case)
    lane.road.proxy.watch(job.cut)
    began = anyio.current_time()
    told = await _told(lane, operation)
    seconds = anyio.current_time() - began
    made = lane.road.proxy.forget()
    found = await _look(lane, truth)
    wrong = [*_difference(job.case, told, truth.answer), *found.wrong]
    if isinstance(again := await _told(lane, operation), NotStored):
        wrong.append(f"the connection did not come back: {again}")
    if not made and not wrong:
        return None
    return replace(job.result(seconds, "; ".join(wrong) or None), lost=found.lost, doubled=found.doubled)


@dataclass(frozen=True, slots=True)
class _Found:
    """What the rows and the sessions say."""

    wrong: list[str]
    lost: bool = False
    doubled: bool = False


async def _look(lane: Lane, truth: Truth) -> _Found:
    wrong = []
    if idle := await lane.idle_in_transaction():
        wrong.append(f"{idle} idle in transaction")
    if not await lane.calm_down():
        wrong.append("a session is still at work")
    rows = await lane.snapshot()
    if rows == truth.after:
        return _Found(wrong)
    differing = sorted(set(rows) ^ set(truth.after))
    return _Found([*wrong, f"rows differ: {differing}"], lost=rows == truth.before, doubled=rows != truth.before)


async def _warm_up(lane: Lane, case: Case) -> None:
    """Teach the connection the statement, once: whatever a run does, it ends with this statement's answer."""
    if lane.warm != case.step:
        await lane.ask(await _prepared(lane, case))
        lane.warm = case.step


async def _prepared(lane: Lane, case: Case) -> Operation[Any]:
    await lane.empty()
    return await case.prepare(await Team.gather(lane.world))


async def _told(lane: Lane, operation: Operation[Any]) -> object:
    try:
        return (await lane.ask(operation)).value
    except NotStored as error:
        return error


def _difference(case: Case, told: object, truth: object) -> list[str]:
    if case.tells_work and type(told) is type(truth):
        return []
    return [] if _same(told, truth) else [f"told {told}, not {truth}"]


def _same(one: Any, other: Any) -> bool:
    """Compare by value; moments and seconds depend on when it was asked."""
    if is_dataclass(one) and type(one) is type(other):
        names = {field.name for field in fields(one)} - OF_THE_ATTEMPT
        return all(_same(getattr(one, name), getattr(other, name)) for name in names)
    match one, other:
        case (datetime(), datetime()):
            return True
        case (float(), float() | int()):
            return abs(one - other) < CLOCK_SECONDS
        case (tuple(), tuple()):
            return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)
