"""One mutant on trial: a copy of the project with the mistake, and a hunt in it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.mutant import Mutant, apply

ROOT = Path(__file__).parents[2]
COPIED = ("actors", "infra", "tests", "main.py", "pyproject.toml")
PATIENCE_SECONDS = 600.0  # of the real clock: a hunt counts the time of its own processor


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a hunt came to; `seed` None: not found, `crash`: the harness broke, which is no finding."""

    mutant: str
    profile: str
    seed: int | None
    seeds: int
    invariant: str | None
    seconds: float
    crash: str | None

    @property
    def found(self) -> bool:
        """Tell whether a promise was seen to break."""
        return self.seed is not None and self.crash is None


def try_mutant(mutant: Mutant | None, profile: str, seconds: float) -> Verdict:
    """Hunt for the mistake (None: there is none, the control); `profile` is one of the simulation's, or all."""
    name = "none" if mutant is None else mutant.name
    with tempfile.TemporaryDirectory(prefix="everytap-mutant-") as folder:
        copy = Path(folder)
        _copy_to(copy)
        if mutant is not None:
            apply(mutant, copy)
        command = [sys.executable, "-m", "tests.simulation", "--hunt", "--json", "--seconds", str(seconds)]
        if mutant is not None and mutant.promise is not None:
            command += ["--until", mutant.promise]
        played = mutant.profile if mutant is not None and mutant.profile is not None else profile
        if played != "all":
            command += ["--profile", played]
        try:
            ended = subprocess.run(
                command, cwd=copy, capture_output=True, text=True, timeout=seconds + PATIENCE_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return Verdict(name, profile, None, 0, None, seconds + PATIENCE_SECONDS, "the hunt did not end")
    return _read(name, profile, ended)


def _copy_to(folder: Path) -> None:
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)


def _read(name: str, profile: str, ended: subprocess.CompletedProcess[str]) -> Verdict:
    lines = ended.stdout.splitlines()
    if not lines or not lines[-1].startswith("{"):
        said = ended.stderr.strip().splitlines()
        return Verdict(name, profile, None, 0, None, 0.0, said[-1] if said else "the hunt said nothing")
    prey = json.loads(lines[-1])
    return Verdict(name, profile, prey["seed"], prey["seeds"], prey["invariant"], prey["seconds"], prey["crash"])
