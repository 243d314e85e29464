"""Draws a world from a seed."""

from __future__ import annotations

from random import Random

from tests.simulation.dice import Dice
from tests.simulation.plan import Deed, Episode, Kind, Plan, Profile, Trigger
from tests.simulation.scripts import draw_script

PROFILES = (Profile.PLAIN, Profile.PRIORITY, Profile.AIMED)
SCRIPTED_EVERY = 2
FATAL = (Kind.KILL, Kind.DEPLOY, Kind.STOP, Kind.FREEZE)
SELDOM = (
    Kind.CLOCK,
    Kind.PAUSE,
    Kind.SWITCH,
    Kind.HAMMER,
    Kind.REMOVE,
    Kind.ROW_LOCKED,
    Kind.TELEGRAM_FLOOD,
)
NEVER = (Kind.DEAF, Kind.REVOKED)  # only where a script asks for it
DRIZZLE = (
    Kind.DATABASE_LOSSY,
    Kind.DATABASE_SLOW,
    Kind.TELEGRAM_LOSSY,
    Kind.TELEGRAM_SLOW,
    Kind.INSTAGRAM_LOSSY,
    Kind.INSTAGRAM_SLOW,
    Kind.TELEGRAM_FLOOD,
)
SHORTEST, LONGEST = 2.0, 45.0
LONG_OUTAGE_SECONDS = 130.0

# Where one thing is durable or done and the next one is not; how often such a request is made in a world, about.
# What a world makes seldom and what must never go wrong stands here more than once: it is drawn more often.
AIMS = (
    *[("RecordTap", 8)] * 4,
    *[("edit_card", 16)] * 4,
    *[("publish", 3)] * 4,
    *[("StepPublish", 10)] * 3,
    *[("send_card", 5)] * 2,
    *[("poll", 16)] * 2,
    ("create_container", 3),
    ("container", 4),
    ("AcknowledgeCards", 8),
    ("ClaimDue", 8),
    ("SaveCard", 5),
    ("SendFailed", 2),
    ("TakePublish", 3),
    ("CloseTap", 2),
    ("LookAtCard", 3),
    ("HoldLease", 6),
    ("Recover", 6),
    ("answer", 12),
    ("StoreOutcome", 3),
    ("WriteInteractions", 8),
)
UPON = (Deed.KILL, Deed.FREEZE, Deed.TAKE_OVER)
WIRE = (Deed.LOSE_REPLY, Deed.SILENCE)
DEEDS = {
    "sent": (*UPON, *WIRE, Deed.LOSE_REQUEST, Deed.LATE, Deed.LATE, Deed.OUTAGE),
    "effect": (*UPON, *WIRE, Deed.OUTAGE, Deed.CUT_OFF),
    "reply": (*UPON, Deed.OUTAGE),
}
SAGA = {"publish", "StepPublish", "container"}  # a lease of 75 s must end before another worker goes on
BRIEF, AWHILE, LATE, LONG, LEASE = (0.3, 8.0), (10.0, 30.0), (4.0, 25.0), (102.0, 128.0), (78.0, 130.0)

# Where a mistake costs a tap or a second story. Each such world does one deed of each of these groups.
Aim = tuple[str, int, Deed, tuple[float, float]]  # the point, how often it is passed in a world, the deed, its seconds
RECORDS: tuple[Aim, ...] = (
    ("effect RecordTap", 6, Deed.CUT_OFF, LONG),
    ("effect RecordTap", 6, Deed.KILL_AND_CUT_OFF, LONG),
    ("sent RecordTap", 6, Deed.HOLD_BACK, LONG),
    ("effect RecordTap", 6, Deed.LOCK_OUT, LONG),
    ("effect RecordTap", 6, Deed.OUTAGE, AWHILE),
)
STORIES: tuple[Aim, ...] = (
    ("sent publish", 1, Deed.LATE, LATE),
    ("sent publish", 1, Deed.LOSE_REPLY, BRIEF),
    ("sent publish", 1, Deed.LOSE_REQUEST, BRIEF),
    ("effect publish", 1, Deed.SILENCE, BRIEF),
    ("effect publish", 2, Deed.LOSE_REPLY, BRIEF),
)
SAGAS: tuple[Aim, ...] = (
    ("sent publish", 2, Deed.KILL, BRIEF),
    ("reply StepPublish", 4, Deed.KILL, BRIEF),
    ("reply StepPublish", 4, Deed.TAKE_OVER, LEASE),
    ("sent StepPublish", 4, Deed.TAKE_OVER, LEASE),
    ("effect publish", 2, Deed.TAKE_OVER, LEASE),
    ("reply create_container", 2, Deed.SWITCH, BRIEF),
    ("sent StepPublish", 6, Deed.LATE, (2.0, 12.0)),
)
CARDS: tuple[Aim, ...] = (
    ("sent edit_card", 16, Deed.LATE_AND_KILL, LATE),
    ("sent edit_card", 16, Deed.LATE, LATE),
    ("reply send_card", 4, Deed.OUTAGE, AWHILE),
    ("sent send_card", 4, Deed.LOSE_REPLY, BRIEF),
    ("sent send_card", 4, Deed.TAKE_OVER, LEASE),
    ("effect edit_card", 16, Deed.TAKE_OVER, AWHILE),
)


def draw_plan(seed: int, profile: Profile | None = None) -> Plan:
    """Draw the world of this seed; the seed chooses the profile, too, unless one is given."""
    usual = Profile.SCRIPTED if seed % SCRIPTED_EVERY == 0 else PROFILES[seed % len(PROFILES)]
    chosen = profile or usual
    if chosen is Profile.SCRIPTED:
        return draw_script(seed, seed // SCRIPTED_EVERY if profile is None else seed)
    dice = Dice(seed).of(f"plan {chosen.value}")
    seconds = dice.uniform(150.0, 420.0)
    aimed = chosen is Profile.AIMED or (chosen is Profile.WEBHOOK and seed % 2 == 0)
    drizzle = _drizzle(dice, seconds)
    episodes = (*drizzle, *_episodes(dice, seconds, len(drizzle), dice.randint(0, 2) if aimed else dice.randint(2, 7)))
    episodes += _worst_last(dice, seconds, len(episodes))
    triggers = _triggers(dice, dice.randint(3, 8) if aimed else 0, len(episodes))
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


def _drizzle(dice: Random, seconds: float) -> tuple[Episode, ...]:
    """A few kinds of slight trouble all the time, others never: each world is bad in its own way (swarm testing)."""
    kinds = dice.sample(DRIZZLE, dice.randint(0, 3))
    return tuple(
        Episode(number, kind, 1.0, round(seconds, 3), round(dice.uniform(0.05, 0.4), 3))
        for number, kind in enumerate(kinds, 1)
    )


def _episodes(dice: Random, seconds: float, after: int, count: int) -> tuple[Episode, ...]:
    return tuple(_episode(dice, seconds, after + number) for number in range(1, count + 1))


def _episode(dice: Random, seconds: float, number: int) -> Episode:
    usual = [kind for kind in Kind if kind not in {*FATAL, *SELDOM, *NEVER}]
    kinds, weights = [*usual, *FATAL, *SELDOM], [1.0] * len(usual) + [1.5] * len(FATAL) + [0.5] * len(SELDOM)
    kind = dice.choices(kinds, weights)[0]
    at = dice.uniform(5.0, seconds * 0.9)
    long = kind in {Kind.DATABASE_AWAY, Kind.DATABASE_SILENT, Kind.FREEZE} and dice.random() < 0.25
    lasts = dice.uniform(90.0, LONG_OUTAGE_SECONDS) if long else dice.uniform(SHORTEST, LONGEST)
    return Episode(number, kind, round(at, 3), round(lasts, 3), round(dice.uniform(0.2, 1.0), 3))


def _worst_last(dice: Random, seconds: float, after: int) -> tuple[Episode, ...]:
    """What goes wrong in the last minute of some worlds, nobody's next tap puts right."""
    if dice.random() < 0.5:
        return ()
    kind = dice.choice([Kind.TELEGRAM_LOSSY, Kind.TELEGRAM_LOSSY, Kind.DATABASE_LOSSY])
    lasts = dice.uniform(30.0, 60.0)
    strength = round(dice.uniform(0.6, 1.0), 3)
    return (Episode(after + 1, kind, round(seconds - lasts, 3), round(lasts, 3), strength),)


def _triggers(dice: Random, count: int, after: int) -> tuple[Trigger, ...]:
    if not count:
        return ()
    found = [_trigger(dice, after + number) for number in range(1, count + 1)]
    for number, aims in enumerate((RECORDS, STORIES, SAGAS, CARDS), after + count + 1):
        point, often, deed, (shortest, longest) = dice.choice(aims)
        found.append(Trigger(number, point, dice.randint(1, often), deed, round(dice.uniform(shortest, longest), 3)))
    return tuple(found)


def _trigger(dice: Random, number: int) -> Trigger:
    name, often = dice.choice(AIMS)
    where = dice.choice(list(DEEDS))
    deed = dice.choice(DEEDS[where])
    long = deed is Deed.CUT_OFF or (name in SAGA and deed in {Deed.FREEZE, Deed.TAKE_OVER})
    seconds = dice.uniform(80.0, 130.0) if long else dice.choice([dice.uniform(0.3, 8.0), dice.uniform(10.0, 60.0)])
    if deed is Deed.LATE:
        seconds = dice.uniform(0.5, 12.0)
    return Trigger(number, f"{where} {name}", dice.randint(1, often), deed, round(seconds, 3))
