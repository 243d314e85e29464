"""What we cannot use: one polite answer an hour a chat if it is addressed to us, and else silence."""

from collections.abc import Callable
from dataclasses import replace

import anyio
import pytest

from actors.commands import texts
from actors.domain.updates import Said
from actors.operations.commands import LookAtChat, PauseChat
from tests.actors.commands.fakes import CommandStage
from tests.actors.fakes import Never
from tests.actors.updates.fakes import said
from tests.kit.clock import virtual_time
from tests.stories import CHAT

anyio_backend = virtual_time

ALONE = 666
NO_MEDIA = " ".join(texts.NO_MEDIA.split())
NOT_SET_UP = f"This chat is not set up. Its operator can do that with: python main.py chat add {CHAT}"


def picture(update_id: int, caption: str = "", *, private: bool = False, to_us: bool = False) -> Said:
    """A photo, a film or a file."""
    wrote = said(update_id, caption, ALONE if private else CHAT, private=private)
    return replace(wrote, media=True, to_us=to_us)


ADDRESSED: dict[str, tuple[Callable[[int], Said], str]] = {
    "unknown command by our name": (lambda number: said(number, "/unknown@Everytap_Bot"), texts.UNKNOWN_COMMAND),
    "unknown command as a reply": (
        lambda number: replace(said(number, "/unknown"), to_us=True),
        texts.UNKNOWN_COMMAND,
    ),
    "unknown command alone": (
        lambda number: said(number, "/unknown 7", ALONE, private=True),
        texts.UNKNOWN_COMMAND,
    ),
    "photo alone": (lambda number: picture(number, private=True), NO_MEDIA),
    "photo as a reply": (lambda number: picture(number, to_us=True), NO_MEDIA),
    "photo with our name": (lambda number: picture(number, "for tonight (@EVERYTAP_bot)"), NO_MEDIA),
}
TALK: dict[str, Said] = {
    "unknown command of the group": said(10, "/unknown"),
    "unknown command of a neighbour": said(10, "/unknown@dj_music_bot"),
    "words with our name": said(10, "thanks, @everytap_bot"),
    "words as a reply": replace(said(10, "well done"), to_us=True),
    "photo": picture(10, "look"),
    "photo for a neighbour": picture(10, "@dj_music_bot"),
    "photo for a longer name": picture(10, "@everytap_bot2 me@everytap_bot.example /next@everytap_bot"),
    "photo with a command": picture(10, "/pause"),
}


@pytest.mark.parametrize("case", ADDRESSED)
async def test_what_is_addressed_to_us_and_cannot_be_used_gets_one_answer_an_hour(
    stage: CommandStage, case: str
) -> None:
    comes, answer = ADDRESSED[case]

    async with stage.playing():
        await anyio.sleep(0.1)
        for number in range(10, 20):  # an album comes as ten messages at once
            stage.commands.tell_nowait(comes(number))
        await stage.confirmed.until("10")
        assert stage.texts == [answer]
        await anyio.sleep(3601.0)
        stage.commands.tell_nowait(comes(20))
        await stage.confirmed.until("20")

    assert stage.texts == [answer] * 2
    assert len(stage.confirmed.lines) == 11
    assert [line["outcome"] for line in stage.lines] == ["unusable"] * 2


@pytest.mark.parametrize("case", TALK)
async def test_ordinary_talk_of_a_group_is_confirmed_at_once_and_costs_nothing(stage: CommandStage, case: str) -> None:
    async with stage.playing():
        await anyio.sleep(0.1)
        stage.commands.tell_nowait(TALK[case])
        assert stage.confirmed.lines == ["10"]

    assert (stage.store.asked, stage.texts) == ([], [])


async def test_caption_is_never_obeyed(stage: CommandStage) -> None:
    async with stage.playing():
        stage.commands.tell_nowait(picture(10, "/pause@everytap_bot", to_us=True))
        stage.commands.tell_nowait(picture(11, "/pause", private=True))
        await stage.confirmed.until("11")

    assert stage.store.of(PauseChat) == []
    assert stage.texts == [NO_MEDIA] * 2


async def test_each_chat_has_an_answer_of_its_own(stage: CommandStage) -> None:
    async with stage.playing():
        for number in range(10, 13):
            stage.commands.tell_nowait(replace(picture(number, to_us=True), chat_id=CHAT - number))
        await stage.confirmed.until("12")

    assert len(stage.texts) == 3


async def test_group_that_is_not_set_up_hears_that_first(stage: CommandStage) -> None:
    stage.store.always("LookAtChat", None)

    async with stage.playing():
        stage.commands.tell_nowait(picture(10, to_us=True))
        await stage.confirmed.until("10")

    assert stage.texts == [NOT_SET_UP]


async def test_picture_of_a_person_alone_is_answered_without_the_database(stage: CommandStage) -> None:
    """Whoever belongs to a team is alone with the bot in a chat that is not set up."""
    async with stage.playing():
        stage.commands.tell_nowait(picture(10, private=True))
        await stage.confirmed.until("10")

    assert (stage.texts, stage.store.of(LookAtChat)) == ([NO_MEDIA], [])


async def test_without_a_database_the_answer_claims_nothing_of_the_chat(stage: CommandStage) -> None:
    stage.store.always("LookAtChat", Never())

    async with stage.playing():
        stage.commands.tell_nowait(picture(10, to_us=True))
        await stage.confirmed.until("10")

    assert stage.texts == [NO_MEDIA]
