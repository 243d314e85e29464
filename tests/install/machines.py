"""Ask for the lock's wheels, by their hashes, as machines of other kinds would: nothing is run there."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

LOCK = "requirements.lock"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
DOWNLOAD_SECONDS = 1200


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of machine: what it is called, and its wheels' platform tags, the newest that it takes first."""

    name: str
    tags: tuple[str, ...]
    served: bool = True


def _manylinux(machine: str) -> tuple[str, ...]:
    # glibc 2.36 is Debian 12's, 2.35 Ubuntu 22.04's; the names of old are of PEP 513 to 599.
    return (*(f"manylinux_2_{minor}_{machine}" for minor in range(36, 16, -1)), f"manylinux2014_{machine}")


def _macos(machine: str) -> tuple[str, ...]:
    since_big_sur = tuple(f"macosx_{major}_0_{kind}" for major in range(14, 10, -1) for kind in (machine, "universal2"))
    return since_big_sur + tuple(
        f"macosx_10_{minor}_{kind}" for minor in range(16, 8, -1) for kind in (machine, "universal2")
    )


# What the README says is served, and what it says is not: both are asked for, so that neither goes out of date.
KINDS = (
    Kind("Linux x86-64", _manylinux("x86_64")),
    Kind("Linux aarch64", _manylinux("aarch64")),
    Kind("macOS arm64 (14 and newer)", _macos("arm64")),
    Kind("macOS x86-64 (14 and newer)", _macos("x86_64"), served=False),
    Kind("Linux x86-64 with musl (Alpine)", tuple(f"musllinux_1_{minor}_x86_64" for minor in (2, 1)), served=False),
    Kind("Windows x86-64", ("win_amd64",), served=False),
)


def try_machines() -> int:
    """Ask for each kind and Python; returns the exit status: 1 if what is said to be served is not, or the reverse."""
    wrong = 0
    for kind in KINDS:
        for python in PYTHONS if kind.served else PYTHONS[:1]:
            missing = _missing(kind, python)
            wrong += (not missing) != kind.served
            found = f"not served: {missing}" if missing else "installs"
            sys.stdout.write(f"{kind.name}, Python {python}: {found}\n")
            sys.stdout.flush()
    return 1 if wrong else 0


def _missing(kind: Kind, python: str) -> str:
    """Return what pip said of the first wheel that cannot be had; nothing if all can."""
    with TemporaryDirectory(prefix="everytap-wheels-") as folder:
        wanted = ["--python-version", python, "--implementation", "cp", "--only-binary", ":all:", "--no-deps"]
        wanted += [word for tag in (*kind.tags, "any") for word in ("--platform", tag)]
        command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--require-hashes"]
        ended = subprocess.run(
            [*command, *wanted, "-d", folder, "-r", Path(LOCK)],
            capture_output=True, text=True, timeout=DOWNLOAD_SECONDS, check=False,
        )  # fmt: skip
        errors = [line for line in ended.stderr.splitlines() if line.startswith("ERROR")]
        return (errors or [f"exit status {ended.returncode}"])[-1].removeprefix("ERROR: ") if ended.returncode else ""


if __name__ == "__main__":
    sys.exit(try_machines())
