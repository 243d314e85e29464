"""`account`: what is typed, what stdin brings, what is asked and stored, and what is never shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner, Result

from actors.domain.account import Login
from actors.errors import Refused, Unreachable
from infra.console.app import build
from tests.infra.console.fakes import ACCOUNT, FakeConsole, Owner

GROUP = "-1001234567890"
TOKEN = "EAAsecret"
CONNECT = ("account", "add", "--chat", GROUP, "--login", "facebook")

Type = Callable[..., Result]


@pytest.fixture
def outside() -> FakeConsole:
    """What the commands find."""
    return FakeConsole()


@pytest.fixture
def type_in(outside: FakeConsole) -> Type:
    """Type a command; `stdin` is what is piped into it."""
    app = build(outside.opened())
    return lambda *words, stdin="": CliRunner().invoke(app, list(words), input=stdin, env={"COLUMNS": "200"})


def told_once(result: Result, code: int, *parts: str) -> None:
    """Assert that the command ended so, with one sentence on stderr that does not hold the token."""
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (code, "", 1), result.output
    assert [part for part in parts if part not in result.stderr] == [], result.stderr
    assert TOKEN not in result.output


def test_token_goes_to_instagram_and_is_stored_sealed(outside: FakeConsole, type_in: Type) -> None:
    outside.admin.lines = [ACCOUNT]

    result = type_in(*CONNECT, "--ig-user-id", "178", stdin=f"{TOKEN}\n")

    assert (result.exit_code, result.stderr) == (0, "")
    assert outside.asked_who == [(TOKEN, Login.FACEBOOK, "178")]
    ((name, chat_id, account),) = outside.admin.asked
    assert (name, chat_id, account["username"], account["login"]) == ("add_account", int(GROUP), "studio", "facebook")
    assert account["sealed_token"] == f"{TOKEN[::-1]} of facebook 178".encode()
    assert TOKEN not in result.stdout


def test_token_that_was_exchanged_is_kept_in_the_place_of_the_one_that_was_given(
    outside: FakeConsole, type_in: Type
) -> None:
    outside.admin.lines = [ACCOUNT]
    until = datetime(2026, 5, 1, tzinfo=UTC)
    outside.owner = Owner("178", "studio", until, data_access_ends_at=until, exchanged="EAAlong")

    result = type_in(*CONNECT, stdin=f"{TOKEN}\n")

    ((_, _, account),) = outside.admin.asked
    assert account["sealed_token"] == f"{'EAAlong'[::-1]} of facebook 178".encode()
    assert account["data_access_ends_at"] == datetime(2026, 5, 1, tzinfo=UTC)
    assert "EAA" not in result.output


def test_row_29_end_of_the_access_to_data_stands_in_the_list(outside: FakeConsole, type_in: Type) -> None:
    """It is certain after 90 days, and nothing showed it."""
    outside.admin.lines = [
        ACCOUNT | {"data_access_ends_at": "2026-05-01T00:00:00+00:00"},
        ACCOUNT | {"data_access_ends_at": None},
    ]

    shown = type_in("account", "list").stdout

    assert "data access until" in shown
    assert "1 May" in shown
    assert "not told" in shown


def test_token_of_the_environment_is_taken_before_stdin_is_read(outside: FakeConsole, type_in: Type) -> None:
    outside.given_token = TOKEN
    outside.admin.lines = [ACCOUNT]

    result = type_in(*CONNECT, stdin="another\n")

    assert (result.exit_code, outside.asked_who) == (0, [(TOKEN, Login.FACEBOOK, None)])


def test_token_is_never_an_argument(outside: FakeConsole, type_in: Type) -> None:
    assert type_in(*CONNECT, "--token", "x", stdin=TOKEN).exit_code == 2
    assert outside.asked_who == []


@pytest.mark.parametrize(("stdin", "why"), [("", "No token"), ("\n", "No token"), ("two words\n", "no token")])
def test_what_is_no_token_is_refused_before_anybody_is_asked(
    outside: FakeConsole, type_in: Type, stdin: str, why: str
) -> None:
    told_once(type_in(*CONNECT, stdin=stdin), 2, why)

    assert (outside.asked_who, outside.admin.asked) == ([], [])


def test_token_that_instagram_refuses_is_not_stored(outside: FakeConsole, type_in: Type) -> None:
    outside.owner = Refused("Instagram does not know this token: make a new one")

    told_once(type_in(*CONNECT, stdin=TOKEN), 2, "Instagram does not know this token")

    assert outside.admin.asked == []


def test_instagram_that_is_away_changes_nothing(outside: FakeConsole, type_in: Type) -> None:
    outside.owner = Unreachable("Instagram cannot be reached")

    told_once(type_in(*CONNECT, stdin=TOKEN), 1, "nothing was changed")


def test_without_keys_nothing_is_asked_and_the_way_to_one_is_named(outside: FakeConsole, type_in: Type) -> None:
    outside.vault.shut = "SECRET_KEYS is not set."

    told_once(type_in(*CONNECT, stdin=TOKEN), 2, "SECRET_KEYS is not set", "account new-key")

    assert outside.asked_who == []


def test_unknown_chat_is_refused(outside: FakeConsole, type_in: Type) -> None:
    outside.admin.lines = [{"refused": "unknown_chat", "chat_id": int(GROUP)}]

    told_once(type_in(*CONNECT, stdin=TOKEN), 2, f"Chat {GROUP} is not set up")


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["account", "list"], ("list_accounts", None)),
        (["account", "list", "--chat", GROUP], ("list_accounts", int(GROUP))),
        (["account", "set", "4"], ("set_account", 4)),
        (["account", "remove", "4"], ("remove_account", 4)),
    ],
)
def test_each_command_asks_one_thing(outside: FakeConsole, type_in: Type, words: list[str], asked: object) -> None:
    outside.admin.lines = [ACCOUNT]

    result = type_in(*words)
    as_json = type_in(*words, "--json")

    assert outside.admin.asked == [asked, asked]
    assert "studio" in result.stdout
    assert as_json.stdout.startswith('{"id": 4,')


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ({"refused": "unknown_account", "account_id": 9}, "There is no account 9"),
        ({"refused": "account_busy", "account_id": 9, "username": "studio"}, "studio is publishing right now"),
    ],
)
def test_refusal_is_one_sentence(outside: FakeConsole, type_in: Type, line: dict[str, object], part: str) -> None:
    outside.admin.lines = [line]

    told_once(type_in("account", "remove", "9"), 2, part)


def test_account_is_chosen_for_the_chat_that_it_belongs_to(outside: FakeConsole, type_in: Type) -> None:
    outside.admin.lines = [ACCOUNT]

    result = type_in("account", "set", "4", "--chat", GROUP)

    assert result.exit_code == 0
    assert outside.admin.asked[-1] == ("set_account", 4)


def test_account_of_another_chat_is_not_chosen(outside: FakeConsole, type_in: Type) -> None:
    outside.admin.lines = [ACCOUNT]

    told_once(type_in("account", "set", "9", "--chat", GROUP), 2, f"Chat {GROUP} has no account 9")

    assert outside.admin.asked == [("list_accounts", int(GROUP))]


def test_account_is_not_chosen_for_a_chat_that_is_not_set_up(outside: FakeConsole, type_in: Type) -> None:
    outside.admin.lines = [{"refused": "unknown_chat", "chat_id": int(GROUP)}]

    told_once(type_in("account", "set", "4", "--chat", GROUP), 2, f"Chat {GROUP} is not set up")

    assert outside.admin.asked == [("list_accounts", int(GROUP))]


def test_every_token_is_sealed_again(outside: FakeConsole, type_in: Type) -> None:
    outside.admin.lines = [ACCOUNT | {"sealed": "old"}]

    result = type_in("account", "rotate-keys")

    sealed = b"again old of facebook 178"
    assert outside.admin.asked == [("sealed_tokens",), ("list_accounts", None), ("reseal_token", 4, b"old", sealed)]
    assert result.stdout == "1 tokens are sealed with the first key now.\n"


def test_token_that_no_key_opens_is_named_by_its_account(outside: FakeConsole, type_in: Type) -> None:
    outside.admin.lines = [ACCOUNT | {"sealed": "old"}]
    outside.vault.shut = "put that key back."

    told_once(type_in("account", "rotate-keys"), 2, "Account 4, studio: put that key back.")


def test_new_key_is_printed(type_in: Type) -> None:
    assert type_in("account", "new-key").stdout == "a new key\n"
