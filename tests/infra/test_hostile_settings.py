"""Variables with anything in them: a setting that can be used, or one sentence that does not repeat a secret."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.settings import BadSettings, Settings, load_settings
from tests.hostile import texts

MAIN = Path(__file__).parent.parent.parent / "main.py"
PASTED = "hunter2-was-pasted-here"
NAMES = sorted(name.upper() for name in Settings.model_fields)
LIKELY = [
    f"postgresql://me:{PASTED}@[db/x",
    f"postgresql://me:{PASTED}@db:port/x",
    f"postgresql://me:1/{PASTED}@db/x",
    f"postgresql://me:1?{PASTED}@db/x",
    f"postgresql://me:1#{PASTED}@db/x",
    f"postgresql://me:1@{PASTED}@db/x",
    f"postgresql://me@db/x?sslmode={PASTED}",
    f"https://me:{PASTED}@example.org",
    f"https://example.org:{PASTED}/",
    f"https://[{PASTED}]/",
    f"https://example.org/?token={PASTED}",
    f"{PASTED}:AA",
    "/dev/null/x",
    "x" * 70_000,
    "9" * 5_000,
    "١٢",
    "1e400",
    "nan",
    "-0",
    "0x10",
    "~",
    "\udcff",
]


def can_be_set(text: str) -> bool:
    """Whether an environment can hold it: bytes without a NUL."""
    return "\0" not in text and text.encode("utf-8", "surrogatepass").decode("utf-8", "ignore") == text


@pytest.fixture(autouse=True, scope="module")
def bare_environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in NAMES:
            patch.delenv(name, raising=False)
        yield


def problems_with(name: str, value: str) -> tuple[str, ...]:
    """What is said of a variable with this in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(name, value)
        try:
            load_settings()
        except BadSettings as bad:
            return bad.problems
    return ()


def is_one_sentence(problem: str) -> bool:
    return problem.isprintable() and problem.endswith(".") and len(problem) < 300 and PASTED not in problem


@pytest.mark.parametrize("name", NAMES)
def test_what_is_pasted_in_is_a_setting_or_told_in_one_sentence(name: str) -> None:
    told = [problems_with(name, value) for value in LIKELY]

    assert [problems for problems in told if len(problems) > 1] == []
    assert [problem for problems in told for problem in problems if not is_one_sentence(problem)] == []


@given(st.sampled_from(NAMES), texts.filter(can_be_set))
def test_anything_at_all_is_a_setting_or_told_in_one_sentence(name: str, value: str) -> None:
    problems = problems_with(name, value)

    assert len(problems) <= 1
    assert all(is_one_sentence(problem) for problem in problems)


def test_process_with_everything_wrong_says_so_and_ends_with_2() -> None:
    junk = dict.fromkeys(NAMES, f"\tmysql://me:{PASTED}@x?") | {"DATA_DIR": "/dev/null", "POOL_SIZE": "9" * 5_000}

    done = subprocess.run(
        [sys.executable, str(MAIN), "run"],
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "ENV_FILE": os.devnull} | junk,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert PASTED not in done.stderr
    assert (done.stderr.count("\n"), done.stderr.count(" must be ") > 10) == (1, True)
