"""Runs the tests of a folder on a copy of the project with one mistake in it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from subprocess import PIPE

from infra.postgres.embedded.owner import EmbeddedOwner, EmbeddedPostgresFailed
from tests.mutate.change import Change
from tests.mutate.covered import Covered, read

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".everytap", ".env", "__pycache__", ".*_cache")
# A test that hangs has found the mistake, and takes its whole run with it: it may hang at its end, too. It hangs when
# it takes several times as long as the slowest one did without a mistake.
LEAST_SECONDS, MOST_SECONDS, TIMES = 10.0, 60.0, 5.0
RUN_SECONDS = 900.0  # a run that no test ends has found nothing
ROUNDS = 3
# What the nest has imported cannot be rewritten, and is none of ours.
QUIET = ("-W", "ignore::pytest.PytestAssertRewriteWarning", "-p", "no:cacheprovider", "-q", "--no-header", "--tb=line")
SURVEY = ("--cov", "--cov-context=test", "--cov-report=", "--durations=1", "--durations-min=0")
ARGUMENTS = ("-x", "-o", "timeout_method=thread", *QUIET)
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+\.py)", re.MULTILINE)
DURATION = re.compile(r"^([\d.]+)s (?:setup|call|teardown) ", re.MULTILINE)
NO_TESTS = 5


class End(Enum):
    """How a mutant ended."""

    KILLED = "killed"
    SURVIVED = "survived"
    ENDLESS = "endless"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`by`: the test file that turned red twice, with the mistake in the source."""

    end: End
    by: str | None = None

    def __str__(self) -> str:
        return f"{self.end.value} by {self.by}" if self.by else self.end.value


@dataclass(frozen=True, slots=True)
class Run:
    """What pytest came to: `code` None if it was stopped from outside."""

    code: int | None
    output: str

    @property
    def is_red(self) -> bool:
        """Tell whether a test failed; a file or a plugin that can no longer be imported has found the mistake, too."""
        assert self.code != NO_TESTS, self.output
        return self.code not in {None, 0}

    @property
    def failed(self) -> str | None:
        """Name the first test file that failed."""
        found = FAILED.search(self.output)
        return found[1] if found else None

    @property
    def slowest_seconds(self) -> float:
        """How long the slowest test took; 0 if that was not asked for."""
        return max((float(seconds) for seconds in DURATION.findall(self.output)), default=0.0)


def judge(run: Callable[[Sequence[str]], Run], tests: Sequence[str]) -> Verdict:
    """Tell whether these tests find a mistake; what turns red by chance does not count, so it must do so again."""
    for _ in range(ROUNDS):
        ended = run(tests)
        if ended.code is None:
            return Verdict(End.ENDLESS)
        if not ended.is_red:
            return Verdict(End.SURVIVED)
        if run(tests if ended.failed is None else [ended.failed]).is_red:
            return Verdict(End.KILLED, ended.failed)
    return Verdict(End.SURVIVED)


class Copy:
    """A copy of the project, in which one change at a time is made and undone."""

    def __init__(self, place: Path, nest: subprocess.Popen[str]) -> None:
        self._folder = place / "copy"
        self._basetemp = place / "basetemp"
        self._output = place / "output"
        self._nest = nest
        self._test_seconds = MOST_SECONDS

    def try_change(self, change: Change, slowest_seconds: float, *stages: Sequence[str]) -> Verdict:
        """Tell whether the tests of one of these stages find it; the slowest of them takes so long without it."""
        self._test_seconds = min(MOST_SECONDS, max(LEAST_SECONDS, TIMES * slowest_seconds))
        with self.changed(change):
            verdicts = (judge(self.run, tests) for tests in stages if tests)
            found = next((verdict for verdict in verdicts if verdict.end is not End.SURVIVED), None)
            return found or Verdict(End.SURVIVED)

    def survey(self, tests: Sequence[str]) -> Covered | str:
        """Tell through which lines these tests run; or what they say if they fail without a change, not by chance."""
        run = Run(None, "")
        self._test_seconds = MOST_SECONDS
        for _ in range(ROUNDS):
            run = self.run([*SURVEY, *tests])
            if not run.is_red and run.code is not None:
                return read(self._folder / ".coverage", self._folder, run.slowest_seconds)
        return run.output

    def run(self, tests: Sequence[str]) -> Run:
        """Run tests until the first failure."""
        bound = ("-o", f"timeout={self._test_seconds}")
        arguments = [*ARGUMENTS, *bound, f"--basetemp={self._basetemp}", *tests]
        asked = {"arguments": arguments, "output": str(self._output), "seconds": RUN_SECONDS}
        assert self._nest.stdin is not None
        assert self._nest.stdout is not None
        self._nest.stdin.write(json.dumps(asked) + "\n")
        self._nest.stdin.flush()
        code = json.loads(self._nest.stdout.readline())
        self._tidy()
        return Run(code, self._output.read_text(encoding="utf-8", errors="replace"))

    def _tidy(self) -> None:
        """Stop what the tests of a run that hung have left behind."""
        for folder, _, files in os.walk(self._basetemp):  # which does not mind what goes meanwhile
            if "postgres.lock" in files:
                with suppress(EmbeddedPostgresFailed):
                    EmbeddedOwner(Path(folder)).stop_ownerless()

    @contextmanager
    def changed(self, change: Change) -> Iterator[None]:
        """Make a change for a while."""
        place = self._folder / change.path
        source = place.read_bytes()
        try:
            self._write(place, change.applied(source))
            yield
        finally:
            self._write(place, source)

    def _write(self, place: Path, source: bytes) -> None:
        """A compiled file is told from its source by size and second, which a quick change may share."""
        place.write_bytes(source)
        for compiled in place.parent.glob(f"__pycache__/{place.stem}.*"):
            compiled.unlink()


@contextmanager
def open_copy(root: Path = ROOT) -> Iterator[Copy]:
    """A copy for one trial after the other."""
    command = [sys.executable, str(Path(__file__).with_name("nest.py"))]
    with tempfile.TemporaryDirectory(prefix="everytap-mutate-") as folder:
        place = Path(folder)
        shutil.copytree(root, place / "copy", ignore=LEFT_OUT)
        with subprocess.Popen(command, cwd=place / "copy", stdin=PIPE, stdout=PIPE, text=True) as nest:
            yield Copy(place, nest)
