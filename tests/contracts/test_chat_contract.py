"""What a group and its updates do: in the simulation, and through the real adapters in the sandbox."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from actors.domain.item import Action, State
from actors.domain.taps import Tap
from actors.domain.updates import Poison
from actors.errors import Refused
from actors.ports import Conflict, Face, Sending
from infra.sandbox.demo.sample_media import draw_pictures
from tests.contracts.groups import GROUPS, Group, read
from tests.stories import ANNA, CHAT, MARK, row

IN_REVIEW = row(State.IN_REVIEW)
BETWEEN_POLLS_SECONDS = 0.6


@pytest.fixture(scope="session")
def picture(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A picture that any Telegram takes."""
    folder: Path = tmp_path_factory.mktemp("pictures")
    return draw_pictures(folder, 1)[0].path.read_bytes()


@pytest.fixture(params=GROUPS)
async def group(request: pytest.FixtureRequest, picture: bytes) -> AsyncIterator[Group]:
    """The simulation's group, and then the sandbox's."""
    async with GROUPS[request.param](picture) as opened:
        yield opened


async def show(group: Group) -> int:
    """Send the card of item 7; returns its message."""
    return (await group.chat.send_card(IN_REVIEW)).message_id


def face(message_id: int, line: str | None = None) -> Face:
    """The card of item 7, with a line below it."""
    return Face(CHAT, message_id, 7, 0, IN_REVIEW, line=line)


async def test_each_card_is_a_message_of_its_own_and_its_picture_has_a_name(group: Group) -> None:
    first, second = await group.chat.send_card(IN_REVIEW), await group.chat.send_card(IN_REVIEW)

    assert first.message_id < second.message_id
    assert first.file_id
    assert second.file_id


async def test_a_card_can_be_sent_again_by_the_name_of_its_picture(group: Group) -> None:
    first = await group.chat.send_card(IN_REVIEW)
    known = replace(IN_REVIEW, story=replace(IN_REVIEW.story, file_id=first.file_id))

    second = await group.chat.send_card(known)

    assert second.message_id > first.message_id


async def test_a_card_that_has_come_was_seen_to_leave_and_nothing_of_it_is_kept_back(group: Group) -> None:
    moves: list[bool] = []
    sending = Sending(lambda: moves.append(True))

    await group.chat.send_card(IN_REVIEW, sending)

    assert moves
    assert not sending.kept_back


async def test_a_card_can_be_redrawn_and_the_same_face_again_is_a_success(group: Group) -> None:
    message_id = await show(group)

    await group.chat.edit_card(face(message_id, "a line"))
    await group.chat.edit_card(face(message_id, "a line"))


async def test_a_deleted_card_refuses_to_be_redrawn(group: Group) -> None:
    message_id = await show(group)
    group.delete(message_id)

    with pytest.raises(Refused):
        await group.chat.edit_card(face(message_id, "a line"))


async def test_a_message_that_never_was_refuses_to_be_redrawn(group: Group) -> None:
    with pytest.raises(Refused):
        await group.chat.edit_card(face(4711, "a line"))


async def test_a_press_is_answered_once(group: Group) -> None:
    """F5."""
    press_id = group.tap(await show(group))
    await group.chat.answer(press_id, "Skipping…")

    with pytest.raises(Refused):
        await group.chat.answer(press_id, "Something else")

    assert group.toast(press_id) == "Skipping…"


async def test_a_tap_comes_as_it_was_made(group: Group) -> None:
    message_id = await show(group)
    press_id = group.tap(message_id)

    (raw,) = await group.updates.get(None, 0)

    tap = group.updates.parse(raw, 12.5, True)
    assert isinstance(tap, Tap)
    assert tap.action is Action.SKIP
    press = tap.press
    assert (press.id, press.item_id, press.version, press.chat_id, press.message_id) == (
        press_id,
        7,
        0,
        CHAT,
        message_id,
    )
    assert (press.person, press.at, press.redelivered) == (ANNA, 12.5, True)
    assert (press.mark, press.shown) == (MARK, True)
    assert group.updates.identify(raw) == press.update_id


async def test_what_is_no_update_is_poison_without_an_id(group: Group) -> None:
    assert isinstance(read(group, object()), Poison)
    assert group.updates.identify(object()) < 0


async def test_updates_are_held_until_an_offset_confirms_them(group: Group) -> None:
    """F7."""
    message_id = await show(group)
    presses = [group.tap(message_id) for _ in range(3)]
    first = await group.updates.get(None, 0)
    ids = [group.updates.identify(raw) for raw in first]
    await anyio.sleep(BETWEEN_POLLS_SECONDS)

    second = await group.updates.get(ids[1], 0)

    assert len(presses) == len(first)
    assert ids == sorted(ids)
    assert [group.updates.identify(raw) for raw in second] == ids[1:]


async def test_the_same_offset_too_soon_is_answered_with_one_update_only(group: Group) -> None:
    message_id = await show(group)
    group.tap(message_id)
    group.tap(message_id)
    first = await group.updates.get(None, 0)

    second = await group.updates.get(None, 0)

    assert (len(first), len(second)) == (2, 1)


async def test_a_poll_waits_for_what_comes(group: Group) -> None:
    message_id = await show(group)
    found: list[object] = []

    async def poll() -> None:
        found.extend(await group.updates.get(None, 50))

    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(poll)
            await anyio.sleep(0.1)
            group.tap(message_id)

    assert len(found) == 1


async def test_a_second_poller_ends_the_poll_of_the_first(group: Group) -> None:
    """The overlap of a deploy; one that need not wait ends nothing: Client.cpp:16386 in tdlib/telegram-bot-api."""
    conflicts: list[Conflict] = []

    async def poll() -> None:
        try:
            await group.updates.get(None, 50)
        except Conflict as error:
            conflicts.append(error)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(poll)
        await anyio.sleep(0.1)
        await group.rival.get(5, 1)

    assert len(conflicts) == 1


async def test_both_pollers_see_what_is_not_confirmed(group: Group) -> None:
    group.tap(await show(group))
    first = await group.updates.get(None, 0)
    await anyio.sleep(BETWEEN_POLLS_SECONDS)

    second = await group.rival.get(None, 0)

    assert [group.updates.identify(raw) for raw in first] == [group.rival.identify(raw) for raw in second]
