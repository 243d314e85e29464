"""The queue of updates on paper: expiry, offsets and the brake on impatient callers."""

import pytest

from infra.sandbox.telegram.rules import Rules
from infra.sandbox.telegram.updates import Poll, UpdateQueue


@pytest.fixture
def queue() -> UpdateQueue:
    return UpdateQueue(Rules())


def kinds(queue: UpdateQueue, poll: Poll, now: float) -> list[str]:
    return [next(name for name in update if name != "update_id") for update in queue.take(poll, now)]


def test_a_tap_is_kept_150_seconds_and_other_updates_a_day(queue: UpdateQueue) -> None:
    queue.push("callback_query", {}, now=0)
    queue.push("message", {}, now=0)

    assert kinds(queue, Poll(0, 100, 0), now=149.9) == ["callback_query", "message"]
    assert kinds(queue, Poll(0, 100, 0), now=150) == ["message"]
    assert kinds(queue, Poll(0, 100, 0), now=86_400) == []
    assert queue.expired == 2


def test_a_negative_offset_keeps_the_newest_only(queue: UpdateQueue) -> None:
    for text in ("one", "two", "three"):
        queue.push("message", {"text": text}, now=0)

    taken = queue.take(Poll(-2, 100, 0), now=0)

    assert [update["message"]["text"] for update in taken] == ["two", "three"]
    assert len(queue) == 2


def test_an_offset_from_the_future_confirms_nothing(queue: UpdateQueue) -> None:
    update_id = queue.push("message", {}, now=0) or 0

    assert len(queue.take(Poll(update_id + 100, 100, 0), now=0)) == 1


def test_a_limit_holds_the_rest_back(queue: UpdateQueue) -> None:
    for _ in range(3):
        queue.push("message", {}, now=0)

    assert len(queue.take(Poll(0, 2, 0), now=0)) == 2


def test_the_same_offset_within_half_a_second_gets_one_update_only(queue: UpdateQueue) -> None:
    assert queue.open_poll(Poll(0, 100, 0), now=0).limit == 100
    assert queue.open_poll(Poll(0, 100, 0), now=0.4).limit == 1
    assert queue.open_poll(Poll(0, 100, 0), now=1).limit == 100
    assert queue.open_poll(Poll(7, 100, 0), now=1.1).limit == 100


def test_the_same_offset_within_three_seconds_waits_three_seconds(queue: UpdateQueue) -> None:
    assert queue.open_poll(Poll(0, 100, 0), now=0).timeout_seconds == 0
    assert queue.open_poll(Poll(0, 100, 0), now=2.9).timeout_seconds == 3
    assert queue.open_poll(Poll(0, 100, 0), now=9).timeout_seconds == 0


def test_nobody_waits_longer_than_50_seconds(queue: UpdateQueue) -> None:
    assert queue.open_poll(Poll(0, 100, 600), now=0).timeout_seconds == 50


def test_poison_lands_in_the_middle_of_what_was_not_delivered_yet(queue: UpdateQueue) -> None:
    queue.push("message", {"text": "seen"}, now=0)
    queue.take(Poll(0, 100, 0), now=0)
    queue.push("message", {"text": "one"}, now=0)
    queue.push("message", {"text": "two"}, now=0)
    queue.poison_armed = 1

    taken = queue.take(Poll(0, 100, 0), now=0)

    ids = [update["update_id"] for update in taken]
    assert ids == list(range(ids[0], ids[0] + 4))
    assert "message" not in taken[2]
    assert [update.get("message", {}).get("text") for update in taken] == ["seen", "one", None, "two"]


@pytest.mark.parametrize(("asked", "given"), [(-5, 1), (0, 1), (1, 1), (7, 7), (100, 100), (101, 100), (500, 100)])
def test_row_3_limit_is_clamped(asked: int, given: int) -> None:
    """Client.cpp:15708, https://github.com/tdlib/telegram-bot-api."""
    assert UpdateQueue(Rules()).open_poll(Poll(0, asked, 0), 1.0).limit == given


def test_row_8_update_above_64_kilobytes_is_dropped() -> None:
    """Client.cpp:16979, https://github.com/tdlib/telegram-bot-api."""
    queue = UpdateQueue(Rules())

    assert queue.push("message", {"text": "x" * 65_536}, 1.0) is None
    assert queue.push("message", {"text": "x" * 60_000}, 1.0) is not None


def test_row_15_what_the_bot_is_in_a_chat_has_a_line_of_its_own() -> None:
    """Client.cpp:17279, https://github.com/tdlib/telegram-bot-api."""
    queue = UpdateQueue(Rules())
    for kind in ("message", "my_chat_member", "message"):
        queue.push(kind, {"chat": {"id": -1}}, 1.0)

    said, member, again = (update.line for update in queue.open_push(1.0))

    assert said == again
    assert member != said
