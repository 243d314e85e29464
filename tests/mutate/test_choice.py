"""Which mutants a run tries, with which tests, and which of them are known as no mistakes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.mutate import equivalents
from tests.mutate.change import Change, Kind
from tests.mutate.finder import changes
from tests.mutate.folders import TESTS, UnknownPlace, matching_tests, sources
from tests.mutate.sample import sample
from tests.mutate.trial import ROOT

# Not a tap's way: the stand-ins of Telegram and Instagram are proven by the tests that lean on them.
SANDBOX = ROOT / "infra" / "sandbox"


def made(kind: Kind, count: int) -> list[Change]:
    return [Change("x.py", kind, at, at + 1, "y") for at in range(count)]


FOUND = {
    "much": made(Kind.STATEMENT, 80) + made(Kind.CONSTANT, 10),
    "little": made(Kind.STATEMENT, 8) + made(Kind.CONSTANT, 2),
}


def test_seed_chooses_the_same_mutants_again_and_another_one_others() -> None:
    assert sample(FOUND, 20, 1) == sample(FOUND, 20, 1)
    assert sample(FOUND, 20, 1) != sample(FOUND, 20, 2)


def test_folder_has_its_share_and_each_kind_as_much_as_the_other() -> None:
    chosen = sample(FOUND, 20, 1)

    assert {folder: len(changed) for folder, changed in chosen.items()} == {"much": 18, "little": 2}
    assert Counter(change.kind for change in chosen["much"]) == {Kind.STATEMENT: 9, Kind.CONSTANT: 9}
    assert len(set(chosen["much"])) == 18


def test_more_than_there_are_is_all() -> None:
    assert {folder: len(changed) for folder, changed in sample(FOUND, 999, 1).items()} == {"much": 90, "little": 10}


def test_every_folder_of_the_source_has_its_tests() -> None:
    folders = {path.parent for top in ("actors", "infra") for path in (ROOT / top).rglob("*.py")}

    assert {str(folder.relative_to(ROOT)) for folder in folders if not folder.is_relative_to(SANDBOX)} == set(TESTS)
    assert [pattern for patterns in TESTS.values() for pattern in patterns if not list(ROOT.glob(pattern))] == []


def test_place_is_a_folder_with_all_below_it_or_a_file() -> None:
    assert list(sources(ROOT, ("infra/postgres",))) == ["infra/postgres", "infra/postgres/embedded"]
    assert sources(ROOT, ("actors/database/priority_queue.py",)) == {
        "actors/database": ["actors/database/priority_queue.py"]
    }


def test_place_that_is_none_is_refused() -> None:
    with pytest.raises(UnknownPlace, match=r"actors/dom; folders: actors, "):
        sources(ROOT, ("actors", "actors/dom"))


def test_tests_that_are_named_like_the_file_or_import_it_come_first() -> None:
    tests = matching_tests(ROOT, "actors/cards/actor.py")

    assert tests[0] == "tests/actors/cards/test_cards.py"
    assert tests.index("tests/actors/cards/test_cards_lives.py") < tests.index("tests/actors/cards/test_rate_limit.py")
    assert tests.index("tests/actors/cards/test_rate_limit.py") < tests.index("tests/actors/item/test_decide.py")
    assert set(tests) == {str(path.relative_to(ROOT)) for path in (ROOT / "tests/actors").rglob("test_*.py")}


def test_each_equivalent_has_its_reason_once() -> None:
    known = equivalents.known()

    assert all(one.why.endswith(".") for one in known)
    assert len({(one.path, one.before, one.after) for one in known}) == len(known)


def test_each_equivalent_is_of_a_line_that_is_there() -> None:
    assert equivalents.stale(ROOT) == []


def test_equivalent_has_a_reason_and_a_mistake_has_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kept = tmp_path / "kept.toml"
    kept.write_text("[[equivalent]]\npath = 'x.py'\nbefore = 'x = a < b'\nafter = 'x = a <= b'\nwhy = 'So.'\n")
    monkeypatch.setattr(equivalents, "FILE", kept)
    equivalents.known.cache_clear()
    source = b"x = a < b"
    border, sense = changes("x.py", source)

    assert (equivalents.reason(border, source), equivalents.reason(sense, source)) == ("So.", None)
    assert len(equivalents.stale(tmp_path)) == 1
    (tmp_path / "x.py").write_bytes(source)
    assert equivalents.stale(tmp_path) == []
    (tmp_path / "x.py").write_bytes(b"x = a > b")
    assert len(equivalents.stale(tmp_path)) == 1
    equivalents.known.cache_clear()
