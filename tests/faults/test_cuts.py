"""A slice of `make faults`: connections cut in the middle of a tap lose and double nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.cases import TAP
from tests.faults.cuts import cut_all
from tests.faults.lane import Lane, open_lane
from tests.faults.results import Result
from tests.faults.runs import Job, undisturbed
from tests.faults.setups import Setup, road, surroundings
from tests.tcp_proxy import Cut, Ending, Way

EVERY_BYTES = 61


@pytest.fixture
async def lane(database_url: str, tmp_path: Path) -> AsyncIterator[Lane]:
    """A database, and a connection to it that can be cut."""
    async with (
        road(Setup.TLS, database_url, surroundings(tmp_path)) as way,
        open_lane(way, database_url) as opened,
    ):
        yield opened


async def test_f1_a_tap_whose_connection_is_cut_counts_once_and_its_caller_is_told(lane: Lane) -> None:
    truth = await undisturbed(lane, TAP)
    endings = (Ending.FIN, Ending.RST)  # silence costs its bound of four seconds each time
    cuts = [Cut(way, at, end) for way in Way for at in range(0, truth.passed[way], EVERY_BYTES) for end in endings]

    results = await cut_all([lane], [Job(Setup.TLS, TAP, cut) for cut in cuts], {TAP.step: truth})

    assert len(results) == len(cuts)
    assert [one for one in results if one.wrong] == []


def test_a_result_says_how_to_play_it_again() -> None:
    job = Job(Setup.TLS, TAP, Cut(Way.REPLY, 17, Ending.RST))

    assert job.result(0.5, "rows differ") == Result(
        "cuts", "TLS", "tap", "reply: RST", "TLS/tap/reply/17/RST", 0.5, "rows differ"
    )
