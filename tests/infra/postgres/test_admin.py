"""The operator's desk against a real PostgreSQL."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import anyio
import asyncpg
import pytest

from actors.errors import AnswerLost, Refused, Unreachable
from infra.postgres import connect
from infra.postgres.admin import AdminLines, PostgresAdmin, open_admin
from infra.postgres.connect import DatabaseAddress, connect_patiently
from tests.kit.clock import on_asyncio
from tests.stage import CHAT

anyio_backend = on_asyncio

DUE = datetime(2026, 1, 1, 10, tzinfo=UTC)
PRESS = "select record_tap($1, $2, $3, 7, 'Anna', $4, $5, $6, 'worker')"


Database = asyncpg.Connection


def story(name: str) -> dict[str, object]:
    return {
        "kind": "photo",
        "path": f"{name}.jpg",
        "file_name": f"{name}.jpg",
        "bytes": 9,
        "sha256": hashlib.sha256(name.encode()).hexdigest(),
        "title": name,
        "caption": "",
    }


async def queued(desk: PostgresAdmin, name: str = "sunset", due: datetime = DUE) -> int:
    media = (await desk.add_media(CHAT, [story(name)]))[0]["id"]
    item: int = (await desk.add_item(CHAT, media, due))[0]["id"]
    return item


async def in_review(desk: PostgresAdmin, database: Database[Any], name: str = "sunset", message: int = 100) -> int:
    item = await queued(desk, name)
    await database.execute("update chats set next_card_at = '-infinity'")
    await database.fetchval("select claim_due('worker')")
    await database.fetchval("select save_card(1, $1, $2, 0, null, 'worker', $3)", item, message, CHAT)
    return item


async def tapped(database: Database[Any], item: int, step: str, version: int = 0, message: int = 100) -> str:
    tap = f"tap {step} {item} {version}"
    answer = json.loads(await database.fetchval(PRESS, tap, CHAT, message, item, version, step))
    outcome: str = answer["outcome"]
    return outcome


def refusal(lines: AdminLines) -> str | None:
    return lines[0].get("refused")


async def test_new_chat_rehearses_and_lets_any_member_tap(desk: PostgresAdmin) -> None:
    lines = await desk.add_chat(-5, {})

    assert next(iter(lines[0])) == "id"
    assert (lines[0]["id"], lines[0]["title"], lines[0]["timezone"]) == (-5, "Chat -5", "UTC")
    assert (lines[0]["live"], lines[0]["restricted"], lines[0]["paused"]) == (False, False, False)


async def test_chat_that_is_there_is_not_added_again(desk: PostgresAdmin) -> None:
    lines = await desk.add_chat(CHAT, {"title": "Other"})

    assert refusal(lines) == "chat_exists"
    assert [chat["title"] for chat in await desk.list_chats()] == ["Studio"]


async def test_set_changes_only_what_is_named(desk: PostgresAdmin) -> None:
    await desk.set_chat(CHAT, {"account": "studio", "gap_seconds": 90})

    lines = await desk.set_chat(CHAT, {"paused": True})

    assert (lines[0]["title"], lines[0]["account"], lines[0]["gap_seconds"]) == ("Studio", "studio", 90)
    assert lines[0]["paused"] is True


async def test_empty_account_is_none(desk: PostgresAdmin) -> None:
    await desk.set_chat(CHAT, {"account": "studio"})

    lines = await desk.set_chat(CHAT, {"account": ""})

    assert lines[0]["account"] is None


async def test_shorter_gap_holds_at_once(desk: PostgresAdmin, database: Database[Any]) -> None:
    await database.execute("update chats set gap_seconds = 7200, next_card_at = now() + interval '2 hours'")

    await desk.set_chat(CHAT, {"gap_seconds": 5})

    assert await database.fetchval("select next_card_at < now() + interval '6 seconds' from chats")


async def test_card_in_review_is_drawn_again_when_its_chat_goes_live(
    desk: PostgresAdmin, database: Database[Any]
) -> None:
    item = await in_review(desk, database)

    await desk.set_chat(CHAT, {"live": True})

    found = json.loads(await database.fetchval("select recover('worker', false)"))
    assert [row["id"] for row in found["behind"]] == [item]
    assert found["behind"][0]["live"] is True


async def test_title_of_a_chat_is_on_no_card(desk: PostgresAdmin, database: Database[Any]) -> None:
    await in_review(desk, database)

    await desk.set_chat(CHAT, {"title": "New"})

    assert json.loads(await database.fetchval("select recover('worker', false)"))["behind"] == []


@pytest.mark.parametrize("ask", ["set_chat", "set_member", "add_media", "add_item"])
async def test_unknown_chat_is_refused(desk: PostgresAdmin, ask: str) -> None:
    questions = {
        "set_chat": lambda: desk.set_chat(-1, {"title": "x"}),
        "set_member": lambda: desk.set_member(-1, 7, {"role": "admin"}),
        "add_media": lambda: desk.add_media(-1, [story("a")]),
        "add_item": lambda: desk.add_item(-1, 1, DUE),
    }

    lines = await questions[ask]()

    assert lines == [{"refused": "unknown_chat", "chat_id": -1}]


async def test_lists_of_an_unknown_chat_are_refused(desk: PostgresAdmin) -> None:
    assert refusal(await desk.list_media(-1)) == "unknown_chat"
    assert refusal(await desk.list_items(-1)) == "unknown_chat"
    assert refusal(await desk.list_members(-1)) == "unknown_chat"


async def test_same_file_is_one_story(desk: PostgresAdmin) -> None:
    first = await desk.add_media(CHAT, [story("a"), story("b")])

    again = await desk.add_media(CHAT, [story("b") | {"title": "other"}])

    assert [line["new"] for line in first] == [True, True]
    assert (again[0]["id"], again[0]["new"], again[0]["title"]) == (first[1]["id"], False, "b")


async def test_mentions_and_the_label_are_kept(desk: PostgresAdmin) -> None:
    labelled = await desk.add_media(CHAT, [story("a") | {"mentions": ["bakery.anna", "ben_1"], "made_by_ai": True}])
    plain = await desk.add_media(CHAT, [story("b")])

    shown = [(line["mentions"], line["made_by_ai"]) for line in [*labelled, *plain]]
    assert shown == [(["bakery.anna", "ben_1"], True), ([], False)]


async def test_two_chats_each_have_the_same_file(desk: PostgresAdmin) -> None:
    await desk.add_chat(-5, {})

    await desk.add_media(CHAT, [story("a")])
    lines = await desk.add_media(-5, [story("a")])

    assert lines[0]["new"] is True
    assert len(await desk.list_media(None)) == 2
    assert [line["chat_id"] for line in await desk.list_media(-5)] == [-5]


async def test_queueing_wakes_the_workers(desk: PostgresAdmin, database: Database[Any]) -> None:
    heard = anyio.Event()
    await database.add_listener("everytap", lambda *_: heard.set())

    await queued(desk)

    with anyio.fail_after(5):
        await heard.wait()


async def test_story_is_not_queued_twice(desk: PostgresAdmin) -> None:
    item = await queued(desk)
    media = (await desk.list_media(CHAT))[0]

    lines = await desk.add_item(CHAT, media["id"], DUE, force=True)

    assert media["open_item"] == item
    assert lines == [{"refused": "queued_already", "media_id": media["id"], "item_id": item}]


async def test_media_of_another_chat_is_unknown(desk: PostgresAdmin) -> None:
    await desk.add_chat(-5, {})
    media = (await desk.add_media(-5, [story("a")]))[0]["id"]

    assert refusal(await desk.add_item(CHAT, media, DUE)) == "unknown_media"


async def test_skipped_story_is_locked_and_force_overrides_it(desk: PostgresAdmin, database: Database[Any]) -> None:
    item = await in_review(desk, database)
    await tapped(database, item, "skip")
    media = (await desk.list_media(CHAT))[0]

    refused = await desk.add_item(CHAT, media["id"], DUE)
    forced = await desk.add_item(CHAT, media["id"], DUE, force=True)

    assert (media["locked"], media["locked_until"] is not None) == ("skipped", True)
    assert (refusal(refused), refused[0]["kind"], refused[0]["item_id"]) == ("locked", "skipped", item)
    assert forced[0]["state"] == "waiting"


async def test_rejected_story_never_comes_again(desk: PostgresAdmin, database: Database[Any]) -> None:
    item = await in_review(desk, database)
    await tapped(database, item, "reject")
    media = (await desk.list_media(CHAT))[0]

    lines = await desk.add_item(CHAT, media["id"], DUE, force=True)

    assert (refusal(lines), lines[0]["kind"], lines[0]["until"]) == ("locked", "rejected", None)
    assert len(await desk.list_items(CHAT, settled_too=True)) == 1


async def test_rejection_that_is_under_way_is_waited_for(desk: PostgresAdmin, database: Database[Any]) -> None:
    item = await in_review(desk, database)
    media = (await desk.list_media(CHAT))[0]["id"]
    answers: list[AdminLines] = []

    async def ask() -> None:
        answers.append(await desk.add_item(CHAT, media, DUE, force=True))

    async with anyio.create_task_group() as tasks, database.transaction():
        await tapped(database, item, "reject")
        tasks.start_soon(ask)
        await database.execute("select pg_sleep(0.3)")  # whenever it asks, it has to answer the same

    assert refusal(answers[0]) == "locked"


async def test_expired_lock_does_not_hold(desk: PostgresAdmin, database: Database[Any]) -> None:
    item = await in_review(desk, database)
    await tapped(database, item, "skip")
    await database.execute("update locks set until = now() - interval '1 second'")
    media = (await desk.list_media(CHAT))[0]

    lines = await desk.add_item(CHAT, media["id"], DUE)

    assert media["locked"] is None
    assert lines[0]["state"] == "waiting"


async def test_removed_item_is_withdrawn_and_its_card_left_for_the_workers(
    desk: PostgresAdmin, database: Database[Any]
) -> None:
    item = await in_review(desk, database)

    lines = await desk.remove_item(item)

    assert (lines[0]["state"], lines[0]["settled_by"], lines[0]["version"]) == ("withdrawn", "the operator", 1)
    found = json.loads(await database.fetchval("select recover('worker', false)"))
    assert [(row["id"], row["state"]) for row in found["behind"]] == [(item, "withdrawn")]


async def test_settled_item_cannot_be_removed(desk: PostgresAdmin, database: Database[Any]) -> None:
    item = await in_review(desk, database)
    await tapped(database, item, "skip")

    lines = await desk.remove_item(item)

    assert (refusal(lines), lines[0]["state"]) == ("cannot_withdraw", "skipped")
    assert lines[0]["settled_by"] == "Anna"


async def test_tap_after_a_removal_is_too_late(desk: PostgresAdmin, database: Database[Any]) -> None:
    item = await in_review(desk, database)

    await desk.remove_item(item)

    assert await tapped(database, item, "skip") == "stale"


async def test_unknown_item_is_refused(desk: PostgresAdmin) -> None:
    unknown = [{"refused": "unknown_item", "item_id": 77}]

    assert await desk.remove_item(77) == unknown
    assert await desk.requeue_item(77, None) == unknown
    assert await desk.why(77) == unknown


async def test_requeued_item_starts_a_new_round(desk: PostgresAdmin, database: Database[Any]) -> None:
    item = await in_review(desk, database)
    await tapped(database, item, "skip")
    await database.execute("update cards set shown = want, claimed_until = null")

    lines = await desk.requeue_item(item, DUE)

    assert (lines[0]["state"], lines[0]["version"], lines[0]["presented_at"]) == ("waiting", 2, None)
    found = json.loads(await database.fetchval("select recover('worker', false)"))
    assert found["behind"][0]["cards"] == [[100, True]]
    assert await database.fetchval("select count(*) from locks") == 0
    assert await tapped(database, item, "posted") == "stale"


async def test_requeued_item_without_a_moment_is_due_now(desk: PostgresAdmin, database: Database[Any]) -> None:
    item = await in_review(desk, database)
    await tapped(database, item, "skip")

    lines = await desk.requeue_item(item, None)

    due = datetime.fromisoformat(lines[0]["due_at"])
    assert abs(due - await database.fetchval("select now()")) < timedelta(minutes=1)


@pytest.mark.parametrize("step", ["posted", "reject"])
async def test_only_skipped_and_expired_items_come_back(
    desk: PostgresAdmin, database: Database[Any], step: str
) -> None:
    item = await in_review(desk, database)
    await tapped(database, item, step)

    assert refusal(await desk.requeue_item(item, None, force=True)) == "cannot_requeue"


async def test_item_does_not_come_back_beside_another_of_its_story(
    desk: PostgresAdmin, database: Database[Any]
) -> None:
    item = await in_review(desk, database)
    await tapped(database, item, "skip")
    media = (await desk.list_media(CHAT))[0]["id"]
    other = (await desk.add_item(CHAT, media, DUE, force=True))[0]["id"]

    lines = await desk.requeue_item(item, None)

    assert lines == [{"refused": "queued_already", "media_id": media, "item_id": other}]


async def test_item_does_not_come_back_when_its_story_was_rejected_in_another_round(
    desk: PostgresAdmin, database: Database[Any]
) -> None:
    item = await in_review(desk, database)
    await tapped(database, item, "skip")
    media = (await desk.list_media(CHAT))[0]["id"]
    other = (await desk.add_item(CHAT, media, DUE, force=True))[0]["id"]
    await database.execute("update chats set next_card_at = '-infinity'")
    await database.fetchval("select claim_due('worker')")
    await database.fetchval("select save_card(1, $1, 101, 0, null, 'worker', $2)", other, CHAT)
    await tapped(database, other, "reject", message=101)

    lines = await desk.requeue_item(item, None, force=True)

    assert (refusal(lines), lines[0]["kind"]) == ("locked", "rejected")
    assert await database.fetchval("select state from items where item_id = $1", item) == "skipped"


async def test_queue_shows_what_is_open_and_all_of_it_on_request(desk: PostgresAdmin, database: Database[Any]) -> None:
    settled = await in_review(desk, database, "a")
    await tapped(database, settled, "skip")
    later = await queued(desk, "b", DUE + timedelta(days=2))
    sooner = await queued(desk, "c", DUE + timedelta(days=1))

    assert [line["id"] for line in await desk.list_items(CHAT)] == [sooner, later]
    assert [line["id"] for line in await desk.list_items(None, settled_too=True)] == [settled, sooner, later]


async def test_role_is_given_changed_and_taken(desk: PostgresAdmin) -> None:
    given = await desk.set_member(CHAT, 7, {"role": "reviewer", "name": "Anna"})
    renamed = await desk.set_member(CHAT, 7, {"name": "Anne"})
    taken = await desk.set_member(CHAT, 7, {"role": None})

    assert (given[0]["id"], given[0]["role"], given[0]["name"]) == (7, "reviewer", "Anna")
    assert (renamed[0]["role"], renamed[0]["name"]) == ("reviewer", "Anne")
    assert [(line["role"], line["name"]) for line in await desk.list_members(None)] == [(None, "Anne")]
    assert taken[0]["taps"] == 0


async def test_why_tells_the_whole_life(desk: PostgresAdmin, database: Database[Any]) -> None:
    item = await in_review(desk, database)
    await tapped(database, item, "skip")
    await tapped(database, item, "posted")
    await desk.requeue_item(item, None)

    lines = await desk.why(item)

    assert (lines[0]["id"], lines[0]["state"]) == (item, "waiting")
    assert [(line["what"], line.get("step")) for line in lines[1:]] == [
        ("queued", None),
        ("card", None),
        ("decision", "skip"),
        ("tap", "posted"),
        ("decision", "requeue"),
    ]
    assert (lines[3]["user_name"], lines[3]["tap_id"], lines[3]["message_id"]) == ("Anna", f"tap skip {item} 0", 100)
    assert lines[4]["outcome"] == "stale"
    assert all(next(iter(line)) == "id" for line in lines)


async def test_moments_are_told_in_utc_whatever_the_session(desk: PostgresAdmin, database_url: str) -> None:
    item = await queued(desk)
    name = urlsplit(database_url).path[1:]
    connection = await asyncpg.connect(database_url)
    await connection.execute(f"alter database \"{name}\" set timezone = 'Asia/Tokyo'")
    await connection.close()

    async with open_admin(DatabaseAddress(database_url), pytest.fail) as abroad:
        lines = await abroad.why(item)

    assert lines[0]["due_at"] == "2026-01-01T10:00:00+00:00"


async def test_pooled_desk_prepares_nothing(database_url: str) -> None:
    async with open_admin(DatabaseAddress(database_url, pooled=True), pytest.fail) as desk:
        await desk.add_chat(CHAT, {})
        assert len(await desk.list_chats()) == 1


async def test_options_of_libpq_are_not_told_to_the_server(database_url: str) -> None:
    async with open_admin(
        DatabaseAddress(f"{database_url}&channel_binding=prefer&connect_timeout=9"), pytest.fail
    ) as desk:
        assert await desk.list_chats() == []


async def test_database_without_tables_is_named(empty_database_url: str) -> None:
    async with open_admin(DatabaseAddress(empty_database_url), pytest.fail) as desk:
        with pytest.raises(Refused, match="run `migrate` first"):
            await desk.list_chats()


async def test_lost_connection_leaves_a_doubt(desk: PostgresAdmin, database: Database[Any]) -> None:
    others = "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = "
    await database.fetch(f"{others} current_database()")

    with pytest.raises((AnswerLost, Unreachable)):
        await desk.add_chat(-5, {})


async def test_database_that_is_away_is_waited_for_and_said(
    monkeypatch: pytest.MonkeyPatch, free_tcp_port: int
) -> None:
    monkeypatch.setattr(connect, "PAUSE_SECONDS", 0.01)
    said: list[str] = []

    with pytest.raises(Unreachable, match="look whether it runs"):
        await connect_patiently(
            DatabaseAddress(f"postgresql://me@127.0.0.1:{free_tcp_port}/x"), said.append, seconds=0.2
        )

    assert len(said) == 1
    assert "still trying" in said[0]


async def test_unknown_database_is_not_waited_for(database_url: str) -> None:
    with pytest.raises(Refused):
        await connect_patiently(
            DatabaseAddress(urlsplit(database_url)._replace(path="/not_there").geturl()), pytest.fail
        )


def test_address_has_no_pooler_before_it_unless_it_says_so() -> None:
    assert not DatabaseAddress("postgresql://db.example.org/x").pooled


async def test_topic_of_the_cards_is_set_and_taken_back(desk: PostgresAdmin) -> None:
    chosen = await desk.set_chat(CHAT, {"topic": 17})
    kept = await desk.set_chat(CHAT, {"paused": True})
    general = await desk.set_chat(CHAT, {"topic": 0})

    assert [lines[0]["topic"] for lines in (chosen, kept, general)] == [17, 17, None]


async def test_what_a_topic_refused_is_tried_in_another_one(desk: PostgresAdmin, database: Database[Any]) -> None:
    await database.execute("update chats set refused = 'TOPIC_CLOSED', refused_at = now(), failed_sends = 4")

    lines = await desk.set_chat(CHAT, {"topic": 17})

    assert lines[0]["cards_refused"] is None
