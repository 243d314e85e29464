"""`chat add` and the id that was typed: what Telegram says of it, and what its looks say."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from actors.domain.group_ids import Group, GroupKind
from actors.errors import AnswerLost, BotTokenRefused, PortError, Unreachable
from infra.console.app import build
from tests.fakes.groups import FakeGroups
from tests.infra.console.fakes import CHAT, FakeConsole

TEAM = -1001234567890
OUR_TEAM = Group(GroupKind.SUPERGROUP, "Our team")
USE = f"but {TEAM}, “Our team”: that is the id to use."

Type = Callable[..., Result]


@pytest.fixture
def outside() -> FakeConsole:
    """Telegram knows one team."""
    return FakeConsole(groups=FakeGroups({TEAM: OUR_TEAM}))


@pytest.fixture
def type_in(outside: FakeConsole) -> Type:
    """Type `chat add` and an id."""
    outside.admin.lines = [CHAT]
    app = build(outside.opened())
    return lambda chat_id: CliRunner().invoke(app, ["chat", "add", str(chat_id)])


def refused(result: Result, outside: FakeConsole) -> str:
    """The sentence of a command that did nothing."""
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1), result.output
    assert outside.admin.asked == []
    return result.stderr.strip()


def warned(result: Result, outside: FakeConsole) -> str:
    """The warning of a command that did what it was told."""
    assert (result.exit_code, result.stdout.count("\n"), result.stderr.count("\n")) == (0, 1, 1), result.output
    assert len(outside.admin.asked) == 1
    return result.stderr.strip()


def test_group_with_the_bot_in_it_is_set_up_without_a_word(outside: FakeConsole, type_in: Type) -> None:
    result = type_in(TEAM)

    assert (result.exit_code, result.stderr, len(outside.admin.asked)) == (0, "", 1)


@pytest.mark.parametrize("slip", [1001234567890, -1234567890, 1234567890])
def test_id_that_was_copied_without_its_beginning_is_refused_with_the_right_one(
    outside: FakeConsole, type_in: Type, slip: int
) -> None:
    assert refused(type_in(slip), outside) == f"Telegram knows no chat {slip}, {USE}"


@pytest.mark.parametrize(
    ("slip", "hint"),
    [
        (1009999999999, "try -1009999999999."),
        (9999999999, "try -1009999999999."),
        (42, "it looks like -1001234567890."),
    ],
)
def test_id_above_zero_that_nobody_knows_is_refused_with_a_hint(
    outside: FakeConsole, type_in: Type, slip: int, hint: str
) -> None:
    said = refused(type_in(slip), outside)

    assert said.startswith(
        f"Telegram knows no chat {slip} of this bot's. {slip} is the id of a person, if of anything;"
    )
    assert said.endswith(hint)


def test_beginning_of_an_id_is_refused_and_nobody_is_asked(outside: FakeConsole, type_in: Type) -> None:
    said = refused(type_in(-100), outside)

    assert said == "-100 is only how the ids of most groups begin: the whole id is like -1001234567890."
    assert outside.groups is not None
    assert outside.groups.asked == []


@pytest.mark.parametrize(
    ("kind", "chat_id", "said"),
    [
        (GroupKind.PRIVATE, 42, "42 is a person, “Anna”, and no group"),
        (GroupKind.CHANNEL, -1005, "is the channel “Anna”"),
    ],
)
def test_what_is_no_group_is_refused(
    outside: FakeConsole, type_in: Type, kind: GroupKind, chat_id: int, said: str
) -> None:
    outside.groups = FakeGroups({chat_id: Group(kind, "Anna")})

    assert said in refused(type_in(chat_id), outside)


def test_old_id_of_a_group_that_moved_is_refused_with_the_new_one(outside: FakeConsole, type_in: Type) -> None:
    outside.groups = FakeGroups(moved={-4000001: TEAM})

    assert refused(type_in(-4000001), outside) == f"Group -4000001 became a supergroup: its id is {TEAM} now."


@pytest.mark.parametrize(
    ("chat_id", "said"),
    [
        (
            -1009999999999,
            "Telegram knows no chat -1009999999999 of this bot's: add the bot to the group, if this is its id.",
        ),
        (-9999999999, "add the bot to the group, if this is its id, or is -1009999999999 meant."),
    ],
)
def test_group_that_the_bot_may_join_later_is_set_up_with_a_warning(
    outside: FakeConsole, type_in: Type, chat_id: int, said: str
) -> None:
    assert warned(type_in(chat_id), outside).endswith(said)


@pytest.mark.parametrize(
    ("group", "said"),
    [
        (Group(GroupKind.GROUP, None, bot_is_in=False), f"The bot is not in group {TEAM}: add it there"),
        (Group(GroupKind.SUPERGROUP, "Our team", bot_is_in=False), "The bot is not in “Our team”: add it there"),
        (
            Group(GroupKind.SUPERGROUP, "Our team", may_send_pictures=False),
            "The bot may not send pictures in “Our team”: make it an administrator",
        ),
    ],
)
def test_group_in_which_no_card_can_come_is_set_up_with_a_warning(
    outside: FakeConsole, type_in: Type, group: Group, said: str
) -> None:
    outside.groups = FakeGroups({TEAM: group})

    assert said in warned(type_in(TEAM), outside)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            Unreachable("no network"),
            "Telegram could not be asked whether -1001234567890 is the id of your group (no net",
        ),
        (AnswerLost("no answer in time"), "(no answer in time)."),
        (BotTokenRefused("Telegram refuses the token in TELEGRAM_TOKEN"), "Warning: Telegram refuses the token"),
    ],
)
def test_telegram_that_cannot_be_asked_holds_nothing_up(
    outside: FakeConsole, type_in: Type, error: PortError, said: str
) -> None:
    outside.groups = FakeGroups(error=error)

    assert said in warned(type_in(TEAM), outside)


@pytest.mark.parametrize(
    ("chat_id", "hint"),
    [
        (1001234567890, "a group's is negative: try -1001234567890."),
        (42, "a group's is negative: it looks like -1001234567890."),
        (-1000000001, "the ids of most groups begin with -100, so -1001000000001 may be meant."),
    ],
)
def test_without_a_token_the_looks_of_an_id_give_a_hint(
    outside: FakeConsole, type_in: Type, chat_id: int, hint: str
) -> None:
    outside.groups = None

    assert hint in warned(type_in(chat_id), outside)


def test_without_a_token_an_id_that_looks_right_is_taken_without_a_word(outside: FakeConsole, type_in: Type) -> None:
    outside.groups = None

    assert type_in(TEAM).stderr == type_in(-4000001).stderr == ""
