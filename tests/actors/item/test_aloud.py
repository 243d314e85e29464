"""Lines said in a chat: those that come while one is on its way share the next message."""

from collections.abc import Sequence

import anyio
import pytest

from actors.errors import AnswerLost, PortError, Unreachable
from actors.item.aloud import ANSWER_SECONDS, MOST_LETTERS, MOST_LINES, Aloud
from tests.actors.fakes import After, FakeChat, Never
from tests.kit.clock import virtual_time
from tests.stories import CHAT

anyio_backend = virtual_time

OTHER_CHAT = CHAT - 1


class Speakers:
    """Several who say lines at once; `heard` what each came to: None, or the error."""

    def __init__(self) -> None:
        self.chat = FakeChat()
        self.aloud = Aloud(self.chat)
        self.heard: dict[str, PortError | None] = {}

    async def say(self, line: str, chat_id: int = CHAT) -> None:
        """Say one line, and keep what it came to."""
        try:
            await self.aloud.say(chat_id, line)
        except PortError as error:
            self.heard[line] = error
        else:
            self.heard[line] = None

    async def say_all(self, lines: Sequence[str]) -> None:
        """Say them at once."""
        async with anyio.create_task_group() as tasks:
            for line in lines:
                tasks.start_soon(self.say, line)

    @property
    def texts(self) -> list[str]:
        """The messages of the chat."""
        return [text for chat_id, text in self.chat.texts if chat_id == CHAT]


@pytest.fixture
def speakers() -> Speakers:
    return Speakers()


async def test_what_comes_while_a_line_is_on_its_way_shares_the_next_message(speakers: Speakers) -> None:
    speakers.chat.always("send_text", After(1.0))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(speakers.say, "one")
        await anyio.sleep(0.5)
        await speakers.say_all(["two", "three", "four"])

    assert speakers.texts[0] == "one"
    assert sorted(speakers.texts[1].splitlines()) == ["four", "three", "two"]
    assert list(speakers.heard.values()) == [None] * 4
    assert anyio.current_time() == pytest.approx(2.0)


async def test_line_that_many_say_is_said_once_in_a_message(speakers: Speakers) -> None:
    speakers.chat.always("send_text", After(1.0))

    await speakers.say_all(["busy"] * 40)

    assert speakers.texts == ["busy"]


async def test_chats_do_not_wait_for_each_other(speakers: Speakers) -> None:
    speakers.chat.will("send_text", After(3.0))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(speakers.say, "here")
        await anyio.sleep(0.1)
        await speakers.say("there", OTHER_CHAT)
        assert anyio.current_time() == pytest.approx(0.1)


async def test_all_of_a_message_hear_why_it_was_not_said_and_the_next_is_tried(speakers: Speakers) -> None:
    speakers.chat.will("send_text", After(1.0), Unreachable("a pause", 30.0))

    await speakers.say_all(["one"])
    await speakers.say_all(["two", "three"])
    await speakers.say("four")

    refused = {line: error for line, error in speakers.heard.items() if error is not None}
    assert sorted(refused) == ["three", "two"]
    assert [error.retry_after_seconds for error in refused.values() if isinstance(error, Unreachable)] == [30.0] * 2
    assert speakers.texts[-1] == "four"


async def test_message_without_an_answer_is_in_doubt_and_holds_nobody_up(speakers: Speakers) -> None:
    speakers.chat.will("send_text", Never())

    await speakers.say_all(["one", "two"])

    assert [type(error) for error in speakers.heard.values()] == [AnswerLost] * 2
    assert anyio.current_time() == pytest.approx(ANSWER_SECONDS)
    await speakers.say("three")
    assert speakers.heard["three"] is None


async def test_speaker_who_is_cut_off_leaves_the_others_their_turn(speakers: Speakers) -> None:
    speakers.chat.will("send_text", Never())

    async with anyio.create_task_group() as tasks:
        with anyio.move_on_after(1.0):
            tasks.start_soon(_later, 0.5, speakers, "stays")
            await speakers.say("cut off")

    assert speakers.heard == {"stays": None}


async def _later(seconds: float, speakers: Speakers, line: str) -> None:
    await anyio.sleep(seconds)
    await speakers.say(line)


async def test_message_takes_what_telegram_takes(speakers: Speakers) -> None:
    speakers.chat.always("send_text", After(1.0))
    lines = [f"{number} " + "x" * (MOST_LETTERS // 2) for number in range(4)]

    await speakers.say_all(lines)

    assert [len(text.splitlines()) for text in speakers.texts] == [1] * 4
    assert set(speakers.heard.values()) == {None}


async def test_more_than_a_bound_is_refused_at_once(speakers: Speakers) -> None:
    speakers.chat.always("send_text", After(1.0))

    await speakers.say_all([str(number) for number in range(MOST_LINES + 1)])

    assert [str(error) for error in speakers.heard.values() if error] == ["too much is to be said in this chat"]


async def test_chat_in_which_nobody_speaks_is_forgotten(speakers: Speakers) -> None:
    await speakers.say("one")

    assert not speakers.aloud.chats


async def test_who_only_listens_waits_for_what_is_on_its_way_and_for_nothing_else(speakers: Speakers) -> None:
    speakers.chat.will("send_text", After(3.0))
    await speakers.aloud.hear_out(CHAT)
    assert anyio.current_time() == 0.0

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(speakers.say, "one")
        await anyio.sleep(1.0)
        await speakers.aloud.hear_out(CHAT)

    assert anyio.current_time() == pytest.approx(3.0)
    assert speakers.aloud.chats == 0
