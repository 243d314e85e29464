"""One raw update to one message of ours, and never an exception."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.domain.group_ids import GroupKind
from actors.domain.item import Action, Person
from actors.domain.membership import BotMembership
from actors.domain.taps import AskAboutDoubt, AskToReject, KeepIt, LeaveIt, NotYours, Press, SendOriginal, Tap
from actors.domain.updates import Membership, Moved, Other, Poison, Said, Unknown
from infra.telegram.http import AiohttpRequest
from infra.telegram.received_caption import seen_html, write_seen
from infra.telegram.update_parsing import NO_ID
from infra.telegram.updates import TelegramUpdates

UPDATES = TelegramUpdates(AiohttpRequest(1), "")
ANNA: dict[str, Any] = {"id": 5, "is_bot": False, "first_name": "Anna", "last_name": "<b>"}
TEAM = {"id": -1001, "type": "supergroup", "title": "Team"}
CARD = {
    "message_id": 10,
    "chat": TEAM,
    "date": 1_700_000_000,
    "caption": "A & B\nline",
    "caption_entities": [{"type": "bold", "offset": 0, "length": 5}],
    "photo": "nobody reads this",
    "reply_markup": {"inline_keyboard": [[{"text": "Skip", "callback_data": "s:16:3:k9_Xq-"}]]},
}
UNMARKED = Press("99", 7, 42, 3, -1001, 10, Person(5, "Anna <b>"), write_seen(CARD), 1.5)
PRESS = replace(UNMARKED, mark="k9_Xq-", shown=True)


def tapped(written: Any = "s:16:3:k9_Xq-", **changes: Any) -> dict[str, Any]:
    query = {"id": "99", "from": ANNA, "chat_instance": "1", "data": written, "message": CARD}
    return {"update_id": 7, "callback_query": query | changes}


def said(**changes: Any) -> dict[str, Any]:
    return {
        "update_id": 8,
        "message": {"message_id": 1, "from": ANNA, "chat": TEAM, "date": 1, "text": "/next"} | changes,
    }


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("auto_post:42:3", Tap(UNMARKED, Action.AUTO_POST)),
        ("posted:42:3", Tap(UNMARKED, Action.POSTED)),
        ("skip:42:3", Tap(UNMARKED, Action.SKIP)),
        ("confirm_reject:42:3", Tap(UNMARKED, Action.REJECT)),
        ("reject:42:3", AskToReject(UNMARKED)),
        ("keep_it:42:3", KeepIt(UNMARKED)),
        ("original:42:3", SendOriginal(UNMARKED)),
        ("live:42:3", AskAboutDoubt(UNMARKED, Action.IT_IS_LIVE)),
        ("not_live:42:3", AskAboutDoubt(UNMARKED, Action.IT_IS_NOT)),
        (f"confirm_live:42:3:{UNMARKED.person.id}", Tap(UNMARKED, Action.IT_IS_LIVE)),
        (f"confirm_not_live:42:3:{UNMARKED.person.id}", Tap(UNMARKED, Action.IT_IS_NOT)),
        ("confirm_live:42:3:4242", NotYours(UNMARKED, Action.IT_IS_LIVE, 4242)),
        ("leave_it:42:3", LeaveIt(UNMARKED)),
        ("a:16:3:k9_Xq-", Tap(PRESS, Action.AUTO_POST)),
        ("p:16:3:k9_Xq-", Tap(PRESS, Action.POSTED)),
        ("s:16:3:k9_Xq-", Tap(PRESS, Action.SKIP)),
        ("rr:16:3:k9_Xq-", Tap(PRESS, Action.REJECT)),
        ("r:16:3:k9_Xq-", AskToReject(PRESS)),
        ("rk:16:3:k9_Xq-", KeepIt(PRESS)),
        ("o:16:3:k9_Xq-", SendOriginal(PRESS)),
        ("l:16:3:k9_Xq-", AskAboutDoubt(PRESS, Action.IT_IS_LIVE)),
        ("n:16:3:k9_Xq-", AskAboutDoubt(PRESS, Action.IT_IS_NOT)),
        ("ll:16:3:k9_Xq-:5", Tap(PRESS, Action.IT_IS_LIVE)),
        ("nn:16:3:k9_Xq-:5", Tap(PRESS, Action.IT_IS_NOT)),
        ("ll:16:3:k9_Xq-:6", NotYours(PRESS, Action.IT_IS_LIVE, 6)),
        ("lk:16:3:k9_Xq-", LeaveIt(PRESS)),
    ],
)
def test_each_button_becomes_its_message(written: str, message: object) -> None:
    assert UPDATES.parse(tapped(written), 1.5, redelivered=False) == message


def test_redelivered_press_says_so() -> None:
    parsed = UPDATES.parse(tapped(), 1.5, redelivered=True)

    assert isinstance(parsed, Tap)
    assert parsed.press.redelivered


def test_tap_on_a_message_that_telegram_cannot_show_counts() -> None:
    parsed = UPDATES.parse(tapped(message={"message_id": 10, "chat": TEAM, "date": 0}), 1.5, redelivered=False)

    assert isinstance(parsed, Tap)
    assert (parsed.press.message_id, parsed.press.seen) == (10, "")


def test_caption_that_was_seen_becomes_html_when_it_is_drawn_again() -> None:
    assert seen_html(write_seen(CARD)) == "<b>A &amp; B</b>\nline"


def test_caption_with_strange_formatting_keeps_its_words() -> None:
    assert seen_html(write_seen({"caption": "A & B", "caption_entities": ["bold"]})) == "A &amp; B"


def test_half_surrogates_in_a_caption_that_was_seen_are_replaced() -> None:
    bold = {"type": "bold", "offset": 2, "length": 1}

    assert seen_html(write_seen({"caption": "\ud83d B", "caption_entities": [bold]})) == "\ufffd <b>B</b>"


def test_link_in_a_caption_that_was_seen_is_no_link_any_more() -> None:
    """Its address could end the tag in which it stands, and no card of ours has one."""
    link = {"type": "text_link", "offset": 0, "length": 1, "url": 'x"><b>'}

    assert seen_html(write_seen({"caption": "A & B", "caption_entities": [link]})) == "A &amp; B"


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("skip:0d6f0f1e-5d0e-4a53-9d3b-6a54c1f9f7a1", "not one of ours"),
        ("vote:1", "not one of ours"),
        ("s:16:3:k9_Xq-:1:1:1", "not one of ours"),
        ("skip:42:3:4:5", "not one of ours"),
        (None, "no data"),
    ],
)
def test_button_that_is_none_of_ours_is_kept_to_be_answered(written: str | None, why: str) -> None:
    """F4, F5, F39: of the replaced system, of a later version, of a game."""
    anna = Person(5, "Anna <b>")

    assert UPDATES.parse(tapped(written), 1.5, redelivered=False) == Unknown(7, "99", anna, -1001, 10, why, 1.5)


@pytest.mark.parametrize("written", ["s:16:3:k9_Xq-", "vote:1", None])
def test_button_of_an_inline_message_is_none_of_ours(written: str | None) -> None:
    raw = tapped(written, message=None, inline_message_id="x")

    parsed = UPDATES.parse(raw, 1.5, redelivered=False)

    assert parsed == Unknown(7, "99", Person(5, "Anna <b>"), None, None, "no message of ours", 1.5)


@pytest.mark.parametrize(
    "markup",
    [
        None,
        {},
        {"inline_keyboard": []},
        {"inline_keyboard": [[{"text": "Site", "url": "https://a.example"}], None, [None]]},
        {"inline_keyboard": [[{"text": "Skip", "callback_data": "s:17:3:k9_Xq-"}]]},
        {"inline_keyboard": [[{"text": "Skip", "callback_data": "s:16:3:others"}]]},
    ],
)
def test_press_of_what_its_message_does_not_show_says_so(markup: object) -> None:
    """https://core.telegram.org/bots/api#callbackquery: a client may send any data."""
    parsed = UPDATES.parse(tapped(message=CARD | {"reply_markup": markup}), 1.5, redelivered=False)

    assert parsed == Tap(replace(PRESS, shown=False), Action.SKIP)


def test_message_that_shows_the_item_at_another_version_is_its_card_all_the_same() -> None:
    assert UPDATES.parse(tapped("p:16:2:k9_Xq-"), 1.5, redelivered=False) == Tap(
        replace(PRESS, version=2), Action.POSTED
    )


def test_name_that_would_hide_the_words_beside_it_is_cleaned() -> None:
    stranger = ANNA | {"first_name": "\u202e", "last_name": "\u2066 \n"}

    parsed = UPDATES.parse(tapped(**{"from": stranger}), 0, redelivered=False)

    assert isinstance(parsed, Tap)
    assert parsed.press.person == Person(5, "person 5")


def test_half_surrogates_do_not_travel_on() -> None:
    parsed = UPDATES.parse(tapped(**{"from": ANNA | {"first_name": "A\ud83d", "last_name": ""}}), 0, redelivered=False)

    assert isinstance(parsed, Tap)
    assert parsed.press.person.name == "A\ufffd"


def test_text_is_what_somebody_said() -> None:
    anna = Person(5, "Anna <b>")

    assert UPDATES.parse(said(), 1.5, redelivered=False) == Said(
        8, -1001, 1, anna, "/next", at=1.5, sent_at=datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    )


def test_redelivered_words_say_so() -> None:
    parsed = UPDATES.parse(said(), 0, redelivered=True)

    assert isinstance(parsed, Said)
    assert parsed.redelivered


@pytest.mark.parametrize(
    ("told", "old", "new"),
    [({"migrate_to_chat_id": -1009}, -1001, -1009), ({"migrate_from_chat_id": -42}, -42, -1001)],
)
def test_group_that_becomes_a_supergroup_is_told_from_both_sides(told: dict[str, Any], old: int, new: int) -> None:
    """https://core.telegram.org/bots/api#message."""
    raw = said(**told)
    del raw["message"]["text"]

    assert UPDATES.parse(raw, 1.5, redelivered=False) == Moved(8, old, new)


def test_group_that_moves_to_nowhere_is_poison() -> None:
    assert isinstance(UPDATES.parse(said(migrate_to_chat_id="-1009"), 1.5, redelivered=False), Poison)


def test_private_chat_is_marked() -> None:
    parsed = UPDATES.parse(said(chat={"id": 5, "type": "private"}), 0, redelivered=False)

    assert isinstance(parsed, Said)
    assert parsed.private


@pytest.mark.parametrize("raw", [said(text=None), {"update_id": 8}, {"update_id": 8, "new_kind": {}}])
def test_what_asks_nothing_is_other(raw: dict[str, Any]) -> None:
    assert isinstance(UPDATES.parse(raw, 0, redelivered=False), Other)


def test_poison_names_its_kind_and_nothing_that_anybody_wrote() -> None:
    raw = {"update_id": 9, "callback_query": {"id": "1", "chat_instance": "0", "data": "secret"}}

    assert UPDATES.parse(raw, 0, redelivered=False) == Poison(9, "callback_query: AttributeError")


@pytest.mark.parametrize("raw", [None, [], "x", {}, {"update_id": True}, {"update_id": "7"}, {"update_id": -5}])
def test_poison_without_an_id_confirms_nothing(raw: object) -> None:
    parsed = UPDATES.parse(raw, 0, redelivered=False)

    assert isinstance(parsed, Poison)
    assert parsed.update_id == NO_ID


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(
    st.sampled_from(["id", "from", "message", "data", "chat_instance", "inline_message_id"]),
    json_values,
)
def test_no_shape_of_a_query_raises(field: str, value: object) -> None:
    UPDATES.parse(tapped(**{field: value}), 0, redelivered=False)


@settings(deadline=None)
@given(st.sampled_from(["from", "chat", "date", "text", "entities", "photo", "reply_to_message"]), json_values)
def test_no_shape_of_a_message_raises(field: str, value: object) -> None:
    UPDATES.parse(said(**{field: value}), 0, redelivered=False)


@settings(deadline=None)
@given(st.sampled_from(["callback_query", "message", "my_chat_member", "update_id"]), json_values)
def test_no_shape_of_an_update_raises(field: str, value: object) -> None:
    UPDATES.parse({"update_id": 1, field: value}, 0, redelivered=False)


OURS = TelegramUpdates(AiohttpRequest(1), "http://x/bot123456:AAsecret")
PHOTO = [{"file_id": "f", "file_unique_id": "u", "width": 9, "height": 16}]
FILE = {"file_id": "f", "file_unique_id": "u"}
FILM = FILE | {"width": 9, "height": 16, "duration": 5}


@pytest.mark.parametrize(
    "content",
    [
        {"photo": PHOTO},
        {"document": FILE},
        {"video": FILM},
        {"animation": FILM, "document": FILE},
        {"video_note": FILE | {"length": 9, "duration": 5}},
    ],
)
def test_picture_film_or_file_is_said_with_its_caption(content: dict[str, Any]) -> None:
    parsed = [
        OURS.parse(said(text=None, **content, **caption), 1.5, redelivered=False)
        for caption in ({}, {"caption": "@our_bot \ud83d"})
    ]

    assert [(one.text, one.media) for one in parsed if isinstance(one, Said)] == [("", True), ("@our_bot \ufffd", True)]


@pytest.mark.parametrize(("author", "to_us"), [(123456, True), (123457, False), (None, False)])
def test_reply_to_a_message_of_ours_is_to_us(author: int | None, to_us: bool) -> None:
    sender = {} if author is None else {"from": {"id": author, "is_bot": True, "first_name": "B"}}
    original = {"message_id": 1, "chat": TEAM, "date": 1, "text": "hello", **sender}

    parsed = OURS.parse(said(reply_to_message=original), 1.5, redelivered=False)

    assert isinstance(parsed, Said)
    assert parsed.to_us is to_us


def test_without_a_number_in_the_token_nothing_is_to_us() -> None:
    original = {"message_id": 1, "chat": TEAM, "date": 1, "from": ANNA, "text": "hello"}

    parsed = TelegramUpdates(AiohttpRequest(1), "http://x/botodd").parse(
        said(reply_to_message=original), 1.5, redelivered=False
    )

    assert isinstance(parsed, Said)
    assert not parsed.to_us


def member(before: dict[str, Any], after: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What the bot is in a chat changed; Telegram may leave out all that we do not read."""
    change = {"chat": TEAM, "from": ANNA, "date": 1, "old_chat_member": before, "new_chat_member": after}
    return {"update_id": 9, "my_chat_member": change | changes}


@pytest.mark.parametrize(
    ("before", "after", "standings"),
    [
        ({"status": "left"}, {"status": "member"}, (BotMembership.LEFT, BotMembership.MEMBER)),
        ({"status": "member"}, {"status": "kicked"}, (BotMembership.MEMBER, BotMembership.KICKED)),
        ({"status": "administrator"}, {"status": "member"}, (BotMembership.ADMINISTRATOR, BotMembership.MEMBER)),
        (
            {"status": "restricted", "is_member": True},
            {"status": "restricted", "is_member": False},
            (BotMembership.RESTRICTED, BotMembership.LEFT),
        ),
    ],
)
def test_what_the_bot_is_in_a_chat_is_read_without_the_librarys_classes(
    before: dict[str, Any], after: dict[str, Any], standings: tuple[BotMembership, BotMembership]
) -> None:
    parsed = UPDATES.parse(member(before, after), 1.5, redelivered=False)

    assert parsed == Membership(9, -1001, GroupKind.SUPERGROUP, 5, *standings, at=1.5)


@pytest.mark.parametrize(
    "changes",
    [
        {"chat": None},
        {"chat": {"id": "x", "type": "group"}},
        {"chat": {"id": -1, "type": "guild"}},
        {"chat": {"id": -1, "type": ["group"]}},
        {"from": {"id": 2**63}},
        {"from": None},
        {"old_chat_member": "left"},
        {"new_chat_member": {"status": "owner"}},
        {"new_chat_member": {"status": {}}},
        {"new_chat_member": {}},
    ],
)
def test_membership_that_cannot_be_read_is_poison(changes: dict[str, Any]) -> None:
    parsed = UPDATES.parse(member({"status": "left"}, {"status": "member"}, **changes), 1.5, redelivered=False)

    assert isinstance(parsed, Poison)
    assert parsed.why.startswith("my_chat_member: ")


class Patience(AiohttpRequest):
    """Answers with no updates, and keeps how long the answer might have taken."""

    def __init__(self) -> None:
        super().__init__(1)
        self.seconds: list[object] = []

    async def do_request(self, *_: Any, **named: Any) -> tuple[int, bytes]:
        self.seconds.append(named["read_timeout"])
        return 200, b'{"ok":true,"result":[]}'


async def test_poll_may_take_ten_seconds_more_than_it_asks_for() -> None:
    request = Patience()

    assert await TelegramUpdates(request, "").get(None, 25.0) == []
    assert request.seconds == [35.0]


def test_row_50_topic_is_where_a_command_was_said_and_a_button_stands() -> None:
    """Client.cpp:4126, https://github.com/tdlib/telegram-bot-api: messages of a topic carry message_thread_id."""
    there = {"message_thread_id": 17, "is_topic_message": True}

    command = UPDATES.parse(said(**there), 1.5, redelivered=False)
    tap = UPDATES.parse(tapped(message=CARD | there), 1.5, redelivered=False)

    assert isinstance(command, Said)
    assert isinstance(tap, Tap)
    assert (command.topic, tap.press.topic) == (17, 17)


def test_row_50_thread_of_answers_is_no_topic() -> None:
    """https://core.telegram.org/bots/api#message: any supergroup numbers its threads, is_topic_message tells."""
    command = UPDATES.parse(said(message_thread_id=17), 1.5, redelivered=False)
    tap = UPDATES.parse(tapped(message=CARD | {"message_thread_id": 17}), 1.5, redelivered=False)

    assert isinstance(command, Said)
    assert isinstance(tap, Tap)
    assert (command.topic, tap.press.topic) == (None, None)


@pytest.mark.parametrize("thread_id", ["17", 2**64, 1.5, True])
def test_topic_that_is_no_number_poisons_its_update_alone(thread_id: object) -> None:
    there = {"message_thread_id": thread_id, "is_topic_message": True}

    assert isinstance(UPDATES.parse(tapped(message=CARD | there), 1.5, redelivered=False), Poison)
