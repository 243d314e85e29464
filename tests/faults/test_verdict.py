"""What a worker leaves undone turns its section red, and so does what was never played."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.sandbox.sandbox import Sandbox
from infra.sandbox.telegram.model import Content, User
from infra.sandbox.telegram.queries import QueryAnswer
from infra.sandbox.telegram.rules import Rules
from infra.sandbox.telegram.world import ButtonTap, NewChat
from tests import tools
from tests.faults import calls, kills
from tests.faults.aftermath import unanswered, unconfirmed, unexplained
from tests.faults.cases import TAP
from tests.faults.cuts import asked_for, missed
from tests.faults.kills import Kill
from tests.faults.results import Result, Settings, figures, incomplete
from tests.faults.runs import Job, Truth
from tests.faults.sections import SECTIONS
from tests.faults.setups import Setup
from tests.faults.trap import End
from tests.tcp_proxy import Cut, Ending, Way

ROOT = Path(__file__).parents[2]
ANNA = User(11, "Anna")
CHAT = -1001000000001
SKIP = ({"text": "Skip", "callback_data": "skip:7:0"},)
LINE = {"event": "tap", "tap_id": "t1"}
TRUTH = Truth(None, [], [], {Way.REQUEST: 100, Way.REPLY: 200})


@pytest.fixture
def sandbox() -> Sandbox:
    """Anna's group, with a card."""
    sandbox = Sandbox(lambda: 100.0, Rules(limits=False), 0)
    sandbox.create_chat(NewChat("Team", [ANNA], id=CHAT))
    sandbox.telegram.send(str(CHAT), Content("photo", "Sunset", keyboard=(SKIP,)), 99.0)
    return sandbox


@dataclass(frozen=True)
class Asked:
    """A section of which so many runs are asked for."""

    name: str
    count: int

    def least(self, settings: Settings) -> int:
        """That many."""
        del settings
        return self.count

    async def run(self, settings: Settings) -> list[Result]:
        """Play nothing, and say nothing."""
        del settings
        return []


def run_of(section: str) -> Result:
    return Result(section, "tap", "a step", "a fault", "a name", 0.5)


def job(way: Way, after_bytes: int) -> Job:
    return Job(Setup.PLAIN, TAP, Cut(way, after_bytes, Ending.FIN))


def test_tap_that_nobody_answered_is_told(sandbox: Sandbox) -> None:
    tap = sandbox.tap(ButtonTap(CHAT, 1, ANNA.id, "Skip"))

    assert unanswered(sandbox, [tap]) == ["1 taps were never answered"]


def test_tap_with_a_toast_is_answered(sandbox: Sandbox) -> None:
    tap = sandbox.tap(ButtonTap(CHAT, 1, ANNA.id, "Skip"))
    sandbox.telegram.queries.answer(tap, QueryAnswer(101.0, "Skipping…", alert=False))

    assert unanswered(sandbox, [tap]) == []


def test_update_that_telegram_still_holds_is_told(sandbox: Sandbox) -> None:
    sandbox.tap(ButtonTap(CHAT, 1, ANNA.id, "Skip"))

    assert unconfirmed(sandbox) == ["1 updates were never confirmed"]


def test_telegram_that_holds_nothing_is_told_of_everything(sandbox: Sandbox) -> None:
    sandbox.telegram.updates.clear()

    assert unconfirmed(sandbox) == []


@pytest.mark.parametrize(
    ("logs", "wrong"),
    [
        ([[LINE]], []),
        ([[], [LINE]], []),
        ([[]], ["0 log lines for its tap"]),
        ([[{**LINE, "event": "item"}]], ["0 log lines for its tap"]),
        ([[LINE], [LINE]], []),
        ([[LINE, LINE]], ["2 log lines for its tap"]),
    ],
)
def test_tap_has_a_line_and_no_worker_writes_two(logs: list[list[dict[str, str]]], wrong: list[str]) -> None:
    assert unexplained(["t1"], logs) == wrong


def test_trap_that_never_springs_is_a_run_that_failed_and_is_counted() -> None:
    kill = Kill("tap", End.KILL, 1)

    (found,) = kills.PIECES.accounted({kill: None}, Settings())

    assert (found.name, found.wrong) == ("tap/KILL/1", "its trap never sprang")
    assert figures([found])["never_sprung"] == 1


def test_trap_beyond_the_last_piece_is_no_run() -> None:
    played = {Kill("tap", End.KILL, 1): run_of("kills"), Kill("tap", End.KILL, 150): None}

    assert kills.PIECES.accounted(played, Settings()) == [run_of("kills")]


def test_trap_that_was_named_has_to_spring() -> None:
    kill = Kill("tap", End.KILL, 150)

    assert [one.wrong for one in kills.PIECES.accounted({kill: None}, Settings(run=kill.name))] == [
        "its trap never sprang"
    ]


def test_piece_of_a_call_that_never_comes_is_a_run_that_failed() -> None:
    first = calls.cuts(Settings())[0]

    assert [one.sprung for one in calls.PIECES.accounted({first: None}, Settings())] == [False]


def test_quick_run_names_only_pieces_that_come_in_any_case() -> None:
    assert max(kill.number for kill in kills.plan(Settings(quick=True))) <= kills.LEAST_PIECES["tap"]
    assert max(cut.bite.number for cut in calls.cuts(Settings(quick=True))) <= calls.LEAST_PIECES["tap"]


@pytest.mark.parametrize(("after_bytes", "is_missed"), [(0, True), (191, True), (192, False), (207, False)])
def test_byte_that_never_comes_is_missed_unless_it_is_one_of_the_last(after_bytes: int, is_missed: bool) -> None:
    assert (missed(job(Way.REPLY, after_bytes), TRUTH) is not None) is is_missed


def test_section_with_fewer_runs_than_planned_is_incomplete() -> None:
    sections = [Asked("kills", 2), Asked("calls", 1)]

    assert incomplete(sections, Settings(), [run_of("kills"), run_of("calls")]) == ["kills: 1 runs, 2 at least"]


def test_section_that_plays_nothing_is_incomplete() -> None:
    assert incomplete([Asked("outage", 0)], Settings(), []) == ["outage: 0 runs, 1 at least"]


def test_run_that_nothing_is_called_is_incomplete() -> None:
    assert incomplete([Asked("kills", 2)], Settings(run="UNKNOWN"), []) == ["no run of kills is called 'UNKNOWN'"]


def test_run_that_was_named_and_played_is_whole() -> None:
    assert incomplete([Asked("kills", 2)], Settings(run="a name"), [run_of("kills")]) == []


@pytest.mark.parametrize("quick", [False, True])
def test_each_section_says_how_many_runs_it_has_at_least(quick: bool) -> None:
    assert all(section.least(Settings(quick=quick)) > 0 for section in SECTIONS)


@pytest.mark.parametrize(
    ("pooler", "promised", "count"), [(None, "0", 3), (None, "1", 4), ("/usr/sbin/pgbouncer", "0", 4)]
)
def test_setup_whose_tool_was_promised_is_not_left_out(
    monkeypatch: pytest.MonkeyPatch, pooler: str | None, promised: str, count: int
) -> None:
    monkeypatch.setenv(tools.POOLER, promised)

    assert len(asked_for(pooler)) == count


def test_tool_that_was_promised_and_is_not_there_fails_its_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(tools.BROWSER, "1")

    with pytest.raises(pytest.fail.Exception, match="REQUIRE_BROWSER=1, but there is no chromium"):
        tools.need(None, "chromium", tools.BROWSER)


def test_tool_that_nobody_promised_leaves_its_test_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(tools.BROWSER, raising=False)

    with pytest.raises(pytest.skip.Exception, match="there is no chromium"):
        tools.need(None, "chromium", tools.BROWSER)


def test_command_with_an_unknown_run_ends_with_1() -> None:
    command = [sys.executable, "-m", "tests.faults", "--only", "outage", "--run", "UNKNOWN"]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (ended.returncode, "no run of outage is called 'UNKNOWN'" in ended.stdout) == (1, True)
