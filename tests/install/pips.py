"""Make a virtual environment by `make` with pips of old, from a lock that the world has left behind."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.settings import child_environment

ROOT = Path(__file__).parent.parent.parent
LOCK = "tests/install/out_of_date.lock"

# 22.3 is the first with --python, which `make` needs; 23.0.1 is Debian 12's; 23.2.1 comes with Python 3.11; 24.0 is the
# first that takes an extra for what it is.
PIPS = ("pip==22.3", "pip==22.3.1", "pip==23.0.1", "pip==23.2.1", "pip==24.0", "pip")
CONFUSED_BY_EXTRAS = PIPS[:4]
TRY_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Machine:
    """A Python with a pip of its own, first on PATH, in a folder that ends with this run."""

    folder: Path

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command as somebody on this machine would type it."""
        # A pip that this process was started under would speak for its own index, cache and constraints: those stay.
        around = child_environment(
            {"PATH": f"{self.folder / 'python/bin'}:/usr/local/bin:/usr/bin:/bin", "MAKEFLAGS": ""}
        )
        return subprocess.run(
            command, cwd=ROOT, env=around, capture_output=True, text=True, timeout=TRY_SECONDS, check=False
        )

    def install(self) -> subprocess.CompletedProcess[str]:
        """Do what `make venv` does, with the lock that is out of date."""
        return self.run("make", "--no-print-directory", "new-venv", f"LOCK={LOCK}", f"VENV={self.folder / 'venv'}")

    def install_with_dependencies(self) -> subprocess.CompletedProcess[str]:
        """Install as pip would by itself: what the lock is out of date for."""
        own = ("install", "-qq", "--require-hashes", "--only-binary", ":all:", "--target", str(self.folder / "target"))
        return self.run("python", "-m", "pip", *own, "-r", LOCK)


def try_pips() -> int:
    """Install with each pip; returns the exit status: 1 if one of them failed, or if the lock no longer provokes it."""
    failed = [pip for pip in PIPS if not _installs(pip)]
    return 1 if failed else 0


def _installs(pip: str) -> bool:
    with TemporaryDirectory(prefix="everytap-install-") as folder:
        machine = _machine(Path(folder), pip)
        version = machine.run("python", "-m", "pip", "--version").stdout.split()[1]
        made, refused = machine.install(), machine.install_with_dependencies()
        ready = (
            made.returncode == 0 and machine.run(f"{folder}/venv/bin/python", "-c", "import pytest_cov").returncode == 0
        )
        provoked = refused.returncode != 0 and "coverage[toml]" in refused.stderr
        as_expected = provoked == (pip in CONFUSED_BY_EXTRAS)
        alone = "refuses" if provoked else "installs"
        sys.stdout.write(f"pip {version}: make {'installs' if ready else 'FAILS'}; pip by itself {alone}\n")
        sys.stdout.flush()
        if not ready or not as_expected:
            sys.stderr.write(made.stdout + made.stderr + refused.stdout + refused.stderr)
        return ready and as_expected


def _machine(folder: Path, pip: str) -> Machine:
    python = folder / "python"
    subprocess.run([sys.executable, "-m", "venv", python], check=True, timeout=TRY_SECONDS)
    wanted = ["install", "-qq", "--disable-pip-version-check", "--upgrade", pip]
    subprocess.run([python / "bin/python", "-m", "pip", *wanted], check=True, timeout=TRY_SECONDS)
    return Machine(folder)


if __name__ == "__main__":
    sys.exit(try_pips())
