"""The whole adapter over HTTP against the sandbox's Telegram."""

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest
from PIL import Image

from actors.domain.item import Action, MediaKind, State, Story
from actors.domain.taps import AskToReject, Question
from actors.domain.taps import Tap as TapMessage
from actors.domain.updates import Said
from actors.errors import AnswerLost, ChatRefused, Refused, Unreachable
from actors.ports import Face
from infra.sandbox.common.faults import Fault, FaultKind
from infra.sandbox.sandbox import Sandbox
from infra.sandbox.server import open_sandbox
from infra.sandbox.telegram.model import Json, User
from infra.sandbox.telegram.rules import Rules
from infra.sandbox.telegram.world import ButtonTap, NewChat
from infra.telegram.bot import TelegramChat, open_telegram
from infra.telegram.cards import caption, first_face
from infra.telegram.received_caption import seen_html
from infra.telegram.updates import TelegramUpdates
from tests.infra.telegram.rows import ROW, as_seen, settled

ANNA = User(5, "Anna")
CHAT = ROW.chat_id


@dataclass
class Shelf:
    """Files in memory; counts what is read."""

    content: bytes
    read_names: list[str] = field(default_factory=list)

    async def shown(self, story: Story) -> bytes:
        self.read_names.append(f"shown of {story.file_name}")
        return self.content

    async def thumbnail(self, story: Story) -> bytes | None:
        return None if story.dimensions is None else self.content

    async def original(self, story: Story) -> bytes:
        self.read_names.append(f"original of {story.file_name}")
        return self.content


@dataclass
class Team:
    """A group in the sandbox, and the adapter connected to it."""

    sandbox: Sandbox
    shelf: Shelf
    chat: TelegramChat
    updates: TelegramUpdates

    def shown(self) -> Json:
        """The newest message."""
        return self.sandbox.messages(CHAT)[-1]

    async def next_update(self) -> object:
        """Wait for one update and parse it."""
        raw = await self.updates.get(None, 5)
        return self.updates.parse(raw[0], 1.0, redelivered=False)


@pytest.fixture
async def team() -> AsyncIterator[Team]:
    picture = io.BytesIO()
    Image.new("RGB", (90, 160), (200, 90, 60)).save(picture, "JPEG")
    shelf = Shelf(picture.getvalue())
    async with open_sandbox(rules=Rules(limits=False)) as sandbox:
        sandbox.create_chat(NewChat("Team", [ANNA], id=CHAT))
        async with open_telegram(sandbox.token, sandbox.url, shelf) as (chat, updates):
            yield Team(sandbox, shelf, chat, updates)


async def test_card_arrives_with_picture_caption_and_buttons(team: Team) -> None:
    sent = await team.chat.send_card(ROW)

    shown = team.shown()
    assert shown["message_id"] == sent.message_id
    assert shown["kind"] == "photo"
    assert shown["html"].startswith("<b>\u2068Sunday market\u2069</b>\n")
    assert [len(row) for row in shown["buttons"]] == [1, 2, 1, 2]


async def test_card_shows_what_goes_live_and_original_what_was_given(team: Team) -> None:
    """So the name of the file on a card may end otherwise than that of the file which was given."""
    taken = replace(ROW, story=replace(ROW.story, file_name="IMG_0007.heic"))

    sent = await team.chat.send_card(taken)
    await team.chat.send_original(taken, sent.message_id)

    assert team.shelf.read_names == ["shown of IMG_0007.heic", "original of IMG_0007.heic"]


async def test_second_card_uses_telegrams_own_copy(team: Team) -> None:
    first = await team.chat.send_card(ROW)

    second = await team.chat.send_card(replace(ROW, story=replace(ROW.story, file_id=first.file_id)))

    assert second.file_id is not None
    assert len(team.shelf.read_names) == 1


async def test_wrong_copy_is_uploaded_again(team: Team) -> None:
    sent = await team.chat.send_card(replace(ROW, story=replace(ROW.story, file_id="forgotten")))

    assert team.shown()["message_id"] == sent.message_id
    assert len(team.shelf.read_names) == 1


async def test_video_is_sent_as_video(team: Team) -> None:
    team.shelf.content = b"\x00\x00\x00\x18ftypmp42" + bytes(64)

    await team.chat.send_card(replace(ROW, story=replace(ROW.story, kind=MediaKind.VIDEO, file_name="7.mp4")))

    assert team.shown()["kind"] == "video"


async def test_tap_brings_back_the_caption_that_was_seen(team: Team) -> None:
    """So a cold item can draw a line below it without a query."""
    sent = await team.chat.send_card(ROW)
    query_id = team.sandbox.tap(ButtonTap(CHAT, sent.message_id, ANNA.id, "Skip"))

    tap = await team.next_update()

    assert isinstance(tap, TapMessage)
    assert (tap.action, tap.press.id, tap.press.person.name) == (Action.SKIP, query_id, "Anna")
    assert seen_html(tap.press.seen) == caption(first_face(ROW))


async def test_line_comes_and_the_final_card_takes_it_off(team: Team) -> None:
    sent = await team.chat.send_card(ROW)
    seen = as_seen(caption(first_face(ROW)))
    place = (CHAT, sent.message_id, ROW.id, ROW.version)
    cold = Face(*place, seen=seen, line="⏳ Anna is skipping…", mark=ROW.mark)
    final = settled(State.SKIPPED, Action.SKIP, version=4)

    await team.chat.edit_card(cold)
    with_line = team.shown()
    await team.chat.edit_card(replace(first_face(final), message_id=sent.message_id))

    assert with_line["text"].endswith("⏳ Anna is skipping…")
    assert [len(row) for row in with_line["buttons"]] == [1, 2, 1, 2]
    assert team.shown()["text"].endswith("⏭ Skipped by \u2068Anna\u2069, 18:38")
    assert team.shown()["buttons"] == []


async def test_same_edit_twice_succeeds(team: Team) -> None:
    sent = await team.chat.send_card(ROW)
    face = replace(first_face(ROW), message_id=sent.message_id, line="busy")

    await team.chat.edit_card(face)
    await team.chat.edit_card(face)

    assert team.shown()["edits"] == 1


async def test_question_touches_the_buttons_only(team: Team) -> None:
    sent = await team.chat.send_card(ROW)
    team.sandbox.tap(ButtonTap(CHAT, sent.message_id, ANNA.id, "Reject"))
    asked = await team.next_update()
    before = team.shown()["html"]

    place = (CHAT, sent.message_id, ROW.id, ROW.version)
    await team.chat.edit_card(Face(*place, asking=Question(Action.REJECT, 5), mark=ROW.mark))

    assert isinstance(asked, AskToReject)
    assert team.shown()["html"] == before
    assert [button["text"] for button in team.shown()["buttons"][0]] == ["Yes, reject", "No, keep it"]


async def test_toast_is_shown_and_an_answered_query_is_refused(team: Team) -> None:
    sent = await team.chat.send_card(ROW)
    query_id = team.sandbox.tap(ButtonTap(CHAT, sent.message_id, ANNA.id, "Skip"))

    await team.chat.answer(query_id, "Skipping…" + "x" * 300)

    assert str(team.sandbox.toasts()[query_id]["text"]).startswith("Skipping…xxx")
    with pytest.raises(Refused):
        await team.chat.answer("1", "nobody asked")


async def test_original_answers_the_card_with_the_file_and_its_caption(team: Team) -> None:
    sent = await team.chat.send_card(ROW)

    await team.chat.send_original(ROW, sent.message_id)

    shown = team.shown()
    assert (shown["kind"], shown["reply_to"]) == ("document", sent.message_id)
    assert shown["text"] == ROW.story.caption


async def test_caption_too_long_for_the_file_follows_as_a_message(team: Team) -> None:
    text = "all of it 😀 " * 120
    row = replace(ROW, story=replace(ROW.story, caption=text))
    sent = await team.chat.send_card(row)

    await team.chat.send_original(row, sent.message_id)

    assert [shown["kind"] for shown in team.sandbox.messages(CHAT)[-2:]] == ["document", "text"]
    assert team.shown()["text"] == text.strip()


async def test_original_of_a_card_that_was_deleted_is_sent_all_the_same(team: Team) -> None:
    await team.chat.send_original(ROW, 4711)

    assert team.shown()["reply_to"] is None


async def test_plain_text_is_said_as_it_is(team: Team) -> None:
    await team.chat.send_text(CHAT, "a <b> & c")

    assert team.shown()["text"] == "a <b> & c"


async def test_words_of_a_person_arrive(team: Team) -> None:
    team.sandbox.say(CHAT, ANNA.id, "/next")

    heard = await team.next_update()

    assert isinstance(heard, Said)
    assert (heard.chat_id, heard.person.name, heard.text) == (CHAT, "Anna", "/next")


async def test_age_of_a_message_is_told_by_the_clock_that_dated_it(team: Team) -> None:
    team.sandbox.say(CHAT, ANNA.id, "/next", seconds_ago=7200.0)

    heard = await team.next_update()

    assert isinstance(heard, Said)
    assert heard.age_seconds == pytest.approx(7200.0, abs=3.0)


async def test_menu_is_set_once_and_again_only_if_it_shows_something_else(team: Team) -> None:
    """Telegram limits setMyCommands for 8 to 19 minutes after a few starts."""
    await team.chat.show_menu([("next", "show the next story now")])
    await team.chat.show_menu([("next", "show the next story now")])
    assert team.sandbox.telegram.commands == [{"command": "next", "description": "show the next story now"}]
    assert team.sandbox.stats()["calls"]["setMyCommands"] == 1

    await team.chat.show_menu([("next", "the next story")])

    assert team.sandbox.telegram.commands == [{"command": "next", "description": "the next story"}]


async def test_own_name_is_asked_of_telegram(team: Team) -> None:
    first = await team.chat.own_name()
    team.sandbox.rename_bot("another_bot")

    assert (first, await team.chat.own_name()) == ("everytap_sandbox_bot", "another_bot")


async def test_limit_of_the_menu_says_nothing_of_the_name(team: Team) -> None:
    team.sandbox.set_fault(Fault(FaultKind.TOO_MANY, "setMyCommands", seconds=700))

    with pytest.raises(Unreachable) as caught:
        await team.chat.show_menu([("next", "x")])

    assert caught.value.retry_after_seconds == 700
    assert await team.chat.own_name() == "everytap_sandbox_bot"


@pytest.mark.parametrize("kind", [FaultKind.RESET_AFTER, FaultKind.BROKEN_BODY, FaultKind.SERVER_ERROR_AFTER])
async def test_lost_answer_of_a_card_leaves_the_card(team: Team, kind: FaultKind) -> None:
    team.sandbox.set_fault(Fault(kind, "sendPhoto", times=1))

    with pytest.raises(AnswerLost):
        await team.chat.send_card(ROW)

    assert len(team.sandbox.messages(CHAT)) == 1


async def test_file_names_keep_their_letters(team: Team) -> None:
    """Telegram's parser knows no quoted file names."""
    row = replace(ROW, story=replace(ROW.story, file_name='Fête "à" Zoë\r\n😀.jpg'))

    await team.chat.send_original(row, 1)

    assert team.shown()["media"]["file_name"] == 'Fête "à" Zoë 😀.jpg'


async def test_row_50_cards_originals_and_words_go_to_their_topic(team: Team) -> None:
    """Client.cpp:8256-8290, https://github.com/tdlib/telegram-bot-api: without a topic a send goes to General."""
    topic = team.sandbox.open_topic(CHAT, ANNA.id)
    there = replace(ROW, topic=topic)

    sent = await team.chat.send_card(there)
    await team.chat.send_original(there, sent.message_id)
    await team.chat.send_text(CHAT, "hello", topic)
    await team.chat.send_text(CHAT, "hello, General")

    assert [shown["topic"] for shown in team.sandbox.messages(CHAT)] == [topic, topic, topic, topic, None]


async def test_row_50_closed_topic_and_one_that_is_gone_are_the_chats_refusal(team: Team) -> None:
    """Client.cpp:8256-8290, https://github.com/tdlib/telegram-bot-api."""
    topic = team.sandbox.open_topic(CHAT, ANNA.id)
    team.sandbox.close_topic(CHAT, topic)

    with pytest.raises(ChatRefused, match=r"(?i)topic_closed"):
        await team.chat.send_card(replace(ROW, topic=topic))
    with pytest.raises(ChatRefused, match=r"(?i)message thread not found"):
        await team.chat.send_card(replace(ROW, topic=topic + 100))
