"""How much a reader of one Skip has to go from room to room.

Counted are calls into our own functions, in their order, from the press to the line of its tap: not the sandbox, no
comprehensions, no coroutine that goes on.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from pathlib import Path, PurePath
from types import CodeType, FrameType

import pytest

from tests.stage import ANNA, open_stage

ROOT = Path(__file__).parents[2]
MOST_CHANGES = 58  # of folder, without the runtime
SKIPS = 4  # the first of them opens connections, and in any of them a poll may come between


@cache
def place_of(code: CodeType) -> PurePath | None:
    """Where a function of ours stands, below the root; None: it is another's, the sandbox's, or a comprehension."""
    path = Path(code.co_filename)
    ours = path.is_relative_to(ROOT / "actors") or path.is_relative_to(ROOT / "infra")
    if not ours or "sandbox" in path.parts or (code.co_name.startswith("<") and code.co_name != "<lambda>"):
        return None
    return path.relative_to(ROOT)


@cache
def begins_at(code: CodeType) -> int:
    """Where its first instruction stands; a call that is seen behind it goes on."""
    return next(one.offset for one in dis.get_instructions(code) if one.opname == "RESUME")


def changes(places: Iterable[PurePath]) -> int:
    return sum(one != other for one, other in pairwise(places))


class Way:
    """Notes the calls that are made while it is entered."""

    def __init__(self) -> None:
        self.calls: list[PurePath] = []

    def __enter__(self) -> None:
        sys.setprofile(self._note)

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _note(self, frame: FrameType, event: str, _: object) -> None:
        place = place_of(frame.f_code)
        if event == "call" and place is not None and frame.f_lasti <= begins_at(frame.f_code):
            self.calls.append(place)

    def folders(self) -> int:
        """How often the folder changes, without the runtime, which is between any two."""
        return changes(call.parent for call in self.calls if "runtime" not in call.parts)


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
async def test_one_skip_changes_folder_no_more_often_than_a_reader_can_follow(database_url: str) -> None:
    ways = [Way() for _ in range(SKIPS)]

    async with open_stage(database_url) as stage:
        await stage.add_chat()
        async with stage.worker():
            for way in ways:
                _, message = await stage.present()
                with way:
                    await stage.line(stage.tap(message, ANNA, "Skip"))

    shortest = min(ways, key=Way.folders)
    figures = f"{len(shortest.calls)} calls, {len(set(shortest.calls))} modules, {shortest.folders()} changes of folder"
    assert 0 < shortest.folders() <= MOST_CHANGES, figures
