"""Runs one of PostgreSQL's own programs on the embedded database: `python -m infra.postgres.tool DATA_DIR pg_dump …`.

For the day on which a release brings a newer PostgreSQL, which cannot read what the older one wrote: the older release
dumps, the newer one loads. The server runs for as long as the program does, or is shared with a worker.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from actors.domain.escaping import in_one_line
from infra.postgres.embedded.owner import EmbeddedOwner, EmbeddedPostgresFailed
from infra.postgres.embedded.server import binaries


def run(data_dir: Path, program: str, arguments: list[str]) -> int:
    """Run it and return its exit status; raises EmbeddedPostgresFailed."""
    owner = EmbeddedOwner(data_dir)
    try:
        return subprocess.run(
            [binaries() / program, *arguments], env=_environment(owner.join()), check=False
        ).returncode
    finally:
        owner.leave()


def _environment(dsn: str) -> dict[str, str]:
    """What leads the program there; the password is no argument, which other users could read."""
    server = urlsplit(dsn)
    return {
        "PATH": os.defpath,
        "PGHOST": server.hostname or "",
        "PGPORT": str(server.port),
        "PGUSER": server.username or "",
        "PGPASSWORD": unquote(server.password or ""),
        "PGDATABASE": server.path.removeprefix("/"),
        "PGSSLMODE": "disable",
        "PGREQUIREAUTH": "scram-sha-256",
    }


def main() -> int:
    """Do what was typed; 2 if it makes no sense."""
    if len(sys.argv) < 3 or not (binaries() / sys.argv[2]).is_file():
        names = ", ".join(sorted(path.name for path in binaries().iterdir()))
        sys.stderr.write(f"Type a DATA_DIR, the name of a program and its arguments; there are {names}.\n")
        return 2
    try:
        return run(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
    except EmbeddedPostgresFailed as error:
        sys.stderr.write(f"{in_one_line(str(error))}.\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
