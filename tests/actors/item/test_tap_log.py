"""The open_tap of a tap: one line, once all that the tap started is through."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import anyio
import pytest
from structlog.testing import capture_logs

from actors.audit.lines import MOST_LOGGED_TAPS, LoggedTaps
from actors.domain.item import Action, Item, State
from actors.item.effects import After, Conclude, Outcome
from actors.item.tap_log import OpenTaps
from tests.kit.clock import virtual_time
from tests.stories import ANNA, CHAT, press, row, settled

anyio_backend = virtual_time

PRESS = press("anna-1", at=100.0)
SKIPPED = Conclude(PRESS, "skip", Outcome.RECORDED, "tap", 1)


@pytest.fixture
def logs() -> Iterator[list[dict[str, object]]]:
    with capture_logs() as lines:
        yield lines  # type: ignore[misc]  # structlog types its entries loosely


async def test_line_has_every_field(logs: list[dict[str, object]]) -> None:
    await anyio.sleep(100.0 - anyio.current_time())
    open_tap = OpenTaps(LoggedTaps()).of(PRESS)

    await anyio.sleep(0.02)
    open_tap.toasted()
    await anyio.sleep(0.03)
    open_tap.recorded(2, stored=True)
    await anyio.sleep(0.05)
    open_tap.shown(1)
    open_tap.conclude(SKIPPED)

    assert logs == [
        {
            "event": "tap",
            "log_level": "info",
            "tap_id": "anna-1",
            "item_id": 7,
            "chat_id": CHAT,
            "user_id": ANNA.id,
            "action": "skip",
            "outcome": "recorded",
            "cause": "tap",
            "toast_ms": pytest.approx(20),
            "recorded_ms": pytest.approx(50),
            "card_ms": pytest.approx(100),
            "db_attempts": 2,
            "edit_attempts": 1,
            "waited_for": [],
            "version": 1,
        }
    ]


async def test_slow_tap_says_what_it_waited_for(logs: list[dict[str, object]]) -> None:
    await anyio.sleep(100.0 - anyio.current_time())
    open_tap = OpenTaps(LoggedTaps()).of(PRESS)

    await anyio.sleep(1.5)
    open_tap.toasted()
    open_tap.recorded(2, ("lock",), stored=True)
    await anyio.sleep(1.5)
    open_tap.shown(1)
    open_tap.conclude(SKIPPED)

    assert logs[0]["waited_for"] == ["Telegram's toast", "lock", "Telegram's edit"]


@pytest.mark.parametrize(
    ("edits", "trouble", "said"),
    [
        (1, {"limited": True}, ["Telegram's limit"]),
        (2, {"limited": True}, ["Telegram's limit"]),
        (2, {"limited": True, "troubled": True}, ["Telegram's limit", "Telegram's edit"]),
        (2, {"troubled": True}, ["Telegram's edit"]),
        (1, {}, ["Telegram's edit"]),
    ],
)
async def test_limit_of_telegram_is_told_from_a_slow_edit(
    logs: list[dict[str, object]], edits: int, trouble: dict[str, bool], said: list[str]
) -> None:
    await anyio.sleep(100.0 - anyio.current_time())
    open_tap = OpenTaps(LoggedTaps()).of(PRESS)

    await anyio.sleep(1.5)
    open_tap.shown(edits, **trouble)
    open_tap.conclude(SKIPPED)

    assert logs[0]["waited_for"] == said


async def test_toast_that_waited_for_the_limit_as_its_card_did_says_so_once(logs: list[dict[str, object]]) -> None:
    await anyio.sleep(100.0 - anyio.current_time())
    open_tap = OpenTaps(LoggedTaps()).of(PRESS)

    await anyio.sleep(1.5)
    open_tap.toasted(limited=True)
    open_tap.shown(2, limited=True)
    open_tap.conclude(SKIPPED)

    assert logs[0]["waited_for"] == ["Telegram's limit"]


async def test_limit_that_kept_nobody_waiting_is_not_said(logs: list[dict[str, object]]) -> None:
    await anyio.sleep(100.0 - anyio.current_time())
    open_tap = OpenTaps(LoggedTaps()).of(PRESS)

    open_tap.shown(1, limited=True)
    open_tap.conclude(SKIPPED)

    assert logs[0]["waited_for"] == []


async def test_tap_that_took_a_second_for_each_of_its_parts_is_not_slow(logs: list[dict[str, object]]) -> None:
    await anyio.sleep(100.0 - anyio.current_time())
    open_tap = OpenTaps(LoggedTaps()).of(PRESS)

    await anyio.sleep(1.0)
    open_tap.toasted()
    open_tap.recorded(1, stored=True)
    await anyio.sleep(1.0)
    open_tap.shown(1)
    open_tap.conclude(SKIPPED)

    assert (logs[0]["toast_ms"], logs[0]["card_ms"], logs[0]["waited_for"]) == (1000.0, 2000.0, [])


async def test_line_waits_for_everything_that_the_tap_started(logs: list[dict[str, object]]) -> None:
    open_tap = OpenTaps(LoggedTaps()).of(PRESS)
    open_tap.progress.begin()
    open_tap.progress.begin()

    open_tap.conclude(SKIPPED)
    open_tap.progress.end()
    assert logs == []
    open_tap.progress.end()

    assert len(logs) == 1


async def test_line_is_written_once(logs: list[dict[str, object]]) -> None:
    open_taps = OpenTaps(LoggedTaps())
    open_tap = open_taps.of(PRESS)
    open_tap.conclude(SKIPPED)

    open_tap.progress.begin()
    open_tap.progress.end()

    assert len(logs) == 1


async def test_time_of_a_record_that_failed_is_not_claimed(logs: list[dict[str, object]]) -> None:
    open_tap = OpenTaps(LoggedTaps()).of(PRESS)

    open_tap.recorded(5, stored=False)
    open_tap.conclude(SKIPPED)

    assert (logs[0]["recorded_ms"], logs[0]["db_attempts"]) == (None, 5)


async def test_durable_tap_is_confirmed_at_once() -> None:
    confirmed: list[str] = []
    open_tap = OpenTaps(LoggedTaps()).of(PRESS)
    open_tap.progress.begin()

    open_tap.progress.once(After.NOTHING, lambda: confirmed.append("now"))

    assert confirmed == ["now"]


async def test_refused_tap_is_confirmed_once_its_answer_is_through() -> None:
    confirmed: list[str] = []
    open_tap = OpenTaps(LoggedTaps()).of(PRESS)
    open_tap.progress.begin()

    open_tap.progress.once(After.SHOWN, lambda: confirmed.append("then"))
    assert confirmed == []
    open_tap.progress.end()

    assert confirmed == ["then"]


async def test_refusal_with_nothing_under_way_is_confirmed_at_once() -> None:
    confirmed: list[str] = []

    OpenTaps(LoggedTaps()).of(PRESS).progress.once(After.SHOWN, lambda: confirmed.append("now"))

    assert confirmed == ["now"]


async def test_press_has_one_trace_until_its_line_is_written() -> None:
    open_taps = OpenTaps(LoggedTaps())
    first = open_taps.of(PRESS)

    assert open_taps.of(PRESS) is first
    first.conclude(SKIPPED)

    assert open_taps.of(PRESS) is not first


async def test_recovered_line_names_the_tap_and_no_figures(logs: list[dict[str, object]]) -> None:
    OpenTaps(LoggedTaps()).recovered(settled(row(State.SKIPPED, 1), Action.SKIP, ANNA))

    assert (logs[0]["tap_id"], logs[0]["cause"], logs[0]["outcome"]) == ("tap-1", "recovered", "recorded")
    assert (logs[0]["toast_ms"], logs[0]["action"], logs[0]["version"]) == (None, "skip", 1)
    assert (logs[0]["db_attempts"], logs[0]["edit_attempts"]) == (None, None)


@pytest.mark.parametrize("known", [row(State.IN_REVIEW), settled(row(State.EXPIRED, 1), Action.EXPIRE, None)])
async def test_row_that_no_tap_settled_has_no_recovered_line(known: Item, logs: list[dict[str, object]]) -> None:
    OpenTaps(LoggedTaps()).recovered(known)

    assert logs == []


async def test_tap_that_is_concluded_twice_has_one_line(logs: list[dict[str, object]]) -> None:
    """A tap that comes again is answered again; it is not told again."""
    open_taps = OpenTaps(LoggedTaps())

    open_taps.of(PRESS).conclude(SKIPPED)
    open_taps.of(PRESS).conclude(SKIPPED)

    assert [line["tap_id"] for line in logs] == ["anna-1"]


@pytest.mark.parametrize("is_concluded", [True, False])
async def test_recovery_leaves_a_tap_to_explain_itself(logs: list[dict[str, object]], is_concluded: bool) -> None:
    open_taps = OpenTaps(LoggedTaps())
    open_tap = open_taps.of(press("tap-1"))
    if is_concluded:
        open_tap.conclude(replace(SKIPPED, press=press("tap-1")))

    open_taps.recovered(settled(row(State.SKIPPED, 1), Action.SKIP, ANNA))

    assert len(logs) == is_concluded


async def test_recovered_tap_is_told_once_also_when_it_comes_again(logs: list[dict[str, object]]) -> None:
    open_taps = OpenTaps(LoggedTaps())
    skipped = settled(row(State.SKIPPED, 1), Action.SKIP, ANNA)

    open_taps.recovered(skipped)
    open_taps.recovered(skipped)
    open_taps.of(press("tap-1")).conclude(replace(SKIPPED, press=press("tap-1")))

    assert [line["cause"] for line in logs] == ["recovered"]


async def test_tap_that_a_forgotten_actor_explained_is_not_recovered(logs: list[dict[str, object]]) -> None:
    """Simulation, seed 194: the acknowledgement was lost, the item passivated, and its card drawn again."""
    logged_taps = LoggedTaps()
    OpenTaps(logged_taps).of(press("tap-1")).conclude(replace(SKIPPED, press=press("tap-1")))

    OpenTaps(logged_taps).recovered(settled(row(State.SKIPPED, 1), Action.SKIP, ANNA))

    assert [line["cause"] for line in logs] == ["tap"]


async def test_tap_whose_actor_crashed_before_its_line_is_recovered_and_then_told_no_more(
    logs: list[dict[str, object]],
) -> None:
    """What the crashed one began runs on, and may end after the card was drawn again."""
    logged_taps = LoggedTaps()
    begun = OpenTaps(logged_taps).of(press("tap-1"))
    begun.progress.begin()
    begun.conclude(replace(SKIPPED, press=press("tap-1")))

    OpenTaps(logged_taps).recovered(settled(row(State.SKIPPED, 1), Action.SKIP, ANNA))
    begun.progress.end()

    assert [line["cause"] for line in logs] == ["recovered"]


async def test_so_many_explained_taps_are_remembered_and_the_oldest_is_forgotten() -> None:
    logged_taps = LoggedTaps()

    list(map(partial(logged_taps.add, outcome=Outcome.RECORDED), map(str, range(MOST_LOGGED_TAPS + 1))))

    assert [logged_taps.add(tap, Outcome.RECORDED) for tap in (str(MOST_LOGGED_TAPS), "1", "0")] == [False, False, True]


async def test_tap_that_another_worker_stored_after_all_is_told_again(logs: list[dict[str, object]]) -> None:
    """Simulation, seed 30077: two workers held it, and the one without a database called it not saved."""
    open_taps = OpenTaps(LoggedTaps())
    open_taps.of(press("tap-1")).conclude(replace(SKIPPED, press=press("tap-1"), outcome=Outcome.REFUSED))

    open_taps.recovered(settled(row(State.SKIPPED, 1), Action.SKIP, ANNA))
    open_taps.recovered(settled(row(State.SKIPPED, 1), Action.SKIP, ANNA))

    assert [line["outcome"] for line in logs] == ["refused", "recorded"]


@pytest.mark.parametrize("after", [After.ANSWER, After.SHOWN])
async def test_update_of_a_press_whose_toast_failed_is_held_for_what_is_shown(after: After) -> None:
    confirmed: list[str] = []
    open_tap = OpenTaps(LoggedTaps()).of(PRESS)
    open_tap.progress.begin()
    open_tap.progress.begin()

    open_tap.progress.once(after, lambda: confirmed.append("then"))
    open_tap.progress.end()
    assert confirmed == []
    open_tap.progress.end()

    assert confirmed == ["then"]


async def test_update_of_a_press_that_decides_nothing_is_held_for_its_toast_alone() -> None:
    """Simulation, aimed seeds 64 and 88: hundreds of questions in a group that takes an edit in three seconds."""
    confirmed: list[str] = []
    open_tap = OpenTaps(LoggedTaps()).of(PRESS)
    open_tap.progress.begin()
    open_tap.progress.begin()

    open_tap.progress.once(After.ANSWER, lambda: confirmed.append("then"))
    assert confirmed == []
    open_tap.toasted()
    open_tap.progress.end()

    assert confirmed == ["then"]
