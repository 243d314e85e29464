"""Texts that PostgreSQL cannot keep, on a real one: refused at once and for good, and the connection goes on."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import pytest

from actors.domain.item import Action, Person
from actors.domain.messages import Gone
from actors.domain.taps import Press, Tap
from actors.errors import Refused
from actors.operations.housekeeping import Interaction, WriteInteractions
from actors.operations.operation import Operation
from actors.operations.taps import RecordTap
from infra.postgres.admin import PostgresAdmin
from infra.postgres.pool import PoolSettings, open_pool
from infra.postgres.statements import STATEMENTS
from tests.hostile import CRUEL_TEXTS
from tests.kit.clock import on_asyncio
from tests.stage import CHAT

anyio_backend = on_asyncio

UNKEPT = ["\0", "Anna\0", "\ud83d", "A\udc00\ud800"]
KEPT = [text for text in CRUEL_TEXTS if "\0" not in text and text.encode("utf-8", "replace").decode() == text]


def story(text: str) -> dict[str, object]:
    named = {"path": "a.jpg", "file_name": text, "title": text, "caption": text, "sha256": "aa"}
    return {"kind": "photo", "bytes": 9, **named}


def tap(text: str) -> RecordTap:
    press = Press("99", 1, 42, 0, CHAT, 10, Person(5, text), "", 0.0)
    return RecordTap(Tap(press, Action.SKIP), "one")


async def run(database_url: str, *operations: Operation[Any]) -> list[object]:
    """Run them on one connection; returns what each came to."""
    ends: list[object] = []
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(open_pool(database_url, PoolSettings(1, False, "one"), STATEMENTS))
        session = await stack.enter_async_context(pool.session())
        for operation in operations:
            try:
                ends.append(await session.run(operation))
            except Refused as error:
                ends.append(error)
    return ends


@pytest.mark.parametrize("text", UNKEPT)
async def test_operator_is_told_that_a_text_cannot_be_kept(desk: PostgresAdmin, text: str) -> None:
    with pytest.raises(Refused):
        await desk.set_chat(CHAT, {"title": text})
    with pytest.raises(Refused):
        await desk.add_media(CHAT, [story(text)])

    assert [chat["title"] for chat in await desk.list_chats()] == ["Studio"]
    assert await desk.list_media(CHAT) == []


async def test_any_other_text_is_kept_as_it_is(desk: PostgresAdmin) -> None:
    stories = [story(text) | {"sha256": f"{number:x}"} for number, text in enumerate(KEPT)]

    await desk.add_media(CHAT, stories)

    assert sorted(line["title"] for line in await desk.list_media(CHAT)) == sorted(KEPT)


async def test_tap_whose_name_cannot_be_kept_is_refused_for_good_and_holds_up_no_other(database_url: str) -> None:
    """It does not get here (infra/telegram cleans names): but `Unreachable` would have it tried again and again."""
    *refused, last = await run(database_url, *[tap(text) for text in UNKEPT], tap("Anna"))

    assert [type(end) for end in refused] == [Refused] * len(UNKEPT)
    assert isinstance(last, Gone)


async def test_interactions_that_cannot_be_kept_are_refused_for_good(database_url: str) -> None:
    lines = [Interaction(CHAT, "tap", 5, text, 42, "99", 0) for text in UNKEPT]

    ends = await run(database_url, *[WriteInteractions(f"one/{line.user_name!r}", (line,)) for line in lines])

    assert [type(end) for end in ends] == [Refused] * len(UNKEPT)
