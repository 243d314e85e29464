"""How a cluster is laid out: by initdb, with our role, our database and a password, whole or not at all."""

import os
import secrets
import shutil
from pathlib import Path

from infra.postgres.embedded_account import Account, EmbeddedPostgresFailed

# A stand-alone backend ends a statement at each newline. A random password of 256 bits gains nothing from slow hashing,
# which each new connection would pay. The superuser has the same password, for the operator's own hands; what everytap
# itself connects as is none, so that it may not read the machine's files.
_ROLES = """\
SET scram_iterations = 1
CREATE ROLE everytap LOGIN CREATEDB PASSWORD '{password}'
ALTER ROLE postgres PASSWORD '{password}'
GRANT pg_monitor, pg_signal_backend TO everytap
CREATE EXTENSION pg_stat_statements
GRANT EXECUTE ON FUNCTION pg_stat_statements_reset TO everytap
CREATE DATABASE everytap OWNER everytap
"""
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
            "--exclude-extension=pg_stat_statements -f everytap.dump`, then load that here, as the README says under "
            '"When a release brings a newer PostgreSQL"'
        )


def lay_out(cluster: Path, account: Account, binaries: Path) -> None:
    """Make the cluster under another name and rename it, so that what bears its own name is whole."""
    for leftover in cluster.parent.glob(f"{cluster.name}.init-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh = cluster.with_name(f"{cluster.name}.init-{secrets.token_hex(4)}")
    fresh.mkdir(mode=0o700)
    account.own(fresh)
    _initdb(fresh, account, binaries)
    _create_roles(fresh, account, binaries)
    if cluster.exists():
        cluster.rename(cluster.with_name(f"{cluster.name}.broken-{secrets.token_hex(4)}"))
    fresh.rename(cluster)


def _initdb(folder: Path, account: Account, binaries: Path) -> None:
    access = ["--username=postgres", "--auth-local=reject", "--auth-host=scram-sha-256"]
    text = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    _run(account, [str(binaries / "initdb"), "-D", str(folder), *access, *text])


def _create_roles(folder: Path, account: Account, binaries: Path) -> None:
    secret = secrets.token_urlsafe(32)
    # Without exit_on_error a stand-alone backend goes on with the next line.
    settings = ["-c", "exit_on_error=on", "-c", "shared_preload_libraries=pg_stat_statements"]
    command = [str(binaries / "postgres"), "--single", *settings, "-D", str(folder), "template1"]
    _run(account, command, _ROLES.format(password=secret))
    kept = folder / _PASSWORD
    with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret)
    account.own(kept)


def _run(account: Account, command: list[str], text: str = "") -> None:
    ended = account.run(command, text)
    if ended.returncode != 0:
        last = " | ".join(ended.stdout.strip().splitlines()[-3:])
        raise EmbeddedPostgresFailed(f"the embedded PostgreSQL cannot be laid out: {last}")
