"""Every fault that a plan can name really happens, and is what its name says: a world without one proves nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from random import Random

import anyio
import pytest

from actors.errors import AnswerLost, BotTokenRefused, PortError, Refused, Unreachable
from tests.simulation.bare import Loop, live
from tests.simulation.plan import Deed, Episode, Kind, Plan, Profile, Trigger
from tests.simulation.processes import Process, Schedule
from tests.simulation.run import simulate
from tests.simulation.scripts import SCRIPTS, draw_script
from tests.simulation.timeline import Timeline
from tests.simulation.weather import AWAY, LOSSY, SLOW, USUAL_SECONDS, Luck, Weather
from tests.simulation.wire import Request, Wire

REQUESTS = 300
PORTS = tuple(USUAL_SECONDS)
PATIENCE_SECONDS = 10.0
TROUBLES = {"refused connection", "lost request", "lost reply", "late", "silence"}
HAPPENS_TO_WORKERS = {"worker killed", "worker stopped", "worker deployed", "worker frozen", "worker thawed"}

HARM = {
    Deed.LOSE_REQUEST: "lost request",
    Deed.LOSE_REPLY: "lost reply",
    Deed.LATE: "late",
    Deed.SILENCE: "silence",
    Deed.REFUSE: "refusal",
    Deed.TURN_AWAY: "refused connection",
    Deed.HELD_UP: "held up",
    Deed.SLOW: "slow",
}
BEFALLS = {
    Deed.KILL: "worker killed",
    Deed.REPLACE: "worker killed",
    Deed.FREEZE: "worker frozen",
    Deed.THAW: "worker thawed",
    Deed.STOP: "worker stopped",
    Deed.OUTAGE: "connections cut",
    Deed.SPOIL: "picture refused",
    Deed.CLOSE: "chat closed",
}


def weather(*kinds: Kind) -> Weather:
    """Weather in which these are under way, as strong as they get."""
    under_way = {kind: Episode(number, kind, 0.0, 60.0, 1.0) for number, kind in enumerate(kinds)}
    return Weather(Random(1), under_way)


def troubles(weather: Weather, port: str) -> Counter[str]:
    """What becomes of many requests."""
    return Counter(weather.luck(port).trouble for _ in range(REQUESTS))


class Sure(Weather):
    """One trouble, every time: a second there, a second back, and five more if it is late."""

    def __init__(self, trouble: str) -> None:
        super().__init__(Random(1))
        self._trouble = trouble

    def luck(self, port: str) -> Luck:
        assert port
        return Luck(1.0, 1.0, self._trouble, 5.0)


async def ask(trouble: str) -> tuple[type[PortError] | None, float, float | None]:
    """Ask in such trouble: which error comes, when, and when the request takes effect."""
    timeline, took_effect = Timeline(lambda: None), list[float]()
    wire = Wire(Process("w1", "host1"), timeline, Sure(trouble), lambda _point, _process: None)
    error: type[PortError] | None = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(timeline.run)
        try:
            await wire.ask(Request("telegram", "edit_card", lambda: took_effect.append(timeline.now), PATIENCE_SECONDS))
        except PortError as raised:
            error = type(raised)
        told = timeline.now
        await anyio.sleep(60.0)
        tasks.cancel_scope.cancel()
    return error, told, took_effect[0] if took_effect else None


def stormy(episodes: tuple[Episode, ...], triggers: tuple[Trigger, ...]) -> Plan:
    """A small world in this trouble."""
    seconds = 15.0 * (len(episodes) + len(triggers) + 1)
    return Plan(1, Profile.PLAIN, 3, 8, 2, seconds, episodes, triggers)


@pytest.mark.parametrize(
    ("trouble", "error", "told", "effect"),
    [
        ("", None, 2.0, 1.0),
        ("refused connection", Unreachable, 2.0, None),
        ("token refused", BotTokenRefused, 2.0, None),
        ("lost request", AnswerLost, 2.0, None),
        ("lost reply", AnswerLost, 3.0, 1.0),  # a dead connection is found out a little later
        ("late", AnswerLost, 2.0, 6.0),
        ("silence", AnswerLost, PATIENCE_SECONDS, 1.0),
        ("refusal", Refused, 2.0, None),
        ("held up", None, 7.0, 6.0),
        ("slow", None, 7.0, 1.0),
    ],
)
def test_trouble_on_the_way_is_what_its_name_says(
    trouble: str, error: type[PortError] | None, told: float, effect: float | None
) -> None:
    async def program(_: Schedule) -> tuple[type[PortError] | None, float, float | None]:
        return await ask(trouble)

    assert live(Loop.SHUFFLED, program) == (error, told, effect)


@pytest.mark.parametrize("port", PORTS)
def test_lossy_way_knows_every_trouble(port: str) -> None:
    assert set(troubles(weather(LOSSY[port]), port)) == {*TROUBLES, ""}


@pytest.mark.parametrize("port", PORTS)
def test_nobody_gets_through_to_who_is_away(port: str) -> None:
    assert set(troubles(weather(AWAY[port]), port)) == {"refused connection"}


@pytest.mark.parametrize("port", PORTS)
def test_slow_way_takes_many_times_as_long(port: str) -> None:
    usual, slow = weather(), weather(SLOW[port])

    assert mean(lambda: slow.luck(port).there) > 3 * mean(lambda: usual.luck(port).there)


@pytest.mark.parametrize("port", PORTS)
def test_without_an_episode_nothing_goes_wrong(port: str) -> None:
    others = [kind for kind in (*LOSSY.values(), *AWAY.values(), *SLOW.values()) if not kind.value.startswith(port)]

    assert set(troubles(weather(*others), port)) == {""}


def test_silent_database_answers_nobody_and_half_of_it_takes_effect() -> None:
    silent = troubles(weather(Kind.DATABASE_SILENT), "database")

    assert set(silent) == {"silence", "lost request"}
    assert 0.4 < silent["silence"] / REQUESTS < 0.6


def test_every_episode_of_a_plan_begins_and_does_its_harm() -> None:
    episodes = tuple(Episode(number, kind, 12.0 * number, 10.0, 1.0) for number, kind in enumerate(Kind, 1))

    outcome = simulate(stormy(episodes, ()))

    began = {line.split("episode ")[1].split(":")[0] for line in outcome.transcript if "  episode " in line}
    assert began == {str(episode.number) for episode in episodes}
    harm = {"connections cut", "database refused connection", "row locked", "clock jumped", "message deleted"}
    assert {*HAPPENS_TO_WORKERS, *harm} <= set(outcome.faults)


@pytest.mark.parametrize("deeds", [tuple(Deed)[first::5] for first in range(5)], ids=range(5))
def test_every_deed_is_done_at_the_moment_that_its_trigger_names(deeds: tuple[Deed, ...]) -> None:
    triggers = tuple(
        Trigger(number, "sent HoldLease", 1 + 3 * (number - 1) // 2, deed, 5.0) for number, deed in enumerate(deeds, 1)
    )

    outcome = simulate(replace(stormy((), triggers), seconds=300.0))

    pulled = {line.split("trigger ")[1].split(":")[0] for line in outcome.transcript if "  trigger " in line}
    assert pulled == {str(trigger.number) for trigger in triggers}
    assert {f"database {HARM[deed]}" for deed in deeds if deed in HARM} <= set(outcome.faults)
    assert {BEFALLS[deed] for deed in deeds if deed in BEFALLS} <= set(outcome.faults)


@pytest.mark.parametrize("deed", [Deed.CREEP, Deed.STALL])
def test_file_of_a_card_creeps_or_stands_still_before_it_is_sent(deed: Deed) -> None:
    outcome = simulate(stormy((), (Trigger(1, "leave send_card", 1, deed, 20.0),)))

    name = {Deed.CREEP: "creeping", Deed.STALL: "stalled"}[deed]
    assert outcome.faults[f"telegram {name}"] == 1
    assert outcome.violations == ()


def test_trigger_that_follows_another_one_counts_from_its_moment() -> None:
    triggers = (
        Trigger(1, "sent AcknowledgeCards", 1, Deed.LOSE_REPLY, 1.0, after=2, not_before=4.0),
        Trigger(2, "sent poll", 3, Deed.LOSE_REQUEST, 1.0),
    )

    outcome = simulate(stormy((), triggers))

    (second, first) = [float(line.split()[0]) for line in outcome.transcript if "  trigger " in line]
    assert first >= second + 4.0


def test_scripts_take_turns_and_name_only_what_has_happened_before() -> None:
    plans = [draw_script(seed, seed) for seed in range(len(SCRIPTS))]

    assert len({plan.triggers for plan in plans}) == len(SCRIPTS)
    assert all(trigger.after < trigger.number for plan in plans for trigger in plan.triggers)


def mean(draw: Callable[[], float]) -> float:
    """What it is on average."""
    return sum(draw() for _ in range(REQUESTS)) / REQUESTS
