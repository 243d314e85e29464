"""The embedded PostgreSQL: shared, adopted, stopped by the last, and never in the way of the next start."""

import os
import pwd
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import anyio
import asyncpg
import pytest

from actors.errors import Refused, Unreachable
from infra.postgres.connect import DatabaseAddress, connect_patiently, connected
from infra.postgres.embedded.os_account import find_account
from infra.postgres.embedded.owner import EmbeddedOwner, EmbeddedPostgresFailed, open_embedded
from infra.postgres.embedded.server import Server, binaries, lock
from infra.postgres.migrate import migrate
from infra.postgres.pool import PoolSettings, open_pool
from infra.postgres.statements import STATEMENTS
from tests.kit.clock import on_asyncio

anyio_backend = on_asyncio

ROOT = Path(__file__).parents[3]
OWNER = """\
import sys
from pathlib import Path
from infra.postgres.embedded.owner import EmbeddedOwner
print(EmbeddedOwner(Path(sys.argv[1])).join(), flush=True)
sys.stdin.read()
"""
STARTED = "select pg_postmaster_start_time()::text"


async def fetch(dsn: str, query: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def ask(dsn: str, query: str) -> object:
    return anyio.run(fetch, dsn, query)


@contextmanager
def listening() -> Iterator[int]:
    """A port of ours that takes connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextmanager
def owning(data_dir: Path) -> Iterator[str]:
    owner = EmbeddedOwner(data_dir)
    try:
        yield owner.join()
    finally:
        owner.leave()


def postmaster(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def accepts(dsn: str) -> bool:
    """Tell whether anything takes connections where this server did."""
    address = urlsplit(dsn)
    try:
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=1):
            return True
    except OSError:
        return False


def kill_an_owner(data_dir: Path) -> str:
    """Start the server from another process, kill that process and return the DSN that it had."""
    command = [sys.executable, "-c", OWNER, str(data_dir)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        dsn = process.stdout.readline().strip()
        process.kill()
        process.communicate(timeout=10)  # ends only if the server does not hold the pipe
    return dsn


def test_what_says_who_owns_it_is_open_to_its_user_alone(tmp_path: Path) -> None:
    assert EmbeddedOwner(tmp_path).stop_ownerless()

    modes = {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in tmp_path.iterdir()}
    assert modes == {"postgres.lock": "0o600", "postgres.life": "0o600", "postgres.owners": "0o700"}


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DATA_DIR that has a cluster already; a test leaves it whole, with no server running."""
    data_dir = tmp_path_factory.mktemp("data")
    with owning(data_dir):
        pass
    return data_dir


@pytest.fixture
def misconfigured(laid_out: Path) -> Iterator[Path]:
    settings = laid_out / "postgres" / "postgresql.conf"
    kept = settings.read_text()
    settings.write_text(f"{kept}\nabsurd = 1\n")
    yield laid_out
    settings.write_text(kept)


def test_last_owner_stops_the_server(laid_out: Path) -> None:
    first, second = EmbeddedOwner(laid_out), EmbeddedOwner(laid_out)
    dsn = first.join()
    started = ask(dsn, STARTED)

    assert second.join() == dsn
    first.leave()
    assert ask(dsn, STARTED) == started
    second.leave()

    with pytest.raises(ConnectionRefusedError):
        ask(dsn, STARTED)


def test_rows_and_port_outlive_a_restart(laid_out: Path) -> None:
    with owning(laid_out) as before:
        ask(before, "create table kept as select 7 as number")

    with owning(laid_out) as after:
        assert after == before
        assert ask(after, "select number from kept") == 7


def test_orphan_of_a_killed_owner_is_adopted(laid_out: Path) -> None:
    dsn = kill_an_owner(laid_out)
    started = ask(dsn, STARTED)

    with owning(laid_out) as adopted:
        assert adopted == dsn
        assert ask(adopted, STARTED) == started

    assert not (laid_out / "postgres" / "postmaster.pid").exists()
    assert list((laid_out / "postgres.owners").iterdir()) == []


def test_starts_at_the_same_time_get_the_same_server(tmp_path: Path) -> None:
    owners = [EmbeddedOwner(tmp_path), EmbeddedOwner(tmp_path), EmbeddedOwner(tmp_path)]

    with ThreadPoolExecutor() as threads:
        found = {start.result() for start in [threads.submit(owner.join) for owner in owners]}
        for end in [threads.submit(owner.leave) for owner in owners]:
            end.result()

    assert len(found) == 1
    assert not (tmp_path / "postgres" / "postmaster.pid").exists()


def test_half_a_cluster_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "postgres.init-dead").mkdir()
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("18\n")

    with owning(tmp_path) as dsn:
        assert ask(dsn, "select 1") == 1

    assert not (tmp_path / "postgres.init-dead").exists()
    assert len(list(tmp_path.glob("postgres.broken-*"))) == 1


def test_process_id_of_a_stranger_does_not_stop_a_start(laid_out: Path) -> None:
    """In a container the next process to get the old postmaster's id comes soon."""
    dsn = kill_an_owner(laid_out)
    os.kill(postmaster(laid_out), signal.SIGKILL)
    while accepts(dsn):  # a busy machine takes its time to end what was killed
        time.sleep(0.02)
    left = laid_out / "postgres" / "postmaster.pid"
    left.write_text("\n".join([str(os.getppid()), *left.read_text().splitlines()[1:]]))

    with owning(laid_out) as dsn:
        assert ask(dsn, "select 1") == 1


def test_server_that_takes_connections_before_it_is_ready_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file names the port from the start, and what it is about in the eighth line; the pause lets it be ready."""
    cluster = tmp_path / "postgres"
    cluster.mkdir()
    (cluster / "everytap.password").write_text("secret")
    life = os.open(tmp_path / "postgres.life", os.O_RDWR | os.O_CREAT)
    assert lock(life)

    def written(count: int, port: int, state: str) -> None:
        lines = ["1", str(cluster), "0", str(port), "", "127.0.0.1", "0", state]
        (cluster / "postmaster.pid").write_text("\n".join(lines[:count]))

    with listening() as early, listening() as ready:
        steps = iter([(7, early, "starting"), (8, early, "starting"), (8, ready, "ready   ")])
        written(3, early, "starting")
        server = Server(tmp_path)
        monkeypatch.setattr(time, "sleep", lambda _: written(*next(steps)))

        dsn = server.ensure_running()

    os.close(life)
    assert f"@127.0.0.1:{ready}/" in dsn


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to choose an account")
def test_roots_server_has_user_and_group_of_one_account() -> None:
    with TemporaryDirectory() as folder:
        os.chmod(folder, 0o711)  # noqa: S103 - so that the plain way leads there
        account = find_account(Path(folder), Path(folder) / "postgres", binaries())

    assert (account.uid, account.gid) in {(entry.pw_uid, entry.pw_gid) for entry in pwd.getpwall()}


def test_port_taken_meanwhile_is_replaced(laid_out: Path) -> None:
    with owning(laid_out) as before:
        pass
    port = int((laid_out / "postgres.port").read_text())

    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import socket; s = socket.create_server(('127.0.0.1', {port})); print(flush=True); input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as squatter:
        assert squatter.stdout is not None
        squatter.stdout.readline()
        with owning(laid_out) as after:
            answer = ask(after, "select 1")
        squatter.communicate(b"\n", timeout=10)

    assert after != before
    assert answer == 1


def test_server_is_out_of_reach_of_ctrl_c(laid_out: Path) -> None:
    with owning(laid_out):
        assert os.getsid(postmaster(laid_out)) != os.getsid(0)


def test_nobody_gets_in_without_the_password(laid_out: Path) -> None:
    password = laid_out / "postgres" / "everytap.password"

    with owning(laid_out) as dsn, pytest.raises(asyncpg.InvalidPasswordError):
        ask(dsn.replace(password.read_text(), "guessed"), "select 1")

    assert stat.S_IMODE(password.stat().st_mode) == 0o600


def test_superuser_gets_in_by_no_password_and_what_we_connect_as_by_scram_alone(laid_out: Path) -> None:
    refused = pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match=r"no pg_hba\.conf entry")

    with owning(laid_out) as dsn, refused:
        ask(dsn.replace("//everytap:", "//postgres:"), "select 1")

    assert (laid_out / "postgres" / "pg_hba.conf").read_text().splitlines()[1:] == [
        "host all everytap 127.0.0.1/32 scram-sha-256"
    ]


def test_cluster_of_an_earlier_release_goes_on_behind_closed_doors(laid_out: Path) -> None:
    """There the superuser had our password, and a way in."""
    doors = laid_out / "postgres" / "pg_hba.conf"
    closed = doors.read_text()
    doors.write_text("local all all reject\nhost all all 127.0.0.1/32 scram-sha-256\n")

    with owning(laid_out) as dsn:
        assert ask(dsn, "select 1") == 1
        with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match=r"no pg_hba\.conf entry"):
            ask(dsn.replace("//everytap:", "//postgres:"), "select 1")

    assert doors.read_text() == closed
    assert stat.S_IMODE(doors.stat().st_mode) == 0o600


async def test_our_own_server_proves_itself_to_a_pool_and_to_a_command(laid_out: Path) -> None:
    async with open_embedded(laid_out) as dsn:
        async with connected(DatabaseAddress(dsn, scram_only=True), pytest.fail) as connection:
            assert await connection.fetchval("select 1") == 1
        settings = PoolSettings(2, False, "test", scram_only=True)
        async with open_pool(dsn, settings, STATEMENTS) as pool, pool.session(), pool.notifications():
            pass


def test_what_is_left_beside_the_cluster_is_closed_to_others(tmp_path: Path) -> None:
    with owning(tmp_path / "data"):
        beside = [path for path in (tmp_path / "data").rglob("*") if "postgres" not in path.parent.parts]

        assert {path.name for path in beside} >= {"postgres.port", "postgres.log", "postgres.life", "postgres.owners"}
        assert [path for path in beside if path.stat().st_mode & 0o077] == []


def test_our_role_counts_statements_but_is_no_superuser(laid_out: Path) -> None:
    with owning(laid_out) as dsn:
        assert ask(dsn, "select count(*) > 0 from pg_stat_statements")
        assert ask(dsn, "select pg_stat_statements_reset() is not null")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            ask(dsn, "select pg_read_file('/etc/passwd')")


def test_failure_ends_with_what_the_server_said(misconfigured: Path) -> None:
    owner = EmbeddedOwner(misconfigured)

    with pytest.raises(EmbeddedPostgresFailed, match=r"does not start.*unrecognized configuration parameter"):
        owner.join()
    owner.leave()


def test_unusable_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(EmbeddedPostgresFailed, match="cannot use"):
        EmbeddedOwner(tmp_path / "file").join()


def test_long_log_is_shortened_at_the_next_start(laid_out: Path) -> None:
    log = laid_out / "postgres.log"
    log.write_bytes(b"old line\n" * 200_000)

    with owning(laid_out):
        pass

    assert log.stat().st_size < 100_000


def test_owner_that_left_before_it_joined_starts_nothing(laid_out: Path) -> None:
    owner = EmbeddedOwner(laid_out)
    owner.leave()

    with pytest.raises(EmbeddedPostgresFailed, match="given up"):
        owner.join()

    assert not (laid_out / "postgres" / "postmaster.pid").exists()


async def test_cancelled_owner_still_stops_its_server(laid_out: Path) -> None:
    with anyio.CancelScope() as scope:
        async with open_embedded(laid_out) as dsn:
            assert await fetch(dsn, "select 1") == 1
            scope.cancel()
            await anyio.sleep_forever()

    assert not (laid_out / "postgres" / "postmaster.pid").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to change to another user")
def test_root_starts_it_inside_a_folder_that_only_root_may_enter(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o700)

    with owning(locked / "data") as dsn:
        assert ask(dsn, "select 1") == 1
        assert (locked / "data" / "postgres").stat().st_uid != 0


# https://www.postgresql.org/docs/current/libpq-envars.html
LIBPQ = {
    **dict.fromkeys(["PGHOST", "PGSSLNEGOTIATION", "PGTARGETSESSIONATTRS", "PGGSSLIB"], "absurd"),
    **dict.fromkeys(["PGUSER", "PGPASSWORD", "PGDATABASE", "PGAPPNAME", "PGKRBSRVNAME", "PGCLIENTENCODING"], "absurd"),
    **dict.fromkeys(["PGPASSFILE", "PGSERVICEFILE", "PGSSLCERT", "PGSSLKEY", "PGSSLROOTCERT", "PGSSLCRL"], "/absurd"),
    **dict.fromkeys(["PGSYSCONFDIR", "PGLOCALEDIR", "PGDATA", "PGSSLCRLDIR"], "/absurd"),
    **dict.fromkeys(["PGSSLMINPROTOCOLVERSION", "PGSSLMAXPROTOCOLVERSION", "PGREQUIREAUTH"], "absurd"),
    **dict.fromkeys(["PGPORT", "PGCONNECT_TIMEOUT", "PGHOSTADDR", "PGCHANNELBINDING", "PGGSSENCMODE"], "absurd"),
    **dict.fromkeys(["PGSERVICE", "PGOPTIONS", "PGTZ", "PGDATESTYLE", "PGGEQO", "PGLOADBALANCEHOSTS"], "absurd"),
    "PGSSLMODE": "verify-full",
}


@pytest.fixture
def absurd_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in LIBPQ.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("absurd_shell")
@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
async def test_nothing_of_the_shell_reaches_the_embedded_server(tmp_path: Path) -> None:
    """What a DSN leaves out, asyncpg takes from libpq's variables, which were set for another server."""
    async with open_embedded(tmp_path) as dsn:
        async with connected(DatabaseAddress(dsn), print) as connection:
            by_command = await connection.fetchval("select current_user")
        async with open_pool(dsn, PoolSettings(1, False, "test"), STATEMENTS) as pool, pool.session():
            pass

    assert by_command == "everytap"


@pytest.mark.parametrize(
    ("name", "value"), [("PGSSLNEGOTIATION", "direct"), ("PGPORT", "absurd"), ("PGSSLMODE", "absurd")]
)
@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
async def test_variable_of_libpq_that_spoils_an_operators_address_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(Refused, match=f"^the address of the database cannot be used; look at DATABASE_URL and {name}$"):
        await connect_patiently(DatabaseAddress("postgresql://me@127.0.0.1/x", libpq=(name,)), print, 1.0)


@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
async def test_silence_names_what_to_look_at(monkeypatch: pytest.MonkeyPatch, free_tcp_port: int) -> None:
    monkeypatch.setenv("PGTARGETSESSIONATTRS", "standby")
    address = DatabaseAddress(f"postgresql://me@127.0.0.1:{free_tcp_port}/x", libpq=("PGTARGETSESSIONATTRS",))

    with pytest.raises(Unreachable, match=r"look whether it runs, and at DATABASE_URL and PGTARGETSESSIONATTRS$"):
        await connect_patiently(address, print, 0.2)


def test_cluster_of_another_postgresql_is_named_with_the_way_out(tmp_path: Path) -> None:
    with owning(tmp_path):
        pass
    version = (tmp_path / "postgres" / "PG_VERSION").read_text()
    (tmp_path / "postgres" / "PG_VERSION").write_text("17\n")

    with pytest.raises(EmbeddedPostgresFailed) as caught, owning(tmp_path):
        pass

    assert str(caught.value) == (
        f"PostgreSQL 17 made {tmp_path}/postgres, and this release brings PostgreSQL {version.strip()}, which cannot "
        f"read it: with the release before, run `python -m infra.postgres.tool {tmp_path} pg_dump -Fc "
        "--exclude-extension=pg_stat_statements -f everytap.dump`, then load that here, as docs/operations.md says "
        'under "When a release brings a newer PostgreSQL"'
    )
    assert (tmp_path / "postgres" / "global" / "pg_control").exists()


def tool(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "infra.postgres.tool", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)


def test_what_one_release_dumps_the_next_one_loads(tmp_path: Path) -> None:
    """By the commands of docs/operations.md, typed here where the folders of two releases are two."""
    old, new, dump = tmp_path / "old", tmp_path / "new", tmp_path / "everytap.dump"
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    section = page.partition("### When a release brings a newer PostgreSQL")[2]
    dumps, loads = re.findall(r"python -m infra\.postgres\.tool \.everytap (pg_\w+ .*)", section)[:2]
    with owning(old) as dsn:
        anyio.run(migrated, dsn)

    dumped = tool(str(old), *dumps.replace("everytap.dump", str(dump)).split())
    loaded = tool(str(new), *loads.replace("everytap.dump", str(dump)).split())

    assert (dumped.returncode, dumped.stderr, loaded.returncode, loaded.stderr) == (0, "", 0, "")
    with owning(new) as dsn:
        assert anyio.run(migrated, dsn) == []


async def migrated(dsn: str) -> list[str]:
    async with connected(DatabaseAddress(dsn), print) as connection:
        return await migrate(connection)


def test_tool_that_is_none_is_told_which_there_are(tmp_path: Path) -> None:
    done = tool(str(tmp_path), "pg_dumb")

    assert done.returncode == 2
    assert "there are" in done.stderr
    assert "pg_dump, " in done.stderr
