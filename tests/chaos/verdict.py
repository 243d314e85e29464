"""What a run with kills, and one with slow publishes, must come to: one sentence for each thing that did not. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

TRUTH_SECONDS: Final = 150.0  # design: after all faults end, publishes are decided within so long
TOAST_MS: Final = 600.0  # the first visible answer, at most so late while other taps are held
HELD_UP_MS: Final = 2000.0  # the slowest, on a busy machine; whoever waited for a publish of 20 s is far beyond it
UNDER_WAY: Final = 0.8  # so many of the publishes at least, or nobody skipped beside them

Found = Mapping[str, Any]


def of_kills(found: Found) -> list[str]:
    """Whoever was refused tapped again: so each item that was tapped is live in the end, once, and says so."""
    items, states = found["items"], found["states"]
    wrong = {
        "no worker was killed": found["kills"] == 0,
        f"{found['kills_missing']} of the kills never came": found["kills_missing"] > 0,
        f"{found['tapped']} of {items} items were tapped": found["tapped"] != items or not items,
        f"{_open(states)} items are open": _open(states) > 0,
        f"{found['tapped']} tapped, {found['live']} live": found["live"] != found["tapped"],
        f"{states.get('posted', 0)} posted, {found['published']} published": states.get("posted", 0) != items
        or found["published"] != items,
        f"{found['doubles']} stories too many": found["doubles"] > 0,
        f"{found['lies']} cards lie": found["lies"] > 0,
    }
    return [sentence for sentence, is_wrong in wrong.items() if is_wrong] + _late(found["settled_seconds"])


def of_slow_publishes(found: Found) -> list[str]:
    """The publishes end as they should, enough of them were under way, and nobody's Skip waited for them."""
    posts, under_way, states = found["posts"], found["publishing_while_skipping"], found["states"]
    wrong = {
        f"{under_way} of {posts} publishes were under way": under_way < UNDER_WAY * posts or not posts,
        f"{found['live']} of {posts} stories are live": found["live"] != posts,
        f"{found['doubles']} stories too many": found["doubles"] > 0,
        f"{_open(states)} items are open": _open(states) > 0,
        f"{states.get('skipped', 0)} of {2 * found['skips']} skipped": states.get("skipped", 0) != 2 * found["skips"],
        f"{found['lies']} cards lie": found["lies"] > 0,
    }
    sentences = [sentence for sentence, is_wrong in wrong.items() if is_wrong] + _late(found["settled_seconds"])
    for name in ("skips_alone", "skips_meanwhile"):
        sentences += [f"{name}: {words}" for words in _of_skips(found[name], found["skips"])]
    return sentences


def _of_skips(told: Found, skips: int) -> list[str]:
    if told["taps"] != skips:
        return [f"{told['taps']} of {skips} explained by one line"]
    bounds = {
        "toast_p50_ms": TOAST_MS,
        "toast_max_ms": HELD_UP_MS,
        "recorded_p50_ms": TOAST_MS,
        "recorded_max_ms": HELD_UP_MS,
    }
    return [f"{name} is {told[name]}" for name, most in bounds.items() if told[name] is None or told[name] > most]


def _open(states: Mapping[str, int]) -> int:
    return sum(states.values()) - sum(states.get(final, 0) for final in ("posted", "skipped", "rejected"))


def _late(settled_seconds: float | None) -> list[str]:
    if settled_seconds is None:
        return ["it never came to rest"]
    return [f"it took {settled_seconds} s to come to rest"] if settled_seconds > TRUTH_SECONDS else []
