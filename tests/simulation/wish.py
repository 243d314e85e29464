"""What the command line of the simulation asks for."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from tests.simulation.narrowing import NOTHING, Narrowing
from tests.simulation.plan import Profile

SEEDS = 200
ANY = "all"


class WrongInput(ValueError):
    """The command line asks for what cannot be; the text is one sentence for a person."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One of three: `seed` is played on its own, `hunt_seconds` are hunted, or `seeds` are played."""

    seeds: range
    profile: Profile | None
    backend: str
    jobs: int
    seed: int | None
    narrowing: Narrowing
    hunt_seconds: float | None
    until: str | None
    json_only: bool


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, and nothing else."""

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print below its usage."""
        raise WrongInput(f"{message[:1].upper()}{message[1:]}.")


def read_wish(arguments: Sequence[str]) -> Wish:
    """Read the command line; raises WrongInput."""
    read = _parser().parse_args(arguments)
    narrowing = Narrowing(read.people, read.items, read.workers, None if read.hunt else read.seconds, read.only)
    _check(read, narrowing)
    return Wish(
        seeds=range(read.first, read.first + (read.seeds or SEEDS)),
        profile=read.profile,
        backend=read.backend,
        jobs=read.jobs,
        seed=read.seed,
        narrowing=narrowing,
        hunt_seconds=read.seconds if read.hunt else None,
        until=read.until,
        json_only=read.json,
    )


def _check(read: argparse.Namespace, narrowing: Narrowing) -> None:
    if read.seed is not None and (read.hunt or read.seeds):
        raise WrongInput("--seed plays one seed: leave out --seeds and --hunt.")
    if read.hunt and read.seconds is None:
        raise WrongInput("--hunt needs --seconds: for how long?")
    if read.until is not None and not read.hunt:
        raise WrongInput("--until says for what --hunt looks: there is none.")
    if read.seed is None and narrowing != Narrowing():
        raise WrongInput("--people, --items, --workers, --seconds and --only narrow one world: name its --seed.")


def _parser() -> Parser:
    parser = Parser(prog="make simulate", description=__doc__, allow_abbrev=False)
    parser.add_argument("--seeds", type=_count, help=f"how many worlds are played; default {SEEDS}")
    parser.add_argument("--first", type=_seed, default=1, help="the first seed")
    parser.add_argument(
        "--profile", type=_profile, help="plain, priority, aimed or scripted (default: these by turns), or webhook"
    )
    parser.add_argument("--backend", choices=("trio", "asyncio"), default="trio")
    parser.add_argument("--jobs", type=_count, default=os.cpu_count() or 1, help="processes; default: one a core")
    parser.add_argument("--json", action="store_true", help="nothing but the last line, which is one JSON object")
    parser.add_argument("--hunt", action="store_true", help="until a promise breaks or --seconds are over, on one core")
    parser.add_argument("--until", metavar="PROMISE", help="with --hunt: until this very promise breaks")
    one = parser.add_argument_group("one world")
    one.add_argument("--seed", type=_seed, help="play this seed alone, and print its whole transcript")
    one.add_argument("--people", type=_count)
    one.add_argument("--items", type=_count)
    one.add_argument("--workers", type=_count)
    one.add_argument(
        "--seconds", type=_seconds, help="how long the world is in trouble; with --hunt: the hunt's length"
    )
    one.add_argument("--only", type=_numbers, help=f"keep these episodes and triggers, as 3,7, or {NOTHING}")
    return parser


def _seed(word: str) -> int:
    if not word.isdecimal():
        raise argparse.ArgumentTypeError(f"{word!r} is no seed; a seed is a whole number from 0 on")
    return int(word)


def _count(word: str) -> int:
    if not word.isdecimal() or int(word) == 0:
        raise argparse.ArgumentTypeError(f"{word!r} is no whole number from 1 on")
    return int(word)


def _seconds(word: str) -> float:
    try:
        seconds = float(word)
    except ValueError:
        seconds = -1.0
    if not 1.0 <= seconds <= 86_400.0:
        raise argparse.ArgumentTypeError(f"{word!r} is no number of seconds between 1 and 86400")
    return seconds


def _profile(word: str) -> Profile | None:
    known = {profile.value: profile for profile in Profile}
    if word != ANY and word not in known:
        raise argparse.ArgumentTypeError(f"{word!r} is no profile; there are {', '.join(known)} and {ANY}")
    return known.get(word)


def _numbers(word: str) -> frozenset[int]:
    words = [] if word == NOTHING else word.split(",")
    if not all(one.isdecimal() for one in words):
        raise argparse.ArgumentTypeError(f"{word!r} is no list of numbers as 3,7, and not {NOTHING}")
    return frozenset(map(int, words))
