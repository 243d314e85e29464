"""What somebody who means harm would send, as strategies: texts, numbers, JSON, bytes, and good things gone bad.

`make test` tries some of them, the same ones each time (tests/plugins/examples.py);
`make test ARGS="-k hostile --hypothesis-profile=long --timeout=0"` tries forty times as many, others each time.
Hypothesis alone, without atheris: its gain is to see into native code, and the wheels of Pillow and OpenSSL, which
stand behind these doors, were not built for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, TypeAlias

from hypothesis import settings
from hypothesis import strategies as st

Json: TypeAlias = Any
Place: TypeAlias = tuple[str | int, ...]
Change: TypeAlias = Callable[[Json], Json]

CRUEL_TEXTS = (
    "",
    "\0",
    "\ud83d",  # half a character
    "\udc00\ud800",
    "\u202e\u2066",  # turn the words beside them round
    "\u2063",  # nothing to see
    "\u0661\u0662",  # digits, and not of ASCII
    "\u2028\r\n\t\x1b[2J",
    "Zoe\u0301\u200d\ufe0f",
    "</code><b>&amp;",
    "%s %n {0} ${HOME} `id`",
    "'; drop table items; --",
    "../../etc/passwd",
    "x" * 70_000,
    "\U0001f642" * 5_000,
)
CRUEL_NUMBERS = (0, -1, 2**31, 2**53, 2**63 - 1, 2**63, -(2**63) - 1, 2**64, 10**400, 0.5, 1e308, -0.0)
NO_NUMBERS = (float("nan"), float("inf"), float("-inf"))

texts = st.sampled_from(CRUEL_TEXTS) | st.text(max_size=20) | st.text(st.characters(), max_size=9)
numbers = st.sampled_from([*CRUEL_NUMBERS, *NO_NUMBERS]) | st.integers() | st.floats()
scalars = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def deep(levels: int) -> Json:
    """A list in a list in a list."""
    nested: Json = []
    for _ in range(levels):
        nested = [nested]
    return nested


cruel = values | st.sampled_from([deep(500), {"id": deep(500)}, [{}] * 1000])


def few(share: int) -> settings:
    """The settings of a property whose every example is slow: it is tried with one in so many."""
    return settings(max_examples=max(1, settings().max_examples // share))


def spoiled(good: Json) -> st.SearchStrategy[Json]:
    """The same document with one to three of its parts gone or replaced."""
    gone: st.SearchStrategy[Change] = st.just(lambda _: GONE)
    replaced: st.SearchStrategy[Change] = cruel.map(lambda new: lambda _: new)
    wrapped: st.SearchStrategy[Change] = st.sampled_from([lambda old: [old], lambda old: {"id": old}, str])
    places = st.sampled_from(list(_places(good)))
    changes = st.lists(st.tuples(places, gone | replaced | wrapped), min_size=1, max_size=3)
    return changes.map(lambda found: _changed(deepcopy(good), found))


def bent(good: bytes) -> st.SearchStrategy[bytes]:
    """The same bytes cut off, with some of them changed, or with others in between."""
    where = st.integers(0, len(good))
    pieces = st.lists(st.tuples(where, st.binary(min_size=1, max_size=8)), min_size=1, max_size=6)
    cut = where.map(lambda end: good[:end])
    grown = st.tuples(where, st.binary(max_size=40)).map(lambda new: good[: new[0]] + new[1] + good[new[0] :])
    return cut | grown | pieces.map(lambda found: _overwritten(good, found))


GONE = object()


def _places(found: Json, at: Place = ()) -> Iterator[Place]:
    yield at
    parts = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for key, part in parts:
        yield from _places(part, (*at, key))


def _changed(document: Json, changes: list[tuple[Place, Change]]) -> Json:
    holder = [document]
    for place, change in changes:
        _change(holder, (0, *place), change)
    return holder[0] if holder else None


def _change(document: Json, place: Place, change: Change) -> None:
    """Change one part; an earlier change may have taken the place away, and then nothing happens."""
    for key in place[:-1]:
        try:
            document = document[key]
        except (KeyError, IndexError, TypeError):
            return
    try:
        new = change(document[place[-1]])
        if new is GONE:
            del document[place[-1]]
        else:
            document[place[-1]] = new
    except (KeyError, IndexError, TypeError):
        return


def _overwritten(good: bytes, pieces: list[tuple[int, bytes]]) -> bytes:
    bad = bytearray(good)
    for at, piece in pieces:
        bad[at : at + len(piece)] = piece
    return bytes(bad)
