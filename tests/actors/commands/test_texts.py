"""The sentences with which commands are answered."""

from dataclasses import replace
from datetime import timedelta

import pytest

from actors.commands import texts
from actors.commands.parsing import Command, CommandVerb
from actors.commands.texts import Scene, isolated, seen, told, unanswered
from actors.domain.item import Action, Item, State
from actors.operations.commands import ChatView, CommandOutcome, Told
from tests.stories import ANNA, CHAT, NOON, row, settled

SCENE = Scene("Ben", CHAT, private=False, now=NOON, silence_seconds=3.4)
WAITING = replace(row(State.WAITING), due_at=NOON + timedelta(hours=6))
SKIPPED = settled(row(State.SKIPPED, 1), Action.SKIP, ANNA)
VIEW = ChatView(True, "Europe/Berlin", True, False, 0, 0, None, (), None)
SUNSET = "\u2068Sunset\u2069 (item 7)"


def state(view: ChatView, scene: Scene = SCENE) -> list[str]:
    return seen(Command(CommandVerb.STATE), scene, view).splitlines()


def test_state_of_an_empty_chat() -> None:
    assert state(VIEW) == [
        "Next: nothing waits.",
        "Waiting: 0. In review: 0.",
        "Database: answers. Telegram: answered 3 s ago.",
    ]


def test_state_tells_all_there_is_to_know() -> None:
    full = ChatView(True, "Europe/Berlin", False, True, 3, 1, WAITING, (WAITING,), SKIPPED)

    assert state(full)[:-1] == [
        "Paused: no story comes by itself until /resume.",
        f"Next: {SUNSET}, Wed 25 Feb, 19:00.",
        "Waiting: 3. In review: 1.",
        f"Last settled: {SUNSET}, skipped by \u2068Anna\u2069, Wed 25 Feb, 13:00.",
        "Dry run: Auto Post publishes nothing.",
    ]


def test_zone_that_is_not_known_here_is_said_and_shown_as_utc() -> None:
    """The chat's other commands are answered as ever."""
    lost = replace(VIEW, timezone="Mars/Base", next=replace(WAITING, timezone="Mars/Base"))

    lines = state(lost)

    assert lines[0] == f"Next: {SUNSET}, Wed 25 Feb, 18:00."
    assert lines[2] == "The time zone 'Mars/Base' is not known here: times are shown in UTC."
    assert seen(Command(CommandVerb.QUEUE), SCENE, replace(lost, queue=(lost.next,))).startswith("Wed 25 Feb, 18:00: ")  # type: ignore[arg-type]  # it is one


def test_what_the_set_up_of_the_chat_lacks_is_said_before_how_the_worker_is() -> None:
    lines = state(VIEW, replace(SCENE, lacks=("Live without an account.",)))

    assert lines[-2] == "⚠️ Live without an account."


def test_people_without_a_role_hear_that_nobody_has_one() -> None:
    scene = replace(SCENE, lacks=("Nobody has a role.",))

    assert seen(Command(CommandVerb.STATE), scene, replace(VIEW, permitted=False)).endswith("\n⚠️ Nobody has a role.")


def test_overdue_item_is_due_now_and_a_machine_has_no_name() -> None:
    expired = settled(row(State.EXPIRED, 1), Action.EXPIRE, None)

    lines = state(replace(VIEW, next=row(State.WAITING), settled=expired))

    assert lines[0] == f"Next: {SUNSET}, due now."
    assert lines[2] == f"Last settled: {SUNSET}, expired, Wed 25 Feb, 13:00."


@pytest.mark.parametrize(
    ("silence", "words"),
    [
        (None, "Telegram: another worker listens, or is about to."),
        (60.0, "Telegram: answered 60 s ago."),
        (61.0, "Telegram: has not answered for 61 s."),
    ],
)
def test_state_tells_how_the_poller_is(silence: float | None, words: str) -> None:
    assert state(VIEW, replace(SCENE, silence_seconds=silence))[-1] == f"Database: answers. {words}"


def test_state_without_a_database_tells_what_is_known() -> None:
    assert unanswered(Command(CommandVerb.STATE), SCENE, certain=True) == (
        "Database: does not answer just now. Telegram: answered 3 s ago."
    )


@pytest.mark.parametrize("verb", [CommandVerb.NEXT, CommandVerb.PAUSE, CommandVerb.RESUME, CommandVerb.REQUEUE])
def test_change_without_a_database_says_what_can_have_happened(verb: CommandVerb) -> None:
    assert unanswered(Command(verb), SCENE, certain=True) == texts.NOTHING_CHANGED
    assert unanswered(Command(verb), SCENE, certain=False) == texts.NOT_KNOWN_YET


@pytest.mark.parametrize(
    ("verb", "text"),
    [
        (CommandVerb.HELP, texts.HELP),
        (CommandVerb.START, texts.CANNOT_LOOK),
        (CommandVerb.QUEUE, texts.CANNOT_LOOK),
    ],
)
def test_help_needs_no_database_and_a_look_does(verb: CommandVerb, text: str) -> None:
    assert unanswered(Command(verb), SCENE, certain=True) == text


def test_queue_lists_what_is_open_and_counts_the_rest() -> None:
    listed = replace(VIEW, waiting=3, in_review=1, queue=(row(State.IN_REVIEW), WAITING))

    assert seen(Command(CommandVerb.QUEUE), SCENE, listed).splitlines() == [
        f"Wed 25 Feb, 13:00: {SUNSET}, in review",
        f"Wed 25 Feb, 19:00: {SUNSET}",
        "… and 2 more",
    ]


def test_queue_that_is_shown_whole_counts_nothing() -> None:
    listed = replace(VIEW, waiting=1, queue=(WAITING,))

    assert seen(Command(CommandVerb.QUEUE), SCENE, listed) == f"Wed 25 Feb, 19:00: {SUNSET}"


def test_empty_queue_says_so() -> None:
    assert seen(Command(CommandVerb.QUEUE), SCENE, VIEW) == "The queue is empty."


@pytest.mark.parametrize("verb", [CommandVerb.START, CommandVerb.HELP, CommandVerb.STATE, CommandVerb.QUEUE])
def test_chat_that_is_not_set_up_learns_how(verb: CommandVerb) -> None:
    assert seen(Command(verb), SCENE, None).endswith(f"main.py chat add {CHAT}")


def test_chat_that_is_not_set_up_is_set_up_with_the_topic_in_which_that_was_asked() -> None:
    there = replace(SCENE, topic=17)

    assert seen(Command(CommandVerb.START), there, None).endswith(f"main.py chat add {CHAT} --topic 17")


def test_stranger_learns_who_we_are_whatever_was_asked() -> None:
    private = replace(SCENE, private=True)

    assert seen(Command(CommandVerb.START), private, None) == texts.STRANGER
    assert told(Command(CommandVerb.NEXT), private, Told(CommandOutcome.UNKNOWN_CHAT)) == texts.STRANGER


def test_start_and_help_explain_even_to_people_without_a_right() -> None:
    closed = replace(VIEW, permitted=False)

    assert seen(Command(CommandVerb.HELP), SCENE, closed) == texts.HELP
    assert seen(Command(CommandVerb.START), SCENE, closed).endswith(texts.HELP)


@pytest.mark.parametrize("verb", [CommandVerb.STATE, CommandVerb.QUEUE])
def test_person_without_a_right_is_refused_by_name(verb: CommandVerb) -> None:
    refused = seen(Command(verb), SCENE, replace(VIEW, permitted=False))

    assert refused == f"\u2068Ben\u2069: {texts.FORBIDDEN}"
    assert told(Command(CommandVerb.NEXT), SCENE, Told(CommandOutcome.FORBIDDEN)) == refused


def test_unclear_words_are_answered_with_an_example() -> None:
    assert seen(Command(CommandVerb.REQUEUE, unclear=True), SCENE, VIEW) == texts.UNCLEAR


@pytest.mark.parametrize(
    ("verb", "known", "text"),
    [
        (CommandVerb.NEXT, row(State.PRESENTING), f"Here comes {SUNSET}."),
        (CommandVerb.REQUEUE, row(State.WAITING), f"Back in the queue: {SUNSET}. It is due now."),
        (CommandVerb.PAUSE, None, "Paused. No story comes by itself until /resume; /next still shows one."),
        (CommandVerb.RESUME, None, "Going on. What is overdue comes one by one."),
    ],
)
def test_what_was_done_is_said(verb: CommandVerb, known: Item | None, text: str) -> None:
    assert told(Command(verb), SCENE, Told(CommandOutcome.DONE, known)) == text


@pytest.mark.parametrize("verdict", list(texts.REFUSED))
def test_what_was_not_done_is_said(verdict: CommandOutcome) -> None:
    assert told(Command(CommandVerb.REQUEUE), SCENE, Told(verdict)) == texts.REFUSED[verdict]


def test_what_cannot_come_back_is_named() -> None:
    posted = settled(row(State.POSTED, 1), Action.POSTED, ANNA)

    outcome = Told(CommandOutcome.CANNOT_REQUEUE, posted)

    assert told(Command(CommandVerb.REQUEUE), SCENE, outcome).startswith(f"{SUNSET} is posted; only")


@pytest.mark.parametrize(
    ("verb", "text"), [(CommandVerb.PAUSE, "It is paused already."), (CommandVerb.RESUME, "It is not paused.")]
)
def test_pause_that_changes_nothing_says_so(verb: CommandVerb, text: str) -> None:
    assert told(Command(verb), SCENE, Told(CommandOutcome.AS_IT_WAS)) == text


@pytest.mark.parametrize(
    ("is_known", "ends"),
    [
        (True, "/help says more."),
        (False, "It is not set up yet. My operator does that with: python main.py chat add -1001"),
        (None, "so I cannot look whether it is set up: /start says it in a moment."),
    ],
)
def test_greeting_says_what_is_to_be_done_next(is_known: bool | None, ends: str) -> None:
    assert texts.greeting(-1001, is_known).startswith("Hello! This chat")
    assert texts.greeting(-1001, is_known).endswith(ends)


def test_every_verdict_has_its_sentence() -> None:
    worded = {CommandOutcome.DONE, CommandOutcome.AS_IT_WAS, CommandOutcome.FORBIDDEN, CommandOutcome.UNKNOWN_CHAT}

    assert worded | texts.REFUSED.keys() == set(CommandOutcome)


def test_title_is_one_short_line_that_reorders_nothing() -> None:
    assert isolated("a\n\u202eb" + "c" * 60) == "\u2068a b" + "c" * 36 + "…\u2069"


def test_item_without_a_title_is_called_by_its_file() -> None:
    nameless = replace(WAITING, story=replace(WAITING.story, title=""))

    assert texts.story(nameless) == "\u2068sunset.jpg\u2069 (item 7)"


def test_story_that_is_set_aside_is_named_with_the_platforms_words_and_the_way_back() -> None:
    words = "PHOTO_INVALID_DIMENSIONS"
    aside = replace(row(State.WAITING), set_aside=words)
    view = replace(VIEW, waiting=1, queue=(aside,), set_aside=1)

    assert "Set aside: 1, Telegram takes no card of them. /queue says why." in state(view)
    listed = seen(Command(CommandVerb.QUEUE), SCENE, view)
    assert listed.endswith(f"{SUNSET}, set aside: Telegram says “\u2068{words}\u2069”; /requeue 7 tries it again")
    assert texts.story_refused(aside, words) == (
        f"{SUNSET} cannot be shown here, Telegram says “\u2068{words}\u2069”. "
        "It is set aside, and the next one comes. /requeue 7 tries it again."
    )
    left_behind = replace(view, queue=(replace(aside, state=State.IN_REVIEW, card_lost=True),))
    assert seen(Command(CommandVerb.QUEUE), SCENE, left_behind).endswith("; /next tries it again")


@pytest.mark.parametrize(
    ("later", "again"), [(timedelta(0), "now"), (timedelta(minutes=8), "at Wed 25 Feb, 13:08"), (None, "now")]
)
def test_chat_that_takes_no_card_says_so_since_when_and_when_the_next_try_is(
    later: timedelta | None, again: str
) -> None:
    words = "not enough rights to send photos to the chat"
    view = replace(VIEW, refused=words, refused_at=SCENE.now, tried_at=None if later is None else SCENE.now + later)

    (line,) = [line for line in state(view) if line.startswith("⚠️ No card can be sent here")]
    assert line.endswith(f": Telegram says “\u2068{words}\u2069”. The next try is {again}.")
    assert (" since " in line, any(" since " in line for line in state(replace(view, refused_at=None)))) == (
        True,
        False,
    )
    assert words in texts.chat_closed(words)


def test_lost_card_is_never_called_in_review() -> None:
    lost = replace(row(State.IN_REVIEW), card_lost=True, cards=())
    view = replace(VIEW, in_review=1, queue=(lost,), cards_lost=1)

    assert "Cards lost: 1. /next sends one again." in state(view)
    assert seen(Command(CommandVerb.QUEUE), SCENE, view).endswith(f"{SUNSET}, card lost: /next sends it again")
    assert texts.card_lost(lost, "no answer") == (
        f"The card of {SUNSET} may never come, it was sent twice: no answer. /next sends it again."
    )
