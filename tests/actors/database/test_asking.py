"""Asking until answered: what must be known is asked anew after each deadline."""

import anyio
import pytest

from actors.database.asking import AGAIN_SECONDS, ask_until_answered, terms_for
from actors.database.request import Cause, NotStored, Priority, RequestTerms
from actors.operations.taps import LoadItem
from tests.actors.fakes import FakeStore
from tests.kit.clock import virtual_time
from tests.stories import CHAT

anyio_backend = virtual_time

AWAY = NotStored(Cause.EXPIRED, certain=True)
LOOK = LoadItem(CHAT, 7)


class Pauses:
    """Rests as long as it is asked to, and says that we stop after so many."""

    def __init__(self, stop_after: int = 99) -> None:
        self.left = stop_after

    async def pause(self, seconds: float) -> bool:
        """Rest; tells whether we stop."""
        await anyio.sleep(seconds)
        self.left -= 1
        return self.left == 0


def terms() -> RequestTerms:
    return terms_for(30.0, Priority.HIGH)


async def test_the_same_is_asked_until_it_is_answered_each_time_with_a_new_deadline() -> None:
    store = FakeStore()
    store.will("LoadItem", AWAY, AWAY, None)

    reply = await ask_until_answered(store, LOOK, terms, Pauses().pause)

    assert reply is not None
    assert reply.value is None
    assert store.of(LoadItem) == [LOOK] * 3
    assert store.when("LoadItem") == pytest.approx([0.0, AGAIN_SECONDS, 2 * AGAIN_SECONDS])


async def test_stop_ends_it_without_an_answer() -> None:
    store = FakeStore()
    store.will("LoadItem", AWAY, AWAY, None)

    assert await ask_until_answered(store, LOOK, terms, Pauses(stop_after=2).pause) is None
    assert len(store.of(LoadItem)) == 2


async def test_what_the_database_refuses_is_not_asked_again() -> None:
    store = FakeStore()
    store.will("LoadItem", NotStored(Cause.REFUSED, certain=True))

    with pytest.raises(NotStored):
        await ask_until_answered(store, LOOK, terms, Pauses().pause)

    assert len(store.of(LoadItem)) == 1


async def test_ticket_ends_so_many_seconds_from_now() -> None:
    await anyio.sleep(5.0)

    made = terms()
    assert made.deadline == pytest.approx(35.0)
    assert made.priority is Priority.HIGH
