"""The lock is complete: whatever it is installed with looks for nothing more (`--no-deps`)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUN: list[str] = PROJECT["project"]["dependencies"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
GROUPS = PROJECT["dependency-groups"]
FOR_BOTH, _, FOR_DEVELOPMENT = LOCK.partition("# Development only\n")
FOR_RUNNING, _, FOR_THE_DEMO = FOR_BOTH.partition("# The demo only\n")


def pinned(section: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", section, re.MULTILINE))


def applies(requirement: Requirement, extras: Iterable[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))


def reached(wanted: Iterable[str], known: dict[str, set[str]], extras: Iterable[str] = ()) -> Iterator[Requirement]:
    """Whatever these lines ask for on this machine, and what that asks for; `known` has the extras already followed."""
    for requirement in map(Requirement, wanted):
        name = canonicalize_name(requirement.name)
        if not applies(requirement, extras) or (name in known and requirement.extras <= known[name]):
            continue
        known[name] = known.get(name, set()) | requirement.extras
        yield requirement
        yield from reached(distribution(name).requires or (), known, requirement.extras)


def stands_in(found: dict[str, str], requirement: Requirement) -> bool:
    version = found.get(canonicalize_name(requirement.name))
    return version is not None and requirement.specifier.contains(version, prereleases=True)


@pytest.mark.parametrize(
    ("wanted", "section"),
    [(RUN, FOR_RUNNING), (RUN + GROUPS["demo"], FOR_BOTH), (RUN + GROUPS["demo"] + GROUPS["dev"], LOCK)],
    ids=["a worker's section", "the demo's, too", "the whole lock"],
)
def test_each_requirement_of_each_package_stands_in_the_lock(wanted: list[str], section: str) -> None:
    found = pinned(section)

    asked = list(reached(wanted, {}))

    assert len(asked) >= len(wanted)
    assert [str(requirement) for requirement in asked if not stands_in(found, requirement)] == []


def test_no_package_stands_in_two_sections() -> None:
    sections = [pinned(section) for section in (FOR_RUNNING, FOR_THE_DEMO, FOR_DEVELOPMENT)]

    assert all(sections)
    assert sum(map(len, sections)) == len(pinned(LOCK))


def test_a_worker_is_given_nothing_that_draws_the_page() -> None:
    assert set(pinned(FOR_RUNNING)) & {"jinja2", "markupsafe"} == set()


def test_the_lock_names_no_index() -> None:
    assert re.findall(r"https?://|--index|--find-links|--extra-index", LOCK) == []
