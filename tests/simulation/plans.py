"""Draws a world from a seed."""

from __future__ import annotations

from random import Random

from tests.simulation.dice import Dice
from tests.simulation.plan import Deed, Episode, Kind, Plan, Profile, Trigger

PROFILES = tuple(Profile)
FATAL = (Kind.KILL, Kind.DEPLOY, Kind.STOP, Kind.FREEZE)
SELDOM = (
    Kind.CLOCK,
    Kind.PAUSE,
    Kind.SWITCH,
    Kind.HAMMER,
    Kind.REMOVE,
    Kind.DELETE,
    Kind.ROW_LOCKED,
    Kind.TELEGRAM_FLOOD,
)
SHORTEST, LONGEST = 2.0, 45.0
LONG_OUTAGE_SECONDS = 130.0

# Where one thing is durable or done and the next one is not: tests aim at these.
POINTS = (
    ("reply RecordTap", 12),
    ("effect RecordTap", 12),
    ("sent RecordTap", 12),
    ("sent edit_card", 20),
    ("effect edit_card", 20),
    ("reply edit_card", 20),
    ("effect AcknowledgeCards", 8),
    ("effect ClaimDue", 8),
    ("effect send_card", 6),
    ("reply send_card", 6),
    ("effect SaveCard", 6),
    ("effect SendFailed", 2),
    ("effect StepPublish", 12),
    ("reply StepPublish", 12),
    ("effect TakePublish", 4),
    ("effect create_container", 4),
    ("sent publish", 4),
    ("effect publish", 4),
    ("reply publish", 4),
    ("effect CloseTap", 2),
    ("effect HoldLease", 6),
    ("effect Recover", 6),
    ("reply Recover", 6),
    ("effect poll", 20),
    ("reply poll", 20),
    ("effect answer", 12),
    ("effect StoreOutcome", 3),
    ("effect WriteInteractions", 8),
)


def draw_plan(seed: int, profile: Profile | None = None) -> Plan:
    """Draw the world of this seed; the seed chooses the profile, too, unless one is given."""
    chosen = profile or PROFILES[seed % len(PROFILES)]
    dice = Dice(seed).of(f"plan {chosen.value}")
    seconds = dice.uniform(150.0, 420.0)
    aimed = chosen is Profile.AIMED
    episodes = _episodes(dice, seconds, dice.randint(0, 2) if aimed else dice.randint(2, 7))
    triggers = _triggers(dice, dice.randint(2, 5) if aimed else 0, len(episodes))
    return Plan(
        seed=seed,
        profile=chosen,
        people=dice.randint(2, 6),
        items=dice.randint(3, 14),
        workers=dice.choice([1, 1, 1, 2]),
        seconds=round(seconds, 3),
        episodes=episodes,
        triggers=triggers,
    )


def _episodes(dice: Random, seconds: float, count: int) -> tuple[Episode, ...]:
    return tuple(_episode(dice, seconds, number) for number in range(1, count + 1))


def _episode(dice: Random, seconds: float, number: int) -> Episode:
    usual = [kind for kind in Kind if kind not in {*FATAL, *SELDOM}]
    kinds, weights = [*usual, *FATAL, *SELDOM], [1.0] * len(usual) + [1.5] * len(FATAL) + [0.5] * len(SELDOM)
    kind = dice.choices(kinds, weights)[0]
    at = dice.uniform(5.0, seconds * 0.9)
    long = kind in {Kind.DATABASE_AWAY, Kind.DATABASE_SILENT, Kind.FREEZE} and dice.random() < 0.25
    lasts = dice.uniform(90.0, LONG_OUTAGE_SECONDS) if long else dice.uniform(SHORTEST, LONGEST)
    return Episode(number, kind, round(at, 3), round(lasts, 3), round(dice.uniform(0.2, 1.0), 3))


def _triggers(dice: Random, count: int, after: int) -> tuple[Trigger, ...]:
    return tuple(_trigger(dice, after + number) for number in range(1, count + 1))


def _trigger(dice: Random, number: int) -> Trigger:
    point, most = dice.choice(POINTS)
    deed = dice.choice(list(Deed))
    seconds = dice.choice([dice.uniform(0.3, 8.0), dice.uniform(10.0, 120.0)])
    return Trigger(number, point, dice.randint(1, most), deed, round(seconds, 3))
