"""The command line with its real parts: what an operator types, from an empty database to the life of an item."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from PIL import Image
from typer.testing import CliRunner

from actors.domain.account import Login
from actors.operations.set_up import Prerequisites
from infra.clock import WallClock
from infra.console.app import build
from infra.console.ports import ConsoleDependencies, VaultDependencies
from infra.media.local import LocalMedia
from infra.postgres.admin import open_admin
from infra.postgres.connect import DatabaseAddress
from infra.vault import Vault, new_key
from tests.infra.console.fakes import Owner

GROUP = "-1001234567890"
KEY = new_key()
DUE = "2026-01-31T18:30+01:00"
Type = Callable[..., list[dict[str, Any]]]


async def nothing() -> Any:
    raise AssertionError("not typed here")


async def owner(token: str, _login: Login, ig_user_id: str | None) -> Owner:
    """Every token is that of the account it names."""
    return Owner(ig_user_id or "1", token.removeprefix("token-of-"), None)


@pytest.fixture
def opened(database_url: str, tmp_path: Path) -> ConsoleDependencies:
    """The real outside."""
    return ConsoleDependencies(
        admin=lambda: open_admin(DatabaseAddress(database_url), pytest.fail),
        library=lambda: LocalMedia(tmp_path / "media"),
        migrate=nothing,
        check_health=nothing,
        clock=WallClock(),
        groups=nullcontext,
        means=Prerequisites,
        safe=VaultDependencies(vault=lambda: Vault([KEY]), new_key=new_key, who=owner, given_token=lambda: None),
    )


@pytest.fixture
def type_in(opened: ConsoleDependencies) -> Type:
    """Type a command with --json; returns what it printed."""
    app = build(opened)

    def run(*words: str, stdin: str = "") -> list[dict[str, Any]]:
        result = CliRunner().invoke(app, [*words, "--json"], input=stdin)
        assert (result.exit_code, result.stderr) == (0, ""), result.output
        return [json.loads(line) for line in result.stdout.splitlines()]

    return run


@pytest.fixture
def picture(tmp_path: Path) -> str:
    """A story."""
    path = tmp_path / "Sunset <3.png"
    Image.new("RGB", (90, 160), "orange").save(path)
    return str(path)


def test_story_goes_from_a_file_into_the_queue_and_out_of_it(type_in: Type, picture: str) -> None:
    (chat,) = type_in("chat", "add", GROUP, "--title", "Studio", "--timezone", "Europe/Berlin")
    (media,) = type_in("media", "add", picture, "--chat", GROUP)
    (again,) = type_in("media", "add", picture, "--chat", GROUP)
    (item,) = type_in("queue", "add", "--chat", GROUP, "--media", str(media["id"]), "--due", DUE)
    (waiting,) = type_in("queue", "list")
    (removed,) = type_in("queue", "remove", str(item["id"]))
    life = type_in("why", str(item["id"]))

    assert (chat["id"], chat["live"]) == (int(GROUP), False)
    assert (media["title"], media["new"], again["id"], again["new"]) == ("Sunset <3", True, media["id"], False)
    assert (waiting["id"], waiting["due_at"]) == (item["id"], "2026-01-31T17:30:00+00:00")
    assert removed["state"] == "withdrawn"
    assert type_in("queue", "list") == []
    assert [line.get("what") for line in life] == [None, "queued", "decision"]


def test_every_table_can_be_drawn(opened: ConsoleDependencies, type_in: Type, picture: str) -> None:
    type_in("chat", "add", GROUP)
    type_in("media", "add", picture, "--chat", GROUP)
    type_in("queue", "add", "--chat", GROUP, "--media", "1", "--due", DUE)
    type_in("member", "set", GROUP, "7", "--role", "admin", "--name", "Anna")
    commands = [("chat", "list"), ("media", "list"), ("queue", "list"), ("member", "list"), ("why", "1")]

    results = [CliRunner().invoke(build(opened), list(words)) for words in commands]

    assert [(result.exit_code, result.stderr) for result in results] == [(0, "")] * len(commands)
    assert "Sunset <3" in results[2].stdout


def test_refusals_reach_the_person(opened: ConsoleDependencies, type_in: Type) -> None:
    type_in("chat", "add", GROUP)

    result = CliRunner().invoke(build(opened), ["chat", "add", GROUP])

    assert (result.exit_code, result.stderr) == (
        2,
        f"Chat {GROUP} is there already: use `chat set {GROUP}` to change it.\n",
    )


def test_desk_of_postgres_is_the_desk_of_the_console(opened: ConsoleDependencies) -> None:
    async def ask() -> int:
        async with opened.admin() as admin:
            return len(await admin.list_chats())

    assert anyio.run(ask) == 0


def test_name_of_no_account_is_refused_and_nothing_is_set_up(opened: ConsoleDependencies, type_in: Type) -> None:
    def refusal(*words: str) -> str:
        result = CliRunner().invoke(build(opened), [*words])
        assert (result.exit_code, result.stdout) == (2, "")
        return result.stderr

    connect = f"`account add --chat {GROUP}` connects one."
    assert refusal("chat", "add", GROUP, "--account", "nobody") == (
        f"Chat {GROUP} is new and has no account nobody: {connect}\n"
    )
    type_in("chat", "add", GROUP)
    none = refusal("chat", "set", GROUP, "--account", "nobody", "--title", "New")
    type_in("account", "add", "--chat", GROUP, "--login", "instagram", stdin="token-of-studio")
    other = refusal("chat", "set", GROUP, "--account", "nobody")

    assert none == f"Chat {GROUP} has no account nobody: {connect}\n"
    assert other == f"Chat {GROUP} has no account nobody: it has studio; {connect}\n"
    assert type_in("chat", "list")[0]["title"] == f"Chat {GROUP}"


def test_what_the_set_up_lacks_is_said_by_the_command_that_makes_it_until_it_has_come_right(
    opened: ConsoleDependencies,
) -> None:
    app = build(replace(opened, means=lambda: Prerequisites(keys=True, links=False)))

    def said(*words: str, stdin: str = "") -> list[str]:
        result = CliRunner().invoke(app, [*words], input=stdin)
        assert result.exit_code == 0, result.output
        return result.stderr.splitlines()

    no_account = (
        f"Warning: Chat {GROUP} is live without an Instagram account: `account add --chat {GROUP}` connects one."
    )
    no_links = (
        "Warning: Neither PUBLIC_URL nor MEDIA_BUCKET is set, so Instagram cannot fetch the stories of live chat "
    )
    no_role = f"Warning: In chat {GROUP} only people with a role may tap, and no person has one: "

    added = said("chat", "add", GROUP, "--live")
    assert [line[: len(no_links)] for line in added[:1]] == [no_links]
    assert added[1:] == [no_account]
    assert len(said("account", "add", "--chat", GROUP, "--login", "instagram", stdin="token-of-studio")) == 1
    (closed,) = said("chat", "set", GROUP, "--dry-run", "--restricted")
    assert closed.startswith(no_role)
    assert said("member", "set", GROUP, "7", "--role", "reviewer") == []


def test_accounts_are_connected_chosen_and_forgotten(type_in: Type) -> None:
    type_in("chat", "add", GROUP)
    add = ("account", "add", "--chat", GROUP, "--login", "instagram", "--ig-user-id")
    (studio,) = type_in(*add, "178", stdin="token-of-studio")
    (shop,) = type_in(*add, "179", stdin="token-of-shop")
    (again,) = type_in(*add, "178", stdin="token-of-atelier")
    shown = [type_in("chat", "list")[0]["account"]]
    (chosen,) = type_in("account", "set", str(shop["id"]))
    shown += [type_in("chat", "set", GROUP, "--account", name)[0]["account"] for name in ("@Atelier", "shop")]
    resealed = type_in("account", "rotate-keys")
    type_in("account", "remove", str(shop["id"]))
    shown.append(type_in("chat", "list")[0]["account"])

    assert [line["active"] for line in (studio, shop, again, chosen)] == [True, False, True, True]
    assert (again["id"], again["username"]) == (studio["id"], "atelier")
    assert shown == ["atelier", "atelier", "shop", None]
    assert [line["username"] for line in resealed] == ["atelier", "shop"]
    assert [line["username"] for line in type_in("account", "list")] == ["atelier"]
