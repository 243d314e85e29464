"""A tap whose attempts are unknown is closed: its key decides, once and for ever."""

from dataclasses import replace

from actors.domain.item import Action, State
from actors.domain.messages import Gone, NotRecorded, Recorded, Stale
from tests.contracts.team import BEN, Team


async def test_closing_an_unknown_tap_refuses_it_for_ever(team: Team) -> None:
    shown = await team.present()
    tap = team.tap(shown)

    closed = await team.close(tap)
    after = await team.record(tap)

    assert closed == after == NotRecorded(tap, certain=True)
    assert (await team.load(shown)).state is State.IN_REVIEW
    assert await team.lines("members") == []


async def test_closing_a_recorded_tap_tells_that_it_was_recorded(team: Team) -> None:
    shown = await team.present()
    tap = team.tap(shown)
    await team.record(tap)

    closed = await team.close(tap)

    assert isinstance(closed, Recorded)
    assert closed.replayed
    assert closed.row.state is State.SKIPPED


async def test_closing_twice_gives_one_answer(team: Team) -> None:
    shown = await team.present()
    tap = team.tap(shown)
    first = await team.close(tap)

    assert await team.close(tap) == first


async def test_closing_a_lost_tap_tells_that_it_lost(team: Team) -> None:
    shown = await team.present()
    late = team.tap(shown, Action.POSTED, BEN)
    await team.record(team.tap(shown))
    await team.record(late)

    assert isinstance(await team.close(late), Stale)


async def test_closing_a_tap_of_an_unknown_chat_leads_nowhere(team: Team) -> None:
    shown = await team.present()
    tap = team.tap(shown)

    closed = await team.close(replace(tap, press=replace(tap.press, chat_id=-9999)))

    assert isinstance(closed, Gone)
