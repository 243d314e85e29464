"""Actors of the kit live as in production, and a test hears of it when one of them could not."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import anyio
import pytest

from actors.operations.schedule import ClaimDue
from actors.runtime.actor import Context, DeadLetter, Reason
from actors.runtime.child import ChildContext, ChildSpec
from actors.runtime.waiting import POLL_WINDOW_SECONDS
from actors.schedule.scheduler import Scheduler
from tests.kit.clock import virtual_time
from tests.kit.kit import Kit
from tests.kit.probe import Probe, Unmet

anyio_backend = virtual_time

Say = Callable[[str], None]


class Boom(Exception):
    """What a broken actor raises."""


@dataclass
class Echo:
    """Says what it hears, a second later; breaks at an empty word."""

    say: Say
    context: Context[str, str]
    idle: bool = True

    def receive(self, word: str) -> None:
        if not word:
            raise Boom
        self.context.spawn(partial(self._answer, word), word)

    async def _answer(self, word: str) -> None:
        await anyio.sleep(1.0)
        self.say(f"{self.context.key}: {word}")


async def beat(beats: Probe[float], context: ChildContext) -> None:
    context.ready()
    with anyio.move_on_after(3.5):
        while not context.stopping.is_set():
            beats.tell_nowait(anyio.current_time())
            await anyio.sleep(1.0)


async def crash(context: ChildContext) -> None:
    context.ready()
    raise Boom


@pytest.fixture
def said(kit: Kit) -> Probe[str]:
    return kit.probe(str)


async def test_actor_is_told_by_its_key_and_its_effects_end_before_the_block(kit: Kit, said: Probe[str]) -> None:
    async with kit.actors(partial(Echo, said.tell_nowait)) as echoes:
        echoes.tell_nowait("anna", "hello")
        echoes.tell_nowait("ben", "hi")

    assert sorted(said.unread) == ["anna: hello", "ben: hi"]


async def test_crash_that_nobody_expected_fails_the_test(kit: Kit, said: Probe[str]) -> None:
    async def tell_poison() -> None:
        async with kit.actors(partial(Echo, said.tell_nowait)) as echoes:
            echoes.tell_nowait("anna", "")

    with pytest.raises(Unmet, match=r"^'' to 'anna' was not served: it, or an effect about it, raised$") as unmet:
        await tell_poison()

    assert isinstance(unmet.value.__cause__, Boom)


async def test_crash_that_was_expected_does_not(kit: Kit, said: Probe[str]) -> None:
    async with kit.actors(partial(Echo, said.tell_nowait)) as echoes:
        echoes.tell_nowait("anna", "")
        letter: DeadLetter[str, str] = await echoes.dead.expect(DeadLetter)

    assert letter.reason is Reason.CRASHED


async def test_what_the_test_raises_comes_out_as_it_is(kit: Kit, said: Probe[str]) -> None:
    async def expect_too_soon() -> None:
        async with kit.actors(partial(Echo, said.tell_nowait)) as echoes:
            echoes.tell_nowait("anna", "hello")
            await said.expect("anna: hello", within=0.5)

    with pytest.raises(Unmet, match=r"^no 'anna: hello' within 0\.5 s; nothing came$"):
        await expect_too_soon()


async def test_child_is_asked_to_stop_at_the_end_of_the_block(kit: Kit) -> None:
    beats = kit.probe(float)

    async with kit.child(partial(beat, beats)):
        await anyio.sleep(1.5)

    assert beats.unread == (0.0, 1.0)


async def test_crash_of_a_child_ends_the_block(kit: Kit) -> None:
    with pytest.RaisesGroup(Boom):
        async with kit.child(crash):
            await anyio.sleep(1.0)


async def test_supervised_child_is_started_again_as_the_dice_say(kit: Kit) -> None:
    beats = kit.probe(float)

    async with kit.supervised(ChildSpec("beat", partial(beat, beats))) as supervisor:
        assert await beats.take(4, within=3.4) == (0.0, 1.0, 2.0, 3.0)
        again = await beats.expect(float, within=1.0)

    assert 3.6 < again < 3.8
    assert supervisor.states()["beat"].restarts == 1


async def test_store_is_the_real_one_on_a_database_in_memory(kit: Kit) -> None:
    items = kit.keyed_probe(tuple, object)

    async with kit.child(Scheduler(kit.store, items, "w1", lambda: None).run):
        await items.told.expect_nothing(within=POLL_WINDOW_SECONDS + 1.0)

    assert sum(isinstance(ran, ClaimDue) for ran in kit.database.ran) == 2


async def test_kit_brings_the_rest_of_the_world_along(kit: Kit) -> None:
    began = kit.clock.now()

    await anyio.sleep(60.0)

    assert (kit.clock.now() - began).total_seconds() == pytest.approx(60.0)
    assert not kit.chat.texts
    assert not kit.instagram.stories
