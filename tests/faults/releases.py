"""Later releases of the source: copies of it with further migrations."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from infra.postgres.migrate import MIGRATIONS
from tests.understudy import ROOT

SOURCE = ("actors", "infra", "main.py")

# Nullable columns, a table and an index, added where every tap writes; the sleep holds all of it locked for a while.
EXPAND = """-- migrate: apply

alter table chats add column later text;
alter table items add column later text;
alter table cards add column later text;
create table later_notes (chat_key bigint not null references chats (chat_key), note text not null);
create index items_by_later on items (chat_key, later);
select pg_sleep(2);

-- migrate: rollback

select 1;
"""
CONTRACT = """-- migrate: apply

drop index items_by_later;
drop table later_notes;
alter table cards drop column later;
alter table items drop column later;
alter table chats drop column later;
select pg_sleep(2);

-- migrate: rollback

select 1;
"""


def release(folder: Path, migrations: Sequence[str]) -> Path:
    """Make a later version of the source: with these migrations after all that there are."""
    for name in SOURCE:
        source = ROOT / name
        copied = shutil.copytree if source.is_dir() else shutil.copy2
        copied(source, folder / name)
    before = max(path.stem for path in MIGRATIONS.glob("*.sql"))
    there = folder / MIGRATIONS.relative_to(ROOT)
    for number, text in enumerate(migrations):
        name = f"999{number}_later"
        (there / f"{name}.sql").write_text(f"-- A later release\n-- depends: {before}\n\n{text}", encoding="utf-8")
        before = name
    return folder
