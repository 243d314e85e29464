"""What a failure's command names is played again as it was, and the tripwire holds the piece that it is told to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import pytest

from tests.faults.calls import Cut, cuts
from tests.faults.harms import HARMS, Session
from tests.faults.kills import Kill, plan
from tests.faults.postgres import Ailment, ailments
from tests.faults.results import Settings
from tests.faults.snare import Bite, Where
from tests.faults.trap import Callers, End
from tests.faults.tripwire import BEFORE, Tripwire
from tests.tcp_proxy import Ending, Line, Way

LINE = cast("Line", None)  # the tripwire looks at rows, not at lines


@dataclass
class Rows:
    """A database that says the same to every question."""

    answer: bool
    asked: int = 0

    async def fetchval(self, _: str) -> Any:
        """Say it."""
        self.asked += 1
        return self.answer


def stretch(rows: Rows, mark: str | None, *, breaks: bool) -> Tripwire:
    wire = Tripwire(cast("Session", rows), mark, breaks=breaks)
    wire.armed = True
    wire.made.set()
    return wire


def test_each_ailment_has_a_name_of_its_own() -> None:
    names = [one.name for one in ailments(Settings())]

    assert len(names) == len(set(names))


def test_an_ailment_that_is_named_lasts_as_long_as_it_did() -> None:
    assert ailments(Settings(seed=7)) == ailments(Settings(seed=7, quick=True, run="any"))


def test_a_quick_run_has_each_fault_once() -> None:
    assert [one.harm for one in ailments(Settings(quick=True))] == list(HARMS)


def test_a_presentation_is_not_begun_without_its_database() -> None:
    assert {one.scene for one in ailments(Settings()) if one.moment == BEFORE} == {"tap", "publish"}


def test_an_ailment_is_named_by_its_cell() -> None:
    assert Ailment("tap", BEFORE, "CRASH", 5.0).name == "tap/before it/CRASH"


def test_a_kill_that_is_named_is_the_only_one() -> None:
    assert plan(Settings(quick=True, run="publish/STOP/17")) == [Kill("publish", End.STOP, 17)]


def test_a_cut_that_is_named_is_the_only_one() -> None:
    (cut,) = cuts(Settings(quick=True, run="publish/17/INSIDE/RST"))

    assert (cut.scene, cut.bite.number, cut.bite.where, cut.bite.ending) == ("publish", 17, Where.INSIDE, Ending.RST)


def test_each_cut_has_a_name_of_its_own() -> None:
    names = [one.name for one in cuts(Settings())]

    assert len(names) == len(set(names))


def test_each_piece_of_a_publish_ends_in_each_way_once() -> None:
    first = [one.bite.ending for one in cuts(Settings()) if one.scene == "publish" and one.bite.number == 1]

    assert sorted(first, key=list(Ending).index) == list(Ending)


@pytest.mark.parametrize(("share", "passed"), [(0.0, b"a"), (0.5, b"ab"), (0.999, b"abc")])
def test_a_cut_inside_a_piece_passes_some_of_it_and_never_all(share: float, passed: bytes) -> None:
    assert Bite(1, Where.INSIDE, Ending.FIN, share).passes(b"abcd") == passed


def test_a_cut_is_drawn_anew_from_its_seed_alone() -> None:
    assert cuts(Settings(seed=3)) == cuts(Settings(seed=3))
    assert isinstance(cuts(Settings(seed=3))[0], Cut)


def test_a_piece_is_named_by_its_call_and_never_by_its_token() -> None:
    callers = Callers()

    asked = callers.name("Telegram", LINE, Way.REQUEST, b"POST /bot123:secret/sendPhoto HTTP/1.1")

    assert asked == "Telegram: sendPhoto: request"
    assert callers.name("Telegram", LINE, Way.REPLY, b"HTTP/1.1 200 OK") == "Telegram: sendPhoto: reply"


async def test_a_reply_is_lost_that_was_under_way_when_the_rows_said_it() -> None:
    wire = stretch(Rows(True), "select done", breaks=True)

    with pytest.raises(ConnectionAbortedError):
        await wire.see(LINE, Way.REPLY, b"done")

    assert wire.now.is_set()


async def test_a_reply_passes_while_the_rows_do_not_say_it() -> None:
    wire = stretch(Rows(False), "select done", breaks=True)

    await wire.see(LINE, Way.REPLY, b"ready")

    assert not wire.now.is_set()


async def test_rows_are_not_asked_about_a_request_nor_before_it_is_armed() -> None:
    rows = Rows(True)
    wire = stretch(rows, "select done", breaks=True)
    await wire.see(LINE, Way.REQUEST, b"do")
    wire.armed = False
    await wire.see(LINE, Way.REPLY, b"done")

    assert (rows.asked, wire.now.is_set()) == (0, False)


async def test_the_first_request_goes_on_once_the_fault_is_there() -> None:
    wire = stretch(Rows(False), None, breaks=True)

    await wire.see(LINE, Way.REQUEST, b"do")

    assert wire.now.is_set()
