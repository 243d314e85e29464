"""A time that was typed without an offset is meant by its chat's clock, unless that never shows it, or twice.

Neither is guessed: which of two was meant, or what somebody wanted at a time that does not come, only they know.
"""

from __future__ import annotations

from datetime import UTC, datetime

from actors.domain.local_times import comes_twice, never_comes
from actors.domain.time_zones import is_known, zone
from infra.console.exit_codes import WrongInput
from infra.console.ports import Desk, Lines


async def in_chat(desk: Desk, chat_id: int, typed: datetime) -> datetime:
    """Read a time by the clock of a chat; that of an unknown chat does not matter."""
    return _read(typed, await desk.list_chats(), chat_id) if typed.tzinfo is None else typed


async def of_item(desk: Desk, item_id: int, typed: datetime | None) -> datetime | None:
    """Read a time by the clock of an item's chat."""
    return _read(typed, await desk.why(item_id), item_id) if typed and typed.tzinfo is None else typed


def _read(typed: datetime, lines: Lines, wanted_id: int) -> datetime:
    named = [line["timezone"] for line in lines if line.get("id") == wanted_id and "timezone" in line]
    return by_clock(typed, named[0]) if named else typed.replace(tzinfo=UTC)


def by_clock(typed: datetime, name: str) -> datetime:
    """Return when the clock of this zone shows this time."""
    written = typed.isoformat(timespec="minutes")
    if not is_known(name):
        raise WrongInput(f"The chat's time zone {name!r} is not known here: give an offset, like {written}+01:00.")
    first = typed.replace(tzinfo=zone(name), fold=0)
    second = first.replace(fold=1)
    if never_comes(first):
        raise WrongInput(f"{written} does not come in {name}: the clocks skip it that day; take another time.")
    if comes_twice(first):
        both = f"{first.isoformat(timespec='minutes')} or {second.isoformat(timespec='minutes')}"
        raise WrongInput(f"{written} comes twice in {name} that day: write {both}.")
    return first.astimezone(UTC)
