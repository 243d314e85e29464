"""The command line: what was typed, what the desk is asked, what comes out."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from actors.errors import AnswerLost, PortError, Refused, Unreachable
from infra.console.app import build
from tests.infra.console.fakes import CHAT, ITEM, MEDIA, MEMBER, FakeConsole

GROUP = "-1001234567890"
LOST = {"timezone": "Mars/Base"}
MOMENTS = {"at": "2026-01-31T17:30:00+00:00", "due_at": "2026-01-31T17:30:00+00:00"}
DUE = "2026-01-31T18:30+01:00"
AT = datetime(2026, 1, 31, 17, 30, tzinfo=UTC)

LOCKED = {
    "refused": "locked",
    "kind": "skipped",
    "media_id": 3,
    "item_id": 9,
    "timezone": "Europe/Berlin",
    "at": ITEM["due_at"],
}

Type = Callable[..., Result]


@pytest.fixture
def outside() -> FakeConsole:
    """What the commands find."""
    return FakeConsole()


@pytest.fixture
def type_in(outside: FakeConsole) -> Type:
    """Type a command; its words are the arguments."""
    app = build(outside.opened())
    return lambda *words: CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})


def told_once(result: Result, code: int, *parts: str) -> None:
    """Assert that the command ended so, with one sentence on stderr and nothing else."""
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (code, "", 1), result.output
    assert result.stderr.endswith((".\n", "?\n"))
    missing = [part for part in parts if part not in result.stderr]
    assert missing == [], result.stderr


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["chat", "add", GROUP], ("add_chat", int(GROUP), {})),
        (["chat", "add", "--live", GROUP, "--title", "a  b"], ("add_chat", int(GROUP), {"live": True, "title": "a b"})),
        (["chat", "add", "--", GROUP], ("add_chat", int(GROUP), {})),
        (["chat", "add", "-4000042", "--timezone=Asia/Tokyo"], ("add_chat", -4000042, {"timezone": "Asia/Tokyo"})),
        (
            ["chat", "set", GROUP, "--dry-run", "--pause"],
            ("set_chat", int(GROUP), {"live": False, "paused": True}),
        ),
        (
            ["chat", "set", GROUP, "--gap-seconds", "0", "--review-hours", "1", "--open"],
            ("set_chat", int(GROUP), {"restricted": False, "gap_seconds": 0, "review_hours": 1}),
        ),
        (["chat", "set", GROUP, "--topic", "17"], ("set_chat", int(GROUP), {"topic": 17})),
        (["chat", "set", GROUP, "--topic", "1"], ("set_chat", int(GROUP), {"topic": 0})),
        (["chat", "set", GROUP, "--account", ""], ("set_chat", int(GROUP), {"account": ""})),
        (["chat", "list"], ("list_chats",)),
        (["media", "list", "--chat", GROUP], ("list_media", int(GROUP))),
        (["media", "list", f"--chat={GROUP}"], ("list_media", int(GROUP))),
        (["queue", "add", "--chat", GROUP, "--media", "3", "--due", DUE], ("add_item", int(GROUP), 3, AT, False)),
        (
            ["queue", "add", "--force", "--due", "2026-01-31 17:30Z", "--media", "3", "--chat", GROUP],
            ("add_item", int(GROUP), 3, AT, True),
        ),
        (["queue", "list"], ("list_items", None, False)),
        (["queue", "list", "--all", "--chat", GROUP], ("list_items", int(GROUP), True)),
        (["queue", "remove", "12"], ("remove_item", 12)),
        (["queue", "requeue", "12"], ("requeue_item", 12, None, False)),
        (["queue", "requeue", "12", "--due", DUE, "--force"], ("requeue_item", 12, AT, True)),
        (["member", "set", GROUP, "7", "--role", "admin"], ("set_member", int(GROUP), 7, {"role": "admin"})),
        (
            ["member", "set", GROUP, "7", "--role", "none", "--name", "Anna"],
            ("set_member", int(GROUP), 7, {"role": None, "name": "Anna"}),
        ),
        (["member", "list", "--chat", GROUP], ("list_members", int(GROUP))),
        (["why", "12"], ("why", 12)),
    ],
)
def test_desk_is_asked_for_what_was_typed(
    outside: FakeConsole, type_in: Type, words: list[str], asked: tuple[Any, ...]
) -> None:
    outside.admin.lines = [CHAT | MEDIA | ITEM | MEMBER]

    result = type_in(*words, "--json") if "--" not in words else type_in(*words)

    assert (result.exit_code, result.stderr) == (0, ""), result.output
    assert outside.admin.asked == [asked]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["chat", "add", GROUP], CHAT),
        (["chat", "list"], CHAT),
        (["media", "list"], MEDIA),
        (["queue", "list"], ITEM),
        (["queue", "remove", "12"], ITEM),
        (["member", "list"], MEMBER),
        (["why", "12"], ITEM),
    ],
)
def test_json_is_one_object_a_line_with_its_id_first(
    outside: FakeConsole, type_in: Type, words: list[str], line: dict[str, Any]
) -> None:
    outside.admin.lines = [line, line]
    shown = 1 if {"add", "remove"} & set(words) else 2

    printed = type_in(*words, "--json").stdout.splitlines()

    assert [json.loads(text) for text in printed] == [line] * shown
    assert all(text.startswith('{"id": ') for text in printed)


@pytest.mark.parametrize(
    ("words", "line", "parts"),
    [
        (["chat", "add", GROUP], CHAT, ["Chat -1001234567890 (Studio): dry run, any member may tap"]),
        (["chat", "set", GROUP, "--live"], CHAT | {"live": True, "paused": True}, ["live as no account yet", "paused"]),
        (["chat", "list"], CHAT, ["-1001234567890", "dry run", "Europe/Berlin", "all members"]),
        (["media", "list"], MEDIA | {"locked": "rejected"}, ["sunset.jpg", "2.0", "rejected, for ever"]),
        (
            ["media", "list"],
            MEDIA | {"locked": "skipped", "locked_until": ITEM["due_at"]},
            ["skipped, until Sat 31 Jan"],
        ),
        (
            ["queue", "add", "--chat", GROUP, "--media", "3", "--due", DUE],
            ITEM,
            ["due on Sat 31 Jan 2026, 18:30 CET (Europe/Berlin)."],
        ),
        (
            ["queue", "requeue", "12"],
            ITEM | {"due_at": "2025-12-31T17:30:00+00:00"},
            ["due since Wed 31 Dec 2025, 18:30 CET (Europe/Berlin): its card comes as soon as"],
        ),
        (
            ["queue", "list"],
            ITEM | {"state": "in_review"},
            ["in review", "due (Europe/Berlin)", "Sat 31 Jan 2026, 18:30", "Sunset"],
        ),
        (["queue", "remove", "12"], ITEM, ["Item 12 (Sunset) is taken out of the queue."]),
        (["member", "list"], MEMBER, ["Anna", "admin"]),
        (["member", "set", GROUP, "7", "--name", "Anna"], MEMBER | {"role": None}, ["is without a role in chat"]),
    ],
)
def test_people_read_sentences_and_tables(
    outside: FakeConsole, type_in: Type, words: list[str], line: dict[str, Any], parts: list[str]
) -> None:
    outside.admin.lines = [line]

    result = type_in(*words)

    assert result.exit_code == 0, result.output
    assert [part for part in parts if part not in result.stdout] == [], result.stdout


@pytest.mark.parametrize(
    ("words", "lines", "part"),
    [
        (["chat", "list"], [CHAT | LOST], "UTC: Mars/Base is not known here"),
        (["chat", "set", GROUP, "--pause"], [CHAT | LOST], "times in UTC: Mars/Base is not known here."),
        (["queue", "list"], [ITEM | LOST], "Sat 31 Jan 2026, 17:30"),
        (["queue", "add", "--chat", GROUP, "--media", "3", "--due", DUE], [ITEM | LOST], "31 Jan 2026, 17:30 UTC."),
        (["queue", "requeue", "12"], [ITEM | LOST], "31 Jan 2026, 17:30 UTC."),
        (["why", "12"], [ITEM | LOST, {"id": 12, "what": "queued"} | MOMENTS], "31 Jan 2026, 17:30"),
    ],
)
def test_zone_that_this_machine_does_not_know_is_shown_as_utc(
    outside: FakeConsole, type_in: Type, words: list[str], lines: list[dict[str, Any]], part: str
) -> None:
    outside.admin.lines = lines

    result = type_in(*words)

    assert (result.exit_code, result.stderr) == (0, ""), result.output
    assert part in result.stdout


@pytest.mark.parametrize("words", [["chat", "list"], ["media", "list"], ["queue", "list"], ["member", "list"]])
def test_empty_list_says_what_fills_it_and_is_empty_as_json(type_in: Type, words: list[str]) -> None:
    assert type_in(*words).stdout.count("`") == 2
    assert type_in(*words, "--json").stdout == ""


def test_names_are_neither_markup_nor_orders_to_the_terminal(outside: FakeConsole, type_in: Type) -> None:
    outside.admin.lines = [CHAT | {"title": "[bold]x[/] \x1b[31m"}]

    printed = type_in("chat", "list").stdout

    assert "[bold]x[/]" in printed
    assert "\x1b" not in printed


def stories_asked_for(outside: FakeConsole) -> list[dict[str, Any]]:
    return [story for name, _, stories in outside.admin.asked for story in stories if name == "add_media"]


def test_files_become_stories_named_after_themselves(outside: FakeConsole, type_in: Type) -> None:
    outside.admin.lines = [MEDIA | {"new": False}]

    result = type_in("media", "add", "/tmp/Sunset at sea.jpg", "b.jpg", "--chat", GROUP, "--caption", "Hello")  # noqa: S108 - a name

    stories = stories_asked_for(outside)
    assert [story["title"] for story in stories] == ["Sunset at sea", "b"]
    assert stories[0] | {"kind": "photo", "caption": "Hello", "sha256": "aa", "width": 1080} == stories[0]
    assert result.stdout.splitlines() == ["Media 3: Sunset (photo, 2.0 MB) was there already."] * 2


def test_mentions_and_the_label_go_along(outside: FakeConsole, type_in: Type) -> None:
    outside.admin.lines = [MEDIA | {"new": True}]

    type_in("media", "add", "a.jpg", "--chat", GROUP, "--mention", "@Bakery.Anna", "--mention", "ben_1", "--ai")
    type_in("media", "add", "b.jpg", "--chat", GROUP)

    told = [(story["mentions"], story["made_by_ai"]) for story in stories_asked_for(outside)]
    assert told == [(["bakery.anna", "ben_1"], True), ([], False)]


@pytest.mark.parametrize("name", ["", "@", "a b", "a" * 31, "bäckerei", "a/b"])
def test_name_that_instagram_cannot_have_is_not_mentioned(outside: FakeConsole, type_in: Type, name: str) -> None:
    told_once(type_in("media", "add", "a.jpg", "--chat", GROUP, "--mention", name), 2, "is not a name at Instagram")

    assert stories_asked_for(outside) == []


def test_more_mentions_than_a_post_takes_are_refused(type_in: Type) -> None:
    names = [word for number in range(21) for word in ("--mention", f"name{number}")]

    told_once(type_in("media", "add", "a.jpg", "--chat", GROUP, *names), 2, "mentions 20 accounts at most")


def test_one_unfit_file_spares_the_others(outside: FakeConsole, type_in: Type) -> None:
    outside.admin.lines = [MEDIA | {"new": True}]
    outside.library.error = Refused("notes.txt is not a picture or film that can be read.")
    outside.library.spared = ("a.jpg", "c.jpg")

    result = type_in("media", "add", "a.jpg", "notes.txt", "c.jpg", "--chat", GROUP)

    assert (result.exit_code, result.stderr) == (2, "notes.txt is not a picture or film that can be read.\n")
    assert [story["file_name"] for story in stories_asked_for(outside)] == ["a.jpg", "c.jpg"]
    assert result.stdout.splitlines() == ["Media 3: Sunset (photo, 2.0 MB)."] * 2


def test_what_was_made_new_is_told(outside: FakeConsole, type_in: Type) -> None:
    outside.admin.lines = [MEDIA | {"new": True}]

    result = type_in("media", "add", "a.mov", "--chat", GROUP)

    assert result.stdout == "Media 3: Sunset (photo, 2.0 MB), HDR made SDR.\n"


def test_long_film_becomes_stories_with_numbers_if_so_wished(outside: FakeConsole, type_in: Type) -> None:
    outside.admin.lines = [MEDIA | {"new": True}, MEDIA | {"id": 4, "new": True}]

    type_in("media", "add", "trip.mov", "--chat", GROUP, "--parts")

    assert [story["title"] for story in stories_asked_for(outside)] == ["trip (1 of 2)", "trip (2 of 2)"]


def test_chat_that_is_not_known_is_told_before_a_file_is_read(outside: FakeConsole, type_in: Type) -> None:
    outside.admin.lines = [{"refused": "unknown_chat", "chat_id": -5}]
    outside.library.error = Refused("nobody asked for it.")

    result = type_in("media", "add", "a.jpg", "--chat", GROUP)

    told_once(result, 2, "-5")


@pytest.mark.parametrize(
    ("strays", "sentence"), [((0, 0), "Nothing to remove."), ((3, 2_097_152), "Removed 3 files, 2.0 MB.")]
)
def test_files_of_no_story_are_removed_but_for_those_of_the_last_hour(
    outside: FakeConsole, type_in: Type, strays: tuple[int, int], sentence: str
) -> None:
    outside.admin.lines, outside.library.strays = [MEDIA | {"path": "aa/aa.jpg"}], strays

    result = type_in("media", "clean")

    assert result.stdout == f"{sentence}\n"
    assert outside.library.cleaned == (("aa/aa.jpg",), datetime(2025, 12, 31, 23, tzinfo=UTC))


def test_files_in_a_bucket_are_not_ours_to_remove(outside: FakeConsole, type_in: Type) -> None:
    outside.admin.lines, outside.library.error = (
        [MEDIA | {"path": "aa/aa.jpg"}],
        Refused("The files are in the bucket stories."),
    )

    told_once(type_in("media", "clean"), 2, "in the bucket stories")


def test_first_minute_and_parts_exclude_each_other(type_in: Type) -> None:
    told_once(type_in("media", "add", "a.mp4", "--chat", GROUP, "--parts", "--first-minute"), 2, "choose one")


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ([], ["needs a command: ", "chat, media, queue, member", "why, migrate, health"]),
        (["chat"], ["chat needs a command: add, set, list"]),
        (["chat", "ad", GROUP], ["No such command 'ad'"]),
        (["chat", "add"], ["Missing argument 'CHAT_ID'"]),
        (["chat", "add", "studio"], ["'studio' is not a chat id, like -1001234567890"]),
        (["chat", "add", "0"], ["is not a chat id"]),
        (["chat", "add", "9" * 30], ["is not a chat id"]),
        (["chat", "add", "--timezoen", "UTC", GROUP], ["There is no option --timezoen"]),
        (["chat", "add", GROUP, "--timezoen", "UTC"], ["There is no option --timezoen"]),
        (["chat", "add", GROUP, "Studio"], ["'Studio' is one word too many"]),
        (["chat", "add", GROUP, "--timezone", "Europe/Berlim"], ["is Europe/Berlin meant?"]),
        (["chat", "add", GROUP, "--timezone", "utc"], ["is UTC meant?"]),
        (["chat", "add", GROUP, "--timezone", "../../etc/passwd"], ["is not a time zone"]),
        (["chat", "add", GROUP, "--timezone", "localtime"], ["'localtime' is not a time zone; write it like"]),
        (["chat", "add", GROUP, "--timezone", "posixrules"], ["'posixrules' is not a time zone"]),
        (["chat", "add", GROUP, "--timezone", "Factory"], ["'Factory' is not a time zone"]),
        (["chat", "add", GROUP, "--timezone", "right/Europe/Berlin"], ["is Europe/Berlin meant?"]),
        (["chat", "set", GROUP, "--timezone", "posix/Asia/Tokyo"], ["is Asia/Tokyo meant?"]),
        (["chat", "set", GROUP, "--timezone", "europe/berlin"], ["is Europe/Berlin meant?"]),
        (["chat", "set", GROUP, "--timezone", "new york"], ["is America/New_York meant?"]),
        (["chat", "set", GROUP, "--timezone", "Kathmandu"], ["is Asia/Kathmandu meant?"]),
        (["chat", "set", GROUP, "--timezone", "Utc+2"], ["'Utc+2' is not a time zone; write it like"]),
        (["chat", "add", GROUP, "--title", "  "], ["A title needs"]),
        (["chat", "add", GROUP, "--title"], ["Option '--title' requires an argument"]),
        (["chat", "add", GROUP, "--gap-seconds", "-1"], ["--gap-seconds"]),
        (["chat", "add", GROUP, "--gap-seconds", "soon"], ["--gap-seconds"]),
        (["chat", "set", GROUP], ["Say what to change"]),
        (["member", "set", GROUP, "7"], ["Say what to change"]),
        (["member", "set", GROUP, "7", "--role", "boss"], ["--role", "reviewer"]),
        (["member", "set", GROUP, "-7", "--role", "admin"], ["'-7' is not an id"]),
        (["media", "add", "--chat", GROUP], ["Missing argument 'PATH...'"]),
        (["media", "add", "a.jpg"], ["Missing option '--chat'"]),
        (["queue", "add", "--chat", GROUP, "--media", "x", "--due", DUE], ["'x' is not an id"]),
        (["queue", "add", "--chat", GROUP, "--media", "3"], ["Missing option '--due'"]),
        (
            ["queue", "add", "--chat", GROUP, "--media", "3", "--due", "2026-01-01"],
            ["has no time of day; write it like 2026-01-01T18:30"],
        ),
        (
            ["queue", "add", "--chat", GROUP, "--media", "3", "--due", "tomorrow"],
            ["write it like 2026-01-31T18:30."],
        ),
        (["queue", "add", "--chat", GROUP, "--media", "3", "--due", "0001-01-01T00:00+14:00"], ["in the year 1"]),
        (["queue", "remove", "first"], ["'first' is not an id"]),
        (["why", "12", "--jsn"], ["No such option: --jsn"]),
    ],
)
def test_wrong_input_is_told_in_one_sentence(
    outside: FakeConsole, type_in: Type, words: list[str], parts: list[str]
) -> None:
    told_once(type_in(*words), 2, *parts)
    assert outside.admin.asked == []


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ({"refused": "unknown_chat", "chat_id": -5}, ["Chat -5 is not set up: `chat add -5` does that"]),
        ({"refused": "chat_exists", "chat_id": -5}, ["there already: use `chat set -5`"]),
        ({"refused": "unknown_media", "chat_id": -5, "media_id": 3}, ["no media 3: `media list --chat -5`"]),
        ({"refused": "unknown_item", "item_id": 12}, ["There is no item 12"]),
        ({"refused": "queued_already", "media_id": 3, "item_id": 12}, ["already, as item 12: `queue remove 12`"]),
        (
            LOCKED | {"until": "2026-07-31T17:30:00+00:00"},
            [
                "was skipped on Sat 31 Jan 2026, 18:30 CET",
                "before Fri 31 Jul 2026, 19:30 CEST (Europe/Berlin): --force",
            ],
        ),
        (
            LOCKED | {"kind": "rejected", "timezone": "Mars/Base", "until": None},
            ["was rejected on Sat 31 Jan 2026, 17:30 UTC", "never comes again"],
        ),
        (
            {
                "refused": "cannot_withdraw",
                "item_id": 12,
                "state": "skipped",
                "timezone": "Europe/Berlin",
                "settled_by": "Anna",
                "settled_at": ITEM["due_at"],
            },
            ["Item 12 is skipped by Anna since Sat 31 Jan 2026, 18:30 CET (Europe/Berlin) already"],
        ),
        (
            {
                "refused": "cannot_withdraw",
                "item_id": 12,
                "state": "publishing",
                "settled_by": "Anna",
                "settled_at": None,
            },
            ["is being published"],
        ),
        (
            {"refused": "cannot_withdraw", "item_id": 12, "state": "in_doubt", "settled_by": None, "settled_at": None},
            ["is in doubt"],
        ),
        (
            {"refused": "cannot_requeue", "item_id": 12, "state": "in_review", "settled_by": None, "settled_at": None},
            ["Item 12 is in review: only a skipped or expired item can come back"],
        ),
        (
            {
                "refused": "cannot_requeue",
                "item_id": 12,
                "state": "withdrawn",
                "timezone": "UTC",
                "settled_by": None,
                "settled_at": ITEM["due_at"],
            },
            ["withdrawn since", "`queue add`"],
        ),
    ],
)
def test_refusal_of_the_desk_says_what_to_do(
    outside: FakeConsole, type_in: Type, line: dict[str, Any], parts: list[str]
) -> None:
    outside.admin.lines = [line]

    told_once(type_in("queue", "requeue", "12", "--json"), 2, *parts)


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (
            Unreachable("no answer from the database for 30 s"),
            "No answer from the database for 30 s; nothing was changed.",
        ),
        (AnswerLost("the connection to the database was lost under way"), "it may have been done"),
        (
            Refused("the database does not have the tables of this release"),
            "The database does not have the tables of this release.",
        ),
        (PortError("the embedded PostgreSQL cannot be had."), "The embedded PostgreSQL cannot be had."),
    ],
)
def test_failure_says_whether_anything_was_changed(
    outside: FakeConsole, type_in: Type, error: PortError, part: str
) -> None:
    outside.admin.error = error

    told_once(type_in("queue", "remove", "12"), 1, part)


@pytest.mark.parametrize(("message", "is_lost"), [({"gone": True}, True), ({"gone": False}, False)])
def test_why_says_that_a_card_is_lost(
    outside: FakeConsole, type_in: Type, message: dict[str, bool], is_lost: bool
) -> None:
    at = "2026-01-31T17:31:02+00:00"
    card = {"id": 12, "what": "card", "at": at, "message_id": 100, "retired": False, "shown": 0, "want": 0}
    outside.admin.lines = [ITEM | {"state": "in_review", "lost_sends": 2}, card | message]

    assert ("Its card is lost: it cannot be tapped." in type_in("why", "12").stdout) is is_lost


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (None, "of studio."),
        (
            {"outcome": "told", "views": 1204, "people": 980, "replies": None, "exits": 0, "sentence": None},
            "of studio. Seen: views 1204, people 980, replies not told, exits 0.",
        ),
        (
            {"outcome": "not_told", "sentence": "Too few people saw this story for Instagram to tell."},
            "of studio. How it was seen is not told: Too few people saw this story for Instagram to tell.",
        ),
        ({"outcome": "missed"}, "of studio. How it was seen was not read in time: Instagram tells it for 24 hours."),
    ],
)
def test_why_tells_how_a_story_was_seen(
    outside: FakeConsole, type_in: Type, told: dict[str, Any] | None, says: str
) -> None:
    publish = {"id": 12, "what": "publish", "at": "2026-01-31T17:31:02+00:00", "version": 1, "account": "studio"}
    publish |= {"attempt": 0, "calls": [], "sentence": None, "worker": "one", "media_id": "m1", "permalink": None}
    outside.admin.lines = [
        ITEM | {"state": "posted"},
        publish | {"state": "published", "container_id": "c1", "insights": told},
    ]

    assert f"Live as story m1 {says}" in " ".join(type_in("why", "12").stdout.split())


def test_why_tells_the_life_of_an_item(outside: FakeConsole, type_in: Type) -> None:
    at = "2026-01-31T17:31:02+00:00"
    tap = {"id": 12, "at": at, "version": 1, "user_name": "Ben", "tap_id": "t2", "message_id": 100}
    publish = {"id": 12, "what": "publish", "at": at, "version": 1, "account": "studio", "container_id": "c1"}
    publish |= {"attempt": 0, "calls": [], "sentence": None, "worker": "one", "media_id": "m1", "permalink": None}
    card = {"id": 12, "what": "card", "at": at, "message_id": 100, "gone": False, "retired": False}
    failure = {"id": 12, "what": "card not sent", "at": at, "first_at": at}
    outside.admin.lines = [
        ITEM | {"state": "skipped", "lost_sends": 1},
        {"id": 12, "what": "queued", "at": at, "due_at": at},
        card | {"shown": 0, "want": 1},
        card | {"shown": -1, "want": 1, "retired": True},
        card | {"shown": 1, "want": 1, "gone": True},
        tap | {"what": "decision", "step": "skip", "from": "in_review", "to": "skipped", "note": "why not"},
        tap | {"what": "tap", "step": "auto_post", "outcome": "stale"},
        failure | {"fate": "refused", "reason": "Bad Request: IMAGE_PROCESS_FAILED", "times": 3},
        failure | {"fate": "lost", "reason": "no answer", "times": 1},
        publish | {"state": "publishing", "attempt": 1, "calls": ["read container: finished"]},
        publish | {"state": "published", "sentence": "It is live.", "permalink": "https://instagram.example/m1"},
        publish | {"state": "published", "media_id": None, "worker": None, "container_id": None},
    ]

    printed = " ".join(type_in("why", "12").stdout.split())

    parts = [
        "Item 12, Sunset (media 3) in Studio: skipped.",
        "when (Europe/Berlin)",
        "Sat 31 Jan 2026, 18:31:02",
        "due Sat 31 Jan 2026, 18:31",
        "behind, a worker will draw it",
        "of an earlier round, not confirmed",
        "deleted, or cannot be edited",
        "in review → skipped: why not",
        "tapped auto post",
        "refused: too late",
        "1 of its cards may or may not have arrived.",
        "refused by Telegram: Bad Request: IMAGE_PROCESS_FAILED, 3 times",
        "it may have come, or not: no answer",
        "publish publishing: read container: finished; container c1; attempt 1; by one",
        "Live as story m1 of studio: https://instagram.example/m1.",
        "Live as a story whose id was lost with the answer of studio.",
    ]
    assert [part for part in parts if part not in printed] == [], printed


def test_migrate_names_what_it_applied(outside: FakeConsole, type_in: Type) -> None:
    nothing = type_in("migrate").stdout
    outside.applied = ["0001_tables", "0002_taps"]

    assert nothing == "Nothing to do: the schema is up to date.\n"
    assert type_in("migrate").stdout == "Applied 0001_tables, 0002_taps.\n"


def test_health_is_the_exit_status(outside: FakeConsole, type_in: Type) -> None:
    assert type_in("health").stdout == "The worker is well.\n"
    outside.health = (False, "The worker is not well: intake is down.")

    told_once(type_in("health"), 1, "intake is down")


@pytest.mark.parametrize(
    "words", [["--help"], ["chat", "--help"], ["chat", "add", "--help"], ["queue", "add", "--help"]]
)
def test_help_is_there_without_anything_opened(outside: FakeConsole, type_in: Type, words: list[str]) -> None:
    result = type_in(*words)

    assert (result.exit_code, result.stderr, outside.admin.asked) == (0, "", [])
    assert "Usage" in result.stdout


def test_real_process_exits_with_the_status_and_no_traceback() -> None:
    imports = "from infra.console.app import build; from tests.infra.console.fakes import FakeConsole"
    script = f"{imports}; build(FakeConsole().opened())()"

    ended = subprocess.run(
        [sys.executable, "-c", script, "chat", "set", GROUP], capture_output=True, text=True, check=False, timeout=30
    )

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"Say what to change of chat {GROUP}, like --live or --pause; --help lists it all.\n"


@pytest.mark.parametrize(
    ("zone", "typed", "meant"),
    [
        ("Europe/Berlin", "2026-01-31T18:30", "2026-01-31T17:30+00:00"),
        ("Europe/Berlin", "2026-07-31 18:30", "2026-07-31T16:30+00:00"),
        ("Asia/Tokyo", "2026-01-31T18:30", "2026-01-31T09:30+00:00"),
        ("Europe/Berlin", "2026-10-25T02:30+01:00", "2026-10-25T01:30+00:00"),
    ],
)
def test_time_without_an_offset_is_meant_by_the_chats_clock(
    outside: FakeConsole, type_in: Type, zone: str, typed: str, meant: str
) -> None:
    outside.admin.lines = [ITEM | CHAT | {"timezone": zone}]

    added = type_in("queue", "add", "--chat", GROUP, "--media", "3", "--due", typed)
    again = type_in("queue", "requeue", GROUP.removeprefix("-"), "--due", typed)

    assert (added.exit_code, again.exit_code) == (0, 0), added.output + again.output
    at = datetime.fromisoformat(meant)
    assert ("add_item", int(GROUP), 3, at, False) in outside.admin.asked
    assert f"({zone})" in added.stdout


@pytest.mark.parametrize(
    ("zone", "typed", "sentence"),
    [
        ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T02:30 does not come in Europe/Berlin: the clocks skip it"),
        (
            "Europe/Berlin",
            "2026-10-25T02:30",
            "comes twice in Europe/Berlin that day: write 2026-10-25T02:30+02:00 or 2026-10-25T02:30+01:00.",
        ),
        ("Mars/Base", "2026-01-31T18:30", "The chat's time zone 'Mars/Base' is not known here: give an offset, like"),
    ],
)
def test_time_that_a_chats_clock_shows_never_or_twice_is_not_guessed(
    outside: FakeConsole, type_in: Type, zone: str, typed: str, sentence: str
) -> None:
    outside.admin.lines = [ITEM | CHAT | {"timezone": zone}]

    result = type_in("queue", "add", "--chat", GROUP, "--media", "3", "--due", typed)

    told_once(result, 2, sentence)
    assert [asked[0] for asked in outside.admin.asked] == ["list_chats"]


def test_table_of_several_clocks_has_one(outside: FakeConsole, type_in: Type) -> None:
    outside.admin.lines = [ITEM, ITEM | {"timezone": "Asia/Tokyo"}]

    shown = type_in("queue", "list").stdout

    assert "due (UTC)" in shown
    assert shown.count("Sat 31 Jan 2026, 17:30") == 2
