"""Groups that move are followed: each move is stored once, and Telegram forgets it only then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
import pytest
from structlog.testing import capture_logs

from actors.database.request import Cause, NotStored
from actors.domain.item import State
from actors.domain.updates import Moved
from actors.errors import ChatMoved, MailboxClosed, Refused
from actors.operations.commands import MoveChat, Relocation
from actors.ports import Face, Sending, SentCard
from actors.updates.chat_migration import ChatMigration
from actors.updates.migrating_chat import MigratingChat
from tests.actors.fakes import After, Creep, FakeChat, FakeStore
from tests.actors.updates.fakes import IntakeStage
from tests.journal import Journal
from tests.kit.clock import virtual_time
from tests.kit.lives import living
from tests.stories import CHAT, row

anyio_backend = virtual_time

NEW = -100_777
ROW = row(State.IN_REVIEW)
AWAY = NotStored(Cause.EXPIRED, certain=False)
REFUSED = ChatMoved("group chat was upgraded to a supergroup chat", NEW)


class Stage:
    """The actor between fakes; every move is stored unless scripted."""

    def __init__(self) -> None:
        self.store, self.confirmed, self.looks = FakeStore(), Journal(), Journal()
        self.store.always("MoveChat", Relocation.MOVED)
        self.moves = ChatMigration(
            self.store,
            lambda update_id: self.confirmed.add(str(update_id)),
            lambda: self.looks.add("look"),
        )


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def test_move_is_stored_logged_and_then_confirmed(stage: Stage) -> None:
    with capture_logs() as logs:
        async with living(stage.moves.run):
            stage.moves.tell_nowait(Moved(10, CHAT, NEW))
            await stage.confirmed.until("10")

    assert stage.store.asked == [MoveChat(CHAT, NEW)]
    assert stage.looks.lines == ["look"]
    assert logs == [{"event": "chat.moved", "log_level": "warning", "chat_id": CHAT, "new_chat_id": NEW}]


async def test_move_stays_unconfirmed_until_the_database_has_it(stage: Stage) -> None:
    stage.store.will("MoveChat", AWAY, AWAY)

    async with living(stage.moves.run):
        stage.moves.tell_nowait(Moved(10, CHAT, NEW))
        await anyio.sleep(1.5)
        assert stage.confirmed.lines == []
        await stage.confirmed.until("10")

    assert len(stage.store.asked) == 3


async def test_move_that_is_told_from_both_groups_and_by_refusals_is_asked_once(stage: Stage) -> None:
    stage.store.will("MoveChat", After(5.0, Relocation.MOVED))

    async with living(stage.moves.run):
        stage.moves.follow(CHAT, NEW)
        stage.moves.tell_nowait(Moved(10, CHAT, NEW))
        stage.moves.tell_nowait(Moved(11, CHAT, NEW))
        stage.moves.follow(CHAT, NEW)
        await stage.confirmed.until("11")

    assert stage.confirmed.lines == ["10", "11"]
    assert len(stage.store.asked) == 1


@pytest.mark.parametrize("outcome", [Relocation.MOVED_BEFORE, Relocation.UNKNOWN_CHAT])
async def test_move_that_changes_nothing_is_confirmed_and_wakes_nobody(stage: Stage, outcome: Relocation) -> None:
    stage.store.will("MoveChat", outcome)

    with capture_logs() as logs:
        async with living(stage.moves.run):
            stage.moves.tell_nowait(Moved(10, CHAT, NEW))
            await stage.confirmed.until("10")

    assert (stage.looks.lines, logs) == ([], [])


@pytest.mark.parametrize("answer", [Relocation.TAKEN, NotStored(Cause.REFUSED, certain=True)])
async def test_move_that_cannot_be_followed_is_told_to_the_operator(stage: Stage, answer: object) -> None:
    stage.store.will("MoveChat", answer)

    with capture_logs() as logs:
        async with living(stage.moves.run):
            stage.moves.tell_nowait(Moved(10, CHAT, NEW))
            await stage.confirmed.until("10")

    assert [(line["event"], line["chat_id"], line["new_chat_id"]) for line in logs] == [("chat.not_moved", CHAT, NEW)]


async def test_move_that_is_told_before_the_start_comes_again(stage: Stage) -> None:
    with pytest.raises(MailboxClosed):
        stage.moves.tell_nowait(Moved(10, CHAT, NEW))

    stage.moves.follow(CHAT, NEW)

    assert stage.store.asked == []


async def test_stop_leaves_a_move_that_nobody_can_store_to_the_next_worker(stage: Stage) -> None:
    stage.store.always("MoveChat", AWAY)

    async with living(stage.moves.run):
        stage.moves.tell_nowait(Moved(10, CHAT, NEW))
        await anyio.sleep(3.0)

    assert stage.confirmed.lines == []


async def test_next_life_goes_on_with_what_the_last_one_had_begun(stage: Stage) -> None:
    stage.store.will("MoveChat", AWAY, AWAY)

    async with living(stage.moves.run):
        stage.moves.tell_nowait(Moved(10, CHAT, NEW))
        await anyio.sleep(0.5)
    async with living(stage.moves.run):
        await stage.confirmed.until("10")

    assert stage.looks.lines == ["look"]


async def test_intake_holds_a_move_until_it_is_stored() -> None:
    poller = IntakeStage()
    poller.updates.put(Moved(10, CHAT, NEW))

    async with poller.playing():
        await anyio.sleep(1.0)
        assert poller.moves.told == [Moved(10, CHAT, NEW)]
        assert poller.updates.offsets[-1] == 10
        poller.confirm(10)
        await anyio.sleep(1.0)

    assert poller.updates.offsets[-1] == 11


async def test_move_that_nobody_can_take_now_comes_again() -> None:
    poller = IntakeStage()
    poller.moves.closed = True
    poller.updates.put(Moved(10, CHAT, NEW))

    async with poller.playing():
        await anyio.sleep(1.0)
        poller.moves.closed = False
        await anyio.sleep(1.0)
        poller.confirm(10)

    assert poller.moves.told == [Moved(10, CHAT, NEW)]


class Followed:
    """A chat that moved, and what was told of it."""

    def __init__(self) -> None:
        self.inner = FakeChat()
        self.told: list[tuple[int, int]] = []
        self.chat = MigratingChat(self.inner, lambda old, new: self.told.append((old, new)))


CALLS: dict[str, Callable[[MigratingChat], Awaitable[object]]] = {
    "send_card": lambda chat: chat.send_card(ROW),
    "edit 501": lambda chat: chat.edit_card(Face(CHAT, 501, ROW.id, 0, ROW)),
    "send_original": lambda chat: chat.send_original(ROW, 501),
}


@pytest.mark.parametrize("name", CALLS)
async def test_refusal_that_names_a_new_id_is_followed_and_stays_a_refusal(name: str) -> None:
    followed = Followed()
    followed.inner.will(name, REFUSED)

    with pytest.raises(Refused):
        await CALLS[name](followed.chat)

    assert followed.told == [(CHAT, NEW)]


async def test_files_go_through_as_they_are_and_are_seen_to_move() -> None:
    followed, card, original = Followed(), Sending(), Sending()
    followed.inner.will("send_card", Creep(2, 1.0, SentCard(502, "file-1"), kept_back=True))
    followed.inner.will("send_original", Creep(2, 1.0, kept_back=True))

    assert await followed.chat.send_card(ROW, card) == SentCard(502, "file-1")
    await followed.chat.send_original(ROW, 501, original)

    assert (followed.inner.sent, followed.inner.originals) == ([ROW], [(ROW, 501)])
    assert (card.kept_back, original.kept_back) == (True, True)


async def test_words_for_the_old_group_are_said_in_the_new_one() -> None:
    followed = Followed()
    followed.inner.will("send_text", REFUSED)

    await followed.chat.send_text(CHAT, "Not saved.")

    assert followed.told == [(CHAT, NEW)]
    assert followed.inner.texts == [(NEW, "Not saved.")]


async def test_toast_and_menu_go_through_as_they_are() -> None:
    followed = Followed()

    await followed.chat.answer("tap-1", "Skipping…")
    await followed.chat.own_name()
    await followed.chat.show_menu([("next", "the next story")])

    assert followed.told == []
    assert [name for _, name in followed.inner.times] == ["answer", "own_name", "show_menu"]
