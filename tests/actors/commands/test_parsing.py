"""What counts as a command, what it asks, and who was told lately that we cannot help."""

import pytest

from actors.commands.parsing import MOST_LINES, Command, CommandVerb, Courtesy, addressee, asked, is_too_old, read
from actors.commands.texts import MENU
from actors.operations.commands import CommandKey, CommandOutcome, LookAtChat, PauseChat, PresentNext, RequeueItem, Told
from tests.stories import ANNA, CHAT

WISH = CommandKey(CHAT, 901, ANNA)
LOOK = LookAtChat(CHAT, ANNA.id, MOST_LINES)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/next", Command(CommandVerb.NEXT)),
        (" /Next  please\nnow", Command(CommandVerb.NEXT)),
        ("/status@everytap_bot", Command(CommandVerb.STATE)),
        ("/status@EveryTap_Bot", Command(CommandVerb.STATE)),
        ("/requeue", Command(CommandVerb.REQUEUE)),
        ("/requeue 7", Command(CommandVerb.REQUEUE, 7)),
        ("/requeue@everytap_bot #7 ", Command(CommandVerb.REQUEUE, 7)),
        ("/requeue seven", Command(CommandVerb.REQUEUE, unclear=True)),
        ("/requeue 0", Command(CommandVerb.REQUEUE, unclear=True)),
        ("/requeue " + "9" * 19, Command(CommandVerb.REQUEUE, unclear=True)),
    ],
)
def test_command_is_read(text: str, command: Command) -> None:
    assert read(text) == command


@pytest.mark.parametrize("text", ["", "next", "see /next", "/", "/nextt", "/unknown", "//next", "/next_one", "/next1"])
def test_what_is_no_command_of_ours_is_not_read(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("/next@other_bot", "other_bot"),
        (" /Play_2@DJ_bot x", "DJ_bot"),
        ("/next", None),
        ("see /next@other_bot", None),
        ("hello", None),
    ],
)
def test_command_may_name_a_bot(text: str, name: str | None) -> None:
    assert addressee(text) == name


@pytest.mark.parametrize(
    ("command", "operation"),
    [
        (Command(CommandVerb.START), LOOK),
        (Command(CommandVerb.HELP), LOOK),
        (Command(CommandVerb.STATE), LOOK),
        (Command(CommandVerb.QUEUE), LOOK),
        (Command(CommandVerb.NEXT), PresentNext(WISH, "w1")),
        (Command(CommandVerb.PAUSE), PauseChat(WISH, paused=True)),
        (Command(CommandVerb.RESUME), PauseChat(WISH, paused=False)),
        (Command(CommandVerb.REQUEUE), RequeueItem(WISH, None)),
        (Command(CommandVerb.REQUEUE, 7), RequeueItem(WISH, 7)),
        (Command(CommandVerb.REQUEUE, unclear=True), LOOK),
    ],
)
def test_command_asks_the_database(command: Command, operation: object) -> None:
    assert asked(command, WISH, "w1") == operation


@pytest.mark.parametrize(
    ("command", "age_seconds", "too_old"),
    [
        (Command(CommandVerb.NEXT), 120.1, True),
        (Command(CommandVerb.NEXT), 120.0, False),
        (Command(CommandVerb.REQUEUE, 7), 120.1, True),
        (Command(CommandVerb.REQUEUE, unclear=True), 120.1, False),
        (Command(CommandVerb.STATE), 86400.0, False),
    ],
)
def test_what_changes_something_has_to_be_said_again_after_two_minutes(
    command: Command, age_seconds: float, too_old: bool
) -> None:
    assert is_too_old(command, age_seconds) is too_old


def test_menu_names_commands_that_are_read() -> None:
    assert all(read(f"/{verb}") for verb, _ in MENU)


def test_nobody_hears_it_twice_within_the_hour() -> None:
    courtesy = Courtesy()
    assert not courtesy.is_fresh(5, 0.0)

    courtesy.tell(5, 0.0)

    assert courtesy.is_fresh(5, 3599.0)
    assert not courtesy.is_fresh(5, 3600.0)


def test_courtesy_forgets_who_was_told_first_when_there_are_too_many() -> None:
    courtesy = Courtesy(most=2)
    for chat_id in (5, 6, 5, 7):
        courtesy.tell(chat_id, 0.0)

    assert [courtesy.is_fresh(chat_id, 1.0) for chat_id in (5, 6, 7)] == [True, False, True]


def test_command_has_claimed_no_card_unless_the_database_says_so() -> None:
    assert not Told(CommandOutcome.DONE).claimed
