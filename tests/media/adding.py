"""Adds one kind of file, and measures what that takes."""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import anyio

from actors.errors import Refused
from infra.media.local import LocalMedia
from infra.media.names import published_path
from tests.media.kind import Kind
from tests.media.rules import broken_rules
from tests.media.table import KINDS, Row

KILOBYTES_A_MEGABYTE = 1024 if sys.platform == "linux" else 1024 * 1024


def add(name: str, path: Path) -> tuple[list[str], Row]:
    """Add one file; returns what is wrong with what was made, and the row of the table."""
    (kind,) = [kind for kind in KINDS if kind.name == name]
    begun = time.monotonic()
    faults, published = anyio.run(_added, kind, path)
    seconds = time.monotonic() - begun
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // KILOBYTES_A_MEGABYTE
    return faults, Row(kind.name, published, seconds, peak)


async def _added(kind: Kind, path: Path) -> tuple[list[str], str]:
    folder = path.parent / "media"
    library = LocalMedia(folder)
    try:
        made = await library.take_in(path, kind.longer)
    except Refused as refused:
        sentence = str(refused).removeprefix(f"{path} ")
        return ([] if kind.refused and sentence.startswith(kind.refused) else [sentence]), f"refused: {sentence}"
    if kind.refused:
        return ["it was taken"], ""
    places = [(one.kind.value, folder / published_path(one.kind, one.path)) for one in made]
    return [fault for what, place in places for fault in broken_rules(what, place)], kind.published
