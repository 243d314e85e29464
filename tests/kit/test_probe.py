"""A probe finds what it is asked for within its time, and else says what came instead."""

from dataclasses import dataclass

import anyio
import pytest
from anyio.abc import TaskGroup

from actors.errors import MailboxClosed, MailboxFull
from tests.kit.clock import virtual_time
from tests.kit.probe import KeyedProbe, Probe, Unmet

anyio_backend = virtual_time


@dataclass(frozen=True)
class Ping:
    number: int


async def tell_after(probe: Probe[object], seconds: float, message: object) -> None:
    await anyio.sleep(seconds)
    probe.tell_nowait(message)


@pytest.fixture
def probe() -> Probe[object]:
    return Probe()


async def test_message_is_returned_in_the_moment_in_which_it_comes(probe: Probe[object]) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(tell_after, probe, 3.0, Ping(1))

        assert await probe.expect(Ping, within=5.0) == Ping(1)

    assert anyio.current_time() == pytest.approx(3.0)


async def test_value_is_found_by_equality(probe: Probe[object]) -> None:
    probe.tell_nowait(Ping(1))
    probe.tell_nowait(Ping(2))

    assert await probe.expect(Ping(2)) == Ping(2)


async def test_what_was_not_asked_for_stays_in_its_order(probe: Probe[object]) -> None:
    for message in (Ping(1), "noise", Ping(2)):
        probe.tell_nowait(message)

    assert await probe.expect("noise") == "noise"
    assert probe.unread == (Ping(1), Ping(2))
    assert await probe.expect(Ping) == Ping(1)


async def test_missing_message_is_told_with_what_came_instead(probe: Probe[object]) -> None:
    probe.tell_nowait(Ping(1))
    probe.tell_nowait("noise")

    with pytest.raises(Unmet) as unmet:
        await probe.expect(float, within=2.5)

    assert str(unmet.value) == "no float within 2.5 s; came instead: Ping(number=1), 'noise'"
    assert anyio.current_time() == pytest.approx(2.5)


async def test_silence_is_called_so(probe: Probe[object]) -> None:
    with pytest.raises(Unmet, match=r"^no Ping\(number=7\) within 5 s; nothing came$"):
        await probe.expect(Ping(7))


async def test_messages_are_taken_in_their_order(probe: Probe[object]) -> None:
    for message in (Ping(1), "noise", Ping(2)):
        probe.tell_nowait(message)

    assert await probe.take(2) == (Ping(1), "noise")
    assert probe.unread == (Ping(2),)


async def test_too_few_messages_are_told(probe: Probe[object]) -> None:
    probe.tell_nowait(Ping(1))

    with pytest.raises(Unmet, match=r"^no 2 messages within 60 s; came instead: Ping\(number=1\)$"):
        await probe.take(2, within=60.0)


async def test_flood_is_cut_short(probe: Probe[object]) -> None:
    for number in range(13):
        probe.tell_nowait(number)

    with pytest.raises(Unmet, match=r"instead: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 3 more$"):
        await probe.expect(Ping)


async def test_nothing_is_waited_for_until_its_time_is_over(probe: Probe[object]) -> None:
    await probe.expect_nothing(within=60.0)

    assert anyio.current_time() == pytest.approx(60.0)


async def test_something_ends_the_wait_for_nothing_at_once(probe: Probe[object]) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(tell_after, probe, 3.0, Ping(1))

        with pytest.raises(Unmet, match=r"^nothing was to come within 60 s; came nevertheless: Ping\(number=1\)$"):
            await probe.expect_nothing(within=60.0)

    assert anyio.current_time() == pytest.approx(3.0)


async def test_message_that_nobody_expected_is_something(probe: Probe[object]) -> None:
    probe.tell_nowait(Ping(1))

    with pytest.raises(Unmet):
        await probe.expect_nothing(within=1.0)


async def test_sealed_probe_refuses_and_waits_in_vain(probe: Probe[object]) -> None:
    probe.seal()

    with pytest.raises(MailboxClosed):
        probe.tell_nowait(Ping(1))
    await probe.expect_nothing(within=1.0)


async def test_full_probe_is_told_once_there_is_room() -> None:
    probe: Probe[object] = Probe(capacity=1)
    probe.tell_nowait(Ping(1))

    with pytest.raises(MailboxFull):
        probe.tell_nowait(Ping(2))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(probe.tell, Ping(3))
        assert await probe.expect(Ping(3)) == Ping(3)


@pytest.fixture
def keyed() -> KeyedProbe[str, Ping]:
    return KeyedProbe(Probe(capacity=1))


async def test_keyed_probe_hears_pairs(keyed: KeyedProbe[str, Ping]) -> None:
    async with anyio.create_task_group() as tasks:
        _tell_both(tasks, keyed)
        assert await keyed.told.expect(("anna", Ping(1)))
        assert await keyed.told.expect(("ben", Ping(2)))


def _tell_both(tasks: TaskGroup, keyed: KeyedProbe[str, Ping]) -> None:
    keyed.tell_nowait("anna", Ping(1))
    tasks.start_soon(keyed.tell, "ben", Ping(2))


async def test_keyed_probe_hands_back_the_message_without_its_key(keyed: KeyedProbe[str, Ping]) -> None:
    keyed.tell_nowait("anna", Ping(1))

    with pytest.raises(MailboxFull) as full:
        keyed.tell_nowait("anna", Ping(2))
    keyed.told.seal()
    with pytest.raises(MailboxClosed) as closed:
        await keyed.tell("anna", Ping(3))

    assert (full.value.message, closed.value.message) == (Ping(2), Ping(3))
