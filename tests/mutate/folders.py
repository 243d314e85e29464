"""Which tests have to find a mistake: those of the folder that mirrors its own, and the contracts of an adapter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

# What a room of the core promises is also tried through the actors that use it. Patterns as in Path.glob, from the top.
ACTORS = ("tests/actors/**/test_*.py",)
TESTS: dict[str, tuple[str, ...]] = {
    "actors": ACTORS,
    "actors/accounts": ACTORS,
    "actors/audit": ACTORS,
    "actors/cards": ACTORS,
    "actors/commands": ACTORS,
    "actors/database": ACTORS,
    "actors/domain": ACTORS,
    "actors/item": ACTORS,
    "actors/operations": ACTORS,
    "actors/publish": ACTORS,
    "actors/runtime": ("tests/actors/runtime/test_*.py",),
    "actors/schedule": ACTORS,
    "actors/updates": ACTORS,
    "infra": ("tests/infra/test_*.py",),
    "infra/console": ("tests/infra/console/test_*.py",),
    "infra/instagram": ("tests/infra/instagram/test_*.py", "tests/contracts/test_instagram*.py"),
    "infra/media": ("tests/infra/media/test_*.py", "tests/media/test_*.py"),
    "infra/postgres": ("tests/infra/postgres/test_*.py", "tests/contracts/test_database*.py"),
    "infra/postgres/embedded": ("tests/infra/postgres/test_embedded*.py", "tests/infra/postgres/test_bounds.py"),
    "infra/process": ("tests/infra/process/test_*.py",),
    "infra/settings": ("tests/infra/settings/test_*.py", "tests/infra/test_*settings.py"),
    "infra/telegram": (
        "tests/infra/telegram/test_*.py",
        "tests/contracts/test_chat*.py",
        "tests/contracts/test_groups*.py",
    ),
    "infra/web": ("tests/infra/web/test_*.py",),
}
# What a tap and a publish go through, where nothing else is named.
USUAL = ("actors", "infra/instagram", "infra/postgres", "infra/telegram")


class UnknownPlace(Exception):
    """No source file of a folder in TESTS stands there."""


def sources(root: Path, places: tuple[str, ...]) -> dict[str, list[str]]:
    """Name the source files at these places (folders with all below them, or files), by folder."""
    known = {folder: [str(path.relative_to(root)) for path in sorted((root / folder).glob("*.py"))] for folder in TESTS}
    unknown = [
        place for place in places if not any(_stands_in(path, place) for paths in known.values() for path in paths)
    ]
    if unknown:
        raise UnknownPlace(f"no source file at {', '.join(unknown)}; folders: {', '.join(TESTS)}")
    chosen = {
        folder: [path for path in paths if any(_stands_in(path, at) for at in places)]
        for folder, paths in known.items()
    }
    return {folder: paths for folder, paths in chosen.items() if paths}


def matching_tests(root: Path, path: str) -> list[str]:
    """Name the test files of a source file: named like it, importing it, of its room, and the others."""
    source = PurePosixPath(path)
    patterns = TESTS[str(source.parent)]
    found = [test for pattern in patterns for test in sorted(root.glob(pattern))]
    ranked = sorted(found, key=lambda test: _distance(test, source))
    return [str(test.relative_to(root)) for test in ranked]


def every_test(root: Path, paths: Iterator[str]) -> list[str]:
    """Name the test files of all these source files, each once."""
    return list(dict.fromkeys(test for path in paths for test in matching_tests(root, path)))


def _distance(test: Path, source: PurePosixPath) -> int:
    name = source.parent.name if source.stem == "actor" else source.stem
    if test.stem.startswith(f"test_{name}"):
        return 0
    module = ".".join(source.with_suffix("").parts)
    if module in test.read_text(encoding="utf-8"):
        return 1
    return 2 if test.parent.name == source.parent.name else 3


def _stands_in(path: str, place: str) -> bool:
    return PurePosixPath(path).is_relative_to(place)
