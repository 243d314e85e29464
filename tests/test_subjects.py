"""A subject has one name on every floor: what is asked of the database, how, what that does, and the same in memory."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from actors.operations.operation import Operation

ROOT = Path(__file__).parent.parent
SUBJECTS = sorted(
    path.stem for path in ROOT.joinpath("actors/operations").glob("[a-z]*.py") if path.stem != "operation"
)


def asked(subject: str) -> set[type[Operation[Any]]]:
    module = import_module(f"actors.operations.{subject}")
    own = [one for one in vars(module).values() if getattr(one, "__module__", None) == module.__name__]
    return {one for one in own if isinstance(one, type) and issubclass(one, Operation)}


def defining(folder: str, table: str) -> list[str]:
    files = ROOT.joinpath(folder).glob("*.py")
    return sorted(path.stem for path in files if f"\n{table} = {{\n" in path.read_text(encoding="utf-8"))


def test_every_floor_has_the_same_subjects() -> None:
    assert defining("infra/postgres", "STATEMENTS: Statements") == SUBJECTS
    assert defining("tests/fakes", "MEANINGS: Meanings") == SUBJECTS


@pytest.mark.parametrize("subject", SUBJECTS)
def test_what_a_subject_asks_has_its_statement_under_the_same_name(subject: str) -> None:
    assert asked(subject)
    assert set(import_module(f"infra.postgres.{subject}").STATEMENTS) == asked(subject)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_what_a_subject_asks_is_done_by_a_function_under_the_same_name(subject: str) -> None:
    text = ROOT.joinpath(f"infra/postgres/schema/{subject}.sql").read_text(encoding="utf-8")
    statements = import_module(f"infra.postgres.{subject}").STATEMENTS.values()
    asked_for = {re.sub(r"^select (jsonb_set\()?(\w+)\(.*", r"\2", one.sql, flags=re.DOTALL) for one in statements}

    assert asked_for - set(re.findall(r"^create or replace function (\w+)\(", text, re.MULTILINE)) == set()


@pytest.mark.parametrize("subject", SUBJECTS)
def test_what_a_subject_asks_has_its_meaning_under_the_same_name(subject: str) -> None:
    assert set(import_module(f"tests.fakes.{subject}").MEANINGS) == asked(subject)
