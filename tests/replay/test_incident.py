"""The day of the incident: every line of its timeline happens, none of its damage does; each root cause by its name.

The same root causes on real parts: tests/scenarios/test_investigation.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator

import pytest

from tests.backends import BACKENDS, Backend
from tests.replay.incident import BATCH, STORY, Incident, replayed
from tests.replay.playhouse import TEAM

SETTLED = {STORY: "posted", **dict.fromkeys(BATCH, "posted")} | {
    "noon": "posted",
    "quarter past": "skipped",
    "one": "posted",
}
TIMELINE = [
    "04:32:56",
    "04:34-04:39",
    "04:39:17",
    "04:39:32",
    "04:39:50",
    "04:42-04:50",
    "12:02:20",
    "12:15:49",
    "13:17:12",
]


@pytest.fixture
def anyio_backend() -> Backend:
    """Nine hours pass in no time."""
    return BACKENDS["trio_virtual"]()


@pytest.fixture
async def incident() -> AsyncIterator[Incident]:
    """The whole day, played to its end."""
    async with replayed() as played:
        yield played


async def test_every_line_of_the_timeline_happens(incident: Incident) -> None:
    assert [moment.time for moment in incident.moments] == TIMELINE
    assert incident.house.published[0] == STORY
    assert incident.house.published[-1] == "one"
    assert incident.house.group.weather.harms == {}


async def test_no_tap_is_lost_doubled_or_unexplained(incident: Incident) -> None:
    house = incident.house
    lines = Counter(line["tap_id"] for line in house.lines.named("tap"))

    assert lines == dict.fromkeys(incident.taps.values(), 1)
    assert house.group.platform.unconfirmed == []
    assert {title: house.item(title).state for title in SETTLED} == SETTLED
    assert Counter(house.published) == dict.fromkeys([STORY, *BATCH, "one"], 1)


async def test_every_card_tells_what_the_row_says(incident: Incident) -> None:
    house = incident.house
    shown = {title: house.screen(title).now.face.row for title in SETTLED}

    assert {title: row.state.value for title, row in shown.items() if row} == SETTLED
    assert {row.revision - house.item(title).revision for title, row in shown.items() if row} == {0}


async def test_connection_leak_no_connection_is_held_between_statements(incident: Incident) -> None:
    """Root cause 1: the interaction logger's sessions sat idle in transaction."""
    assert incident.connections == [0] * len(TIMELINE)
    assert incident.logged("auto post") == 1


async def test_pool_exhaustion_a_batch_of_auto_posts_never_needs_more_than_the_pool(incident: Incident) -> None:
    """Root cause 2: several connections a tap, held across uploads, and 30 s timeouts for everybody."""
    lines = [incident.house.lines.of(incident.taps[title])[0] for title in BATCH]

    assert incident.house.database.most == incident.house.database.size
    assert {line["outcome"] for line in lines} == {"recorded"}
    assert max(line["recorded_ms"] for line in lines) < 10_000
    assert max(line["toast_ms"] for line in lines) < 100


async def test_ssl_staleness_a_dropped_connection_costs_no_tap_and_no_line(incident: Incident) -> None:
    """Root cause 3: the statement after an idle period failed, and with it what it was to write."""
    assert incident.logged("noon") == incident.logged("quarter past") == 1
    assert incident.house.item("noon").settled_name == "Anna"
    assert incident.house.item("quarter past").settled_name == "Ben"


async def test_race_of_autopost_and_skip_the_loser_learns_who_did_what_and_when(incident: Incident) -> None:
    """Root cause 4: Skip on an item that Auto Post had just finished: no toast, no edit, no log line."""
    line = incident.house.lines.of(incident.taps["late skip"])[0]

    assert line["outcome"] == "stale"
    assert incident.house.toast(incident.taps["late skip"]).startswith("Skipping…")
    assert incident.house.says(STORY) == [
        "✅ Posted via Instagram by Anna, 04:39",
        "🐢 Ben's Skip, 04:39: too late, posted via Instagram by Anna, 04:39",
    ]


async def test_ux_timing_every_toast_comes_before_its_record(incident: Incident) -> None:
    """Root cause 5: the caption was edited only after every synchronous database operation."""
    taps = [incident.house.lines.of(tap)[0] for tap in incident.taps.values()]
    slow = [incident.house.lines.of(incident.taps[title])[0] for title in BATCH]

    assert max(line["toast_ms"] for line in taps) < 100
    assert min(line["recorded_ms"] - line["toast_ms"] for line in slow) > 1000


async def test_duplicate_scheduler_runs_each_item_has_one_card(incident: Incident) -> None:
    """Beside the root causes: two chat rows, one of them half set up, and the scheduler ran twice a minute."""
    cards = Counter(screen.now.face.item_id for screen in incident.house.group.platform.screens.values())

    assert set(cards.values()) == {1}
    assert {chat_id for chat_id, _ in incident.house.group.platform.screens} == {TEAM}
