"""Schemas as earlier releases left them, made by the migrations that those releases ran.

`earlier_schemas.sql.xz` holds what each of them applied, as it stood in this repository from commit 509e11f, where
0019 landed, to dd8d7d3; one was renamed on the way and one was taken back, and a database may have either.
"""

from __future__ import annotations

import hashlib
import lzma
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import asyncpg

HISTORY = Path(__file__).with_suffix(".sql.xz")
LANDED = "0019_doubt_is_never_kept"
RENAMED, TAKEN_BACK = "0024_set_up", "0025_rights_first"
# The bookkeeping of the tool that was used then, as it made it in its newest version.
POGO = """
create table _pogo_migration (migration_hash varchar(64), migration_id varchar(255), applied timestamptz,
  schema_name varchar(64) not null, primary key (migration_hash, schema_name));
create table _pogo_version (version int not null primary key, installed timestamptz);
insert into _pogo_version values (0, now()), (1, now());
"""


@cache
def history() -> Mapping[str, str]:
    """Return what each migration applied, by its id."""
    text = lzma.decompress(HISTORY.read_bytes()).decode()
    _, *parts = re.split(r"^-- migration: (\w+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def states() -> dict[str, list[str]]:
    """Return the migrations of each state from which this release goes on, by its newest one, in the order they ran."""
    line = [name for name in history() if name not in {RENAMED, TAKEN_BACK}]
    found = {line[-1]: line for line in (line[:length] for length in range(line.index(LANDED) + 1, len(line) + 1))}
    before = line[: line.index("0024_lost_cards")]
    found[f"{RENAMED} alone"] = [*before, RENAMED]
    found[RENAMED] = [*before, RENAMED, "0024_lost_cards"]
    found[TAKEN_BACK] = [*found[RENAMED], TAKEN_BACK]
    return found


async def build(connection: asyncpg.Connection[asyncpg.Record], names: Sequence[str]) -> None:
    """Run these migrations on an empty schema, and write down that they ran."""
    await connection.execute(POGO)
    for name in names:
        await connection.execute(history()[name])
        await connection.execute(
            "insert into _pogo_migration values ($1, $2, now(), current_schema())",
            hashlib.sha256(name.encode()).hexdigest(),
            name,
        )
