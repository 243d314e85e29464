"""How a cluster is laid out: by initdb, with our role, our database and a password, whole or not at all."""

import os
import secrets
import shutil
import subprocess
from pathlib import Path

from infra.postgres.embedded.os_account import EmbeddedPostgresFailed, OsAccount

# A stand-alone backend ends a statement at each newline. A random password of 256 bits gains nothing from slow hashing,
# which each new connection would pay. What everytap connects as is no superuser, so that it may not read the machine's
# files; the superuser has no password, and no line of pg_hba.conf.
_ROLES = """\
SET scram_iterations = 1
CREATE ROLE everytap LOGIN CREATEDB PASSWORD '{password}'
GRANT pg_monitor, pg_signal_backend TO everytap
CREATE EXTENSION pg_stat_statements
GRANT EXECUTE ON FUNCTION pg_stat_statements_reset TO everytap
CREATE DATABASE everytap OWNER everytap
"""
# https://www.postgresql.org/docs/current/auth-pg-hba-conf.html
_DOORS = """\
# Written by everytap: its own role alone gets in, from this machine, by SCRAM.
host all everytap 127.0.0.1/32 scram-sha-256
"""
_SUPERUSER = "ALTER ROLE postgres PASSWORD NULL\n"
_PASSWORD = "everytap.password"  # noqa: S105 - the name of its file


def is_whole(cluster: Path) -> bool:
    """Say whether there is a cluster; one that lost its password is not taken for none, there may be taps in it."""
    return (cluster / "global" / "pg_control").exists()


def password(cluster: Path) -> str:
    """Return what opens the cluster."""
    return (cluster / _PASSWORD).read_text()


def major(binaries: Path) -> str:
    """Return the version of these programs, as PG_VERSION has it in a cluster of theirs; initdb reads it here, too."""
    with (binaries.parent / "share" / "postgres.bki").open(encoding="ascii") as catalog:
        return catalog.readline().removeprefix("# PostgreSQL ").strip()


def must_be_of(version: str, cluster: Path) -> None:
    """Raise EmbeddedPostgresFailed if another version made the cluster: no server reads that of another one."""
    made_by = (cluster / "PG_VERSION").read_text(encoding="ascii").strip()
    if made_by != version:
        raise EmbeddedPostgresFailed(
            f"PostgreSQL {made_by} made {cluster}, and this release brings PostgreSQL {version}, which cannot read it: "
            f"with the release before, run `python -m infra.postgres.tool {cluster.parent} pg_dump -Fc "
            "--exclude-extension=pg_stat_statements -f everytap.dump`, then load that here, as docs/operations.md says "
            'under "When a release brings a newer PostgreSQL"'
        )


def lay_out(cluster: Path, account: OsAccount, binaries: Path) -> None:
    """Make the cluster under another name and rename it, so that what bears its own name is whole."""
    for leftover in cluster.parent.glob(f"{cluster.name}.init-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh = cluster.with_name(f"{cluster.name}.init-{secrets.token_hex(4)}")
    fresh.mkdir(mode=0o700)
    account.own(fresh)
    _initdb(fresh, account, binaries)
    _create_roles(fresh, account, binaries)
    _write_doors(fresh, account)
    if cluster.exists():
        cluster.rename(cluster.with_name(f"{cluster.name}.broken-{secrets.token_hex(4)}"))
    fresh.rename(cluster)


def close_doors(cluster: Path, account: OsAccount, binaries: Path) -> None:
    """Let our role in by SCRAM, and no other; to be called while no server runs. Earlier releases let the superuser in.

    That one's password goes, too, if it can: with the doors closed it opens nothing.
    """
    doors = cluster / "pg_hba.conf"
    if doors.exists() and doors.read_text(encoding="utf-8", errors="replace") == _DOORS:
        return
    _run_alone(cluster, account, binaries, _SUPERUSER)
    _write_doors(cluster, account)


def _write_doors(cluster: Path, account: OsAccount) -> None:
    """Have the whole file or the one before: a server without it would not start."""
    fresh = cluster / f"pg_hba.{secrets.token_hex(4)}"
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(_DOORS)
        file.flush()
        os.fsync(file.fileno())
    account.own(fresh)
    fresh.replace(cluster / "pg_hba.conf")


def _initdb(folder: Path, account: OsAccount, binaries: Path) -> None:
    access = ["--username=postgres", "--auth-local=reject", "--auth-host=scram-sha-256"]
    text = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    _must(account.run([str(binaries / "initdb"), "-D", str(folder), *access, *text]))


def _create_roles(folder: Path, account: OsAccount, binaries: Path) -> None:
    secret = secrets.token_urlsafe(32)
    _must(_run_alone(folder, account, binaries, _ROLES.format(password=secret)))
    kept = folder / _PASSWORD
    with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret)
    account.own(kept)


def _run_alone(folder: Path, account: OsAccount, binaries: Path, statements: str) -> subprocess.CompletedProcess[str]:
    """Run statements, one a line, in a server that has no door at all."""
    # Without exit_on_error a stand-alone backend goes on with the next line.
    settings = ["-c", "exit_on_error=on", "-c", "shared_preload_libraries=pg_stat_statements"]
    command = [str(binaries / "postgres"), "--single", *settings, "-D", str(folder), "template1"]
    return account.run(command, statements)


def _must(ended: subprocess.CompletedProcess[str]) -> None:
    if ended.returncode != 0:
        last = " | ".join(ended.stdout.strip().splitlines()[-3:])
        raise EmbeddedPostgresFailed(f"the embedded PostgreSQL cannot be laid out: {last}")
