"""One schema, whichever way a database came to it: made new, or led there from any state that is supported."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise

import anyio
import asyncpg
import pytest

from infra.postgres import admin
from infra.postgres.migrate import SOURCES, migrate
from infra.postgres.statements import STATEMENTS
from tests import earlier_schemas
from tests.earlier_calls import OF_0019, OF_0031
from tests.kit.clock import on_asyncio

anyio_backend = on_asyncio

STATES = earlier_schemas.states()
NEWEST = "0031_refusals_claim_nothing"
# One query a kind of thing; each row is all that is said of one of them.
KINDS = {
    "columns": """
      select c.table_name, c.column_name, c.udt_name, c.is_nullable, c.column_default, c.identity_generation
      from information_schema.columns c where c.table_schema = current_schema() and c.table_name not like '\\_pogo%'""",
    "constraints": """
      select r.relname, k.conname, pg_get_constraintdef(k.oid) from pg_constraint k
      join pg_class r on r.oid = k.conrelid join pg_namespace n on n.oid = r.relnamespace
      where n.nspname = current_schema() and r.relname not like '\\_pogo%'""",
    "indexes": """
      select tablename, indexname, indexdef from pg_indexes
      where schemaname = current_schema() and tablename not like '\\_pogo%'""",
    "triggers": """
      select r.relname, t.tgname, pg_get_triggerdef(t.oid) from pg_trigger t
      join pg_class r on r.oid = t.tgrelid join pg_namespace n on n.oid = r.relnamespace
      where n.nspname = current_schema() and not t.tgisinternal""",
    "functions": """
      select p.oid::regprocedure::text, pg_get_functiondef(p.oid) from pg_proc p
      join pg_namespace n on n.oid = p.pronamespace where n.nspname = current_schema()""",
    "comments": """
      select d.objoid::regclass::text, d.objsubid, d.description from pg_description d
      join pg_class r on r.oid = d.objoid join pg_namespace n on n.oid = r.relnamespace
      where d.classoid = 'pg_class'::regclass and n.nspname = current_schema()""",
    "relations": """
      select r.relname, r.relkind from pg_class r join pg_namespace n on n.oid = r.relnamespace
      where n.nspname = current_schema() and r.relname not like '\\_pogo%'""",
}
CALL = re.compile(r"\bselect (?:jsonb_set\()?(\w+)\((.*)\)", re.DOTALL)
DESK = re.compile(r"""_ask(?:_any)?\(\s*"(\w+)\(([^"]*)\)\"""")
DEFINED = re.compile(r"^create or replace function (\w+)\((.*?)\)\s*returns", re.MULTILINE | re.DOTALL)
ARITIES = """
select p.proname, p.pronargs - p.pronargdefaults as least, p.pronargs as most from pg_proc p
join pg_namespace n on n.oid = p.pronamespace where n.nspname = current_schema()
"""
# An open card in each state in which people can tap, and a settled one; what was known of an account of before.
ROWS = """
insert into chats (chat_id, title, gap_seconds) values (-100, 'Team', 0);
insert into accounts (chat_key, ig_user_id, username, login, sealed_token)
  select chat_key, '1', 'studio', 'facebook', 'sealed' from chats;
update chats set account_id = (select account_id from accounts);
insert into media (chat_key, kind, path, file_name, title, sha256, bytes)
  select chat_key, 'photo', 'p', 'a.jpg', 'Story ' || n, n::text, 5 from chats, generate_series(1, 5) as n;
insert into items (chat_key, media_id, due_at, state, came_from, came_by, presented_at, held_by, hold_until, version)
  select chat_key, media_id, now(), state, came_from, came_by, now(), held_by, hold_until, version
  from media join (values
    (1, 'in_review', 'presenting', 'sent', null, null::timestamptz, 0),
    (2, 'presenting', 'waiting', 'claim', 'old worker', now() + interval '1 minute', 0),
    (3, 'publishing', 'in_review', 'auto_post', 'old worker', now() + interval '1 minute', 1),
    (4, 'skipped', 'in_review', 'skip', null, null, 1),
    (5, 'waiting', null, null, null, null, 0)) as s (n, state, came_from, came_by, held_by, hold_until, version)
  on title = 'Story ' || n;
update items set settled_step = came_by, settled_by = 5, settled_name = 'Anna', settled_at = now() where version = 1;
insert into item_events (chat_key, item_id, version, step, from_state, to_state, user_id, user_name, tap_id)
  select chat_key, item_id, 1, came_by, came_from, state, 5, 'Anna', 'tap ' || item_id from items where version = 1;
insert into cards (chat_key, message_id, item_id, want, shown)
  select chat_key, 1000 + item_id, item_id, version, version from items where state not in ('waiting', 'presenting');
insert into publishes (chat_key, item_id, version, account_id, lease_until)
  select i.chat_key, item_id, 1, account_id, now() from items i join chats using (chat_key) where state = 'publishing';
"""
STANDING = """
select i.item_id, i.state, i.version, i.came_from, i.came_by, i.presented_at, i.held_by, i.settled_name, k.message_id,
  k.want, k.shown, e.tap_id from items i left join cards k using (chat_key, item_id)
left join item_events e using (chat_key, item_id) order by i.item_id
"""
MORE_CARDS = """
insert into media (chat_key, kind, path, file_name, title, sha256, bytes)
  select chat_key, 'photo', 'p', 'a.jpg', 'More ' || n, 'more' || n, 5 from chats, generate_series(1, 400) as n;
insert into items (chat_key, media_id, due_at, state, came_from, came_by, presented_at)
  select chat_key, media_id, now(), 'in_review', 'presenting', 'sent', now() from media where title like 'More%';
insert into cards (chat_key, message_id, item_id, shown)
  select chat_key, 1000 + item_id, item_id, 0 from items where state = 'in_review' on conflict do nothing;
"""
EARLIER_TAP = "select record_tap($1, -100, $2, 7, 'Ben', $3, 0, 'skip', 'old worker')"


@pytest.fixture
async def fresh(database_url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A database that was made new."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def earlier(empty_database_url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """An empty database, on which an earlier state is built."""
    connection = await asyncpg.connect(empty_database_url)
    yield connection
    await connection.close()


async def described(connection: asyncpg.Connection[asyncpg.Record]) -> dict[str, set[tuple[object, ...]]]:
    return {kind: {tuple(row) for row in await connection.fetch(query)} for kind, query in KINDS.items()}


async def arities(connection: asyncpg.Connection[asyncpg.Record]) -> set[tuple[str, int]]:
    rows = await connection.fetch(ARITIES)
    return {(row["proname"], count) for row in rows for count in range(row["least"], row["most"] + 1)}


def called(statement: str) -> tuple[str, int]:
    """Read which function a statement calls, and with how many arguments."""
    found = CALL.search(statement)
    assert found is not None, statement
    inner = found[2].partition(")")[0]
    return found[1], len([one for one in inner.split(",") if one.strip()])


@pytest.mark.parametrize("state", STATES)
async def test_every_way_leads_to_the_same_schema(
    fresh: asyncpg.Connection[asyncpg.Record], earlier: asyncpg.Connection[asyncpg.Record], state: str
) -> None:
    await earlier_schemas.build(earlier, STATES[state])
    await earlier.execute(ROWS)
    standing = await earlier.fetch(STANDING)

    assert await migrate(earlier) == [*SOURCES.ids(), "functions"]

    there, here = await described(fresh), await described(earlier)
    assert {kind: here[kind] ^ there[kind] for kind in KINDS} == {kind: set() for kind in KINDS}
    assert await earlier.fetch(STANDING) == standing
    assert await migrate(earlier) == []


@pytest.mark.parametrize("state", STATES)
async def test_open_card_of_an_earlier_state_is_tapped_afterwards(
    earlier: asyncpg.Connection[asyncpg.Record], state: str
) -> None:
    await earlier_schemas.build(earlier, STATES[state])
    await earlier.execute(ROWS)
    await migrate(earlier)
    item = await earlier.fetchval("select item_id from items where state = 'in_review'")

    answer = await earlier.fetchval(EARLIER_TAP, "t", 1000 + item, item)

    assert '"outcome": "recorded"' in answer
    assert await earlier.fetchval("select state from items where item_id = $1", item) == "skipped"


@pytest.mark.parametrize("state", [earlier_schemas.LANDED, earlier_schemas.TAKEN_BACK, NEWEST])
async def test_worker_of_before_finds_that_nothing_is_to_be_applied(
    earlier: asyncpg.Connection[asyncpg.Record], state: str
) -> None:
    """It starts again beside us, and asks the bookkeeping that it knows."""
    await earlier_schemas.build(earlier, STATES[state])
    await migrate(earlier)

    known = await earlier.fetch("select migration_id from _pogo_migration")

    assert {row["migration_id"] for row in known} >= set(earlier_schemas.history())


async def test_cards_that_were_marked_to_be_drawn_once_more_are_not_marked_again(
    earlier: asyncpg.Connection[asyncpg.Record],
) -> None:
    await earlier_schemas.build(earlier, STATES[NEWEST])
    await earlier.execute(ROWS)

    await migrate(earlier)

    assert await earlier.fetchval("select count(*) from cards where once_more") == 0


async def test_older_workers_tap_on_while_the_schema_changes(
    earlier: asyncpg.Connection[asyncpg.Record], empty_database_url: str
) -> None:
    """Each of their statements comes to its end, at once or when it is asked again; each tap takes effect once."""
    await earlier_schemas.build(earlier, STATES[earlier_schemas.LANDED])
    await earlier.execute(ROWS)
    await earlier.execute(MORE_CARDS)
    items = [row["item_id"] for row in await earlier.fetch("select item_id from items where state = 'in_review'")]
    before, began = items[: len(items) // 4], anyio.Event()

    async def tap(share: Sequence[int]) -> None:
        connection = await asyncpg.connect(empty_database_url)
        for item in share:
            await until_answered(connection, item)
            if item == before[-1]:
                began.set()
        await connection.close()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(tap, before)
        for first in range(3):
            tasks.start_soon(tap, items[len(before) :][first::3])
        await began.wait()
        applied = await migrate(earlier)

    assert applied == [*SOURCES.ids(), "functions"]
    taken = await earlier.fetch(
        "select item_id, count(*) from item_events where step = 'skip' and tap_id ~ '^t' group by 1"
    )
    assert {row["item_id"]: row["count"] for row in taken if row["item_id"] in set(items)} == dict.fromkeys(items, 1)


async def until_answered(connection: asyncpg.Connection[asyncpg.Record], item: int) -> None:
    """Ask as a worker does: again with the same key, for what the database rolled back."""
    while True:
        try:
            await connection.fetchval(EARLIER_TAP, f"t{item}", 1000 + item, item)
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError, asyncpg.InvalidCachedStatementError):
            continue
        return


async def test_schema_of_another_name_is_the_same_and_is_tapped_in(
    fresh: asyncpg.Connection[asyncpg.Record], earlier: asyncpg.Connection[asyncpg.Record]
) -> None:
    await migrate(earlier, "team")
    await earlier.execute("set search_path = team")
    await earlier.execute(ROWS)
    there, here = await described(fresh), await described(earlier)
    item = await earlier.fetchval("select item_id from items where state = 'in_review'")

    answer = await earlier.fetchval(EARLIER_TAP, "t", 1000 + item, item)

    assert '"outcome": "recorded"' in answer
    assert {kind: nameless(here[kind], "team") ^ nameless(there[kind], "public") for kind in KINDS} == {
        kind: set() for kind in KINDS
    }


def nameless(found: set[tuple[object, ...]], schema: str) -> set[tuple[object, ...]]:
    """Leave out the schema's name, and what the server itself has put into `public`."""
    ours = [row for row in found if not str(row[0]).startswith("pg_stat_statements")]
    return {tuple(str(part).replace(f"{schema}.", "") for part in row) for row in ours}


async def test_every_body_names_what_is_there(fresh: asyncpg.Connection[asyncpg.Record]) -> None:
    """They are created without a look into them, so that their order does not matter."""
    for path in SOURCES.functions():
        await fresh.execute(path.read_text(encoding="utf-8"))


async def test_every_operation_calls_a_function_that_is_there(fresh: asyncpg.Connection[asyncpg.Record]) -> None:
    statements = {called(statement.sql) for statement in STATEMENTS.values()}
    typed = DESK.findall(SOURCES.schema.parent.joinpath("admin.py").read_text(encoding="utf-8"))
    asked = statements | {(name, len(arguments.split(",")) if arguments else 0) for name, arguments in typed}

    assert len(typed) == len([name for name in vars(admin.PostgresAdmin) if not name.startswith("_")])
    assert asked - await arities(fresh) == set()


@pytest.mark.parametrize("calls", [OF_0019, OF_0031], ids=["0019", "0031"])
async def test_every_call_of_a_release_before_finds_its_function(
    fresh: asyncpg.Connection[asyncpg.Record], calls: set[tuple[str, int]]
) -> None:
    assert calls - await arities(fresh) == set()


def test_each_function_is_defined_once() -> None:
    files = [path.read_text(encoding="utf-8") for path in sorted(SOURCES.schema.glob("*.sql"))]
    defined = [
        (name, tuple(re.findall(r"\bp_\w+ ([\w ]+)", arguments)))
        for text in files
        for name, arguments in DEFINED.findall(text)
    ]

    assert [one for one, count in Counter(defined).items() if count > 1] == []
    assert len(defined) > 90


def test_no_file_names_a_schema() -> None:
    texts = [
        path.read_text(encoding="utf-8")
        for folder in (SOURCES.schema, SOURCES.migrations)
        for path in folder.glob("*.sql")
    ]

    assert [text for text in texts if "public." in text or "search_path" in text] == []


def test_migrations_come_one_after_the_other() -> None:
    numbers = [int(name[:4]) for name in SOURCES.ids()]

    assert numbers[0] == 1
    assert all(after == before + 1 for before, after in pairwise(numbers))
