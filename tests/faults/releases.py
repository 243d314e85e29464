"""Later releases of the source: copies of it with further migrations, and functions that have changed."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from infra.postgres.migrate import SOURCES, Sources
from tests.understudy import ROOT

SOURCE = ("actors", "infra", "main.py")

# Nullable columns, a table and an index, added where every tap writes; the sleep holds all of it locked for a while.
EXPAND = """
alter table chats add column later text;
alter table items add column later text;
alter table cards add column later text;
create table later_notes (chat_key bigint not null references chats (chat_key), note text not null);
create index items_by_later on items (chat_key, later);
select pg_sleep(2);
"""
CONTRACT = """
drop index items_by_later;
drop table later_notes;
alter table cards drop column later;
alter table items drop column later;
alter table chats drop column later;
select pg_sleep(2);
"""
# A function that tells which release made the functions.
NEWEST = "create or replace function later_release() returns integer language sql as $$ select {} $$;\n"


def release(folder: Path, migrations: Sequence[str]) -> Path:
    """Make a later version of the source: with these migrations after all that there are, and a function of its own."""
    for name in SOURCE:
        source = ROOT / name
        copied = shutil.copytree if source.is_dir() else shutil.copy2
        copied(source, folder / name)
    later = Sources(folder / SOURCES.schema.relative_to(ROOT), folder / SOURCES.migrations.relative_to(ROOT))
    for number, text in enumerate(migrations):
        (later.migrations / f"999{number}_later.sql").write_text(text, encoding="utf-8")
    (later.schema / "later.sql").write_text(NEWEST.format(len(migrations)), encoding="utf-8")
    (later.schema / "edition").write_text(f"{SOURCES.edition()[0] + len(migrations)}\n", encoding="utf-8")
    return folder
