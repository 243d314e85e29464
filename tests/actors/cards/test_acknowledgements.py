"""What cards show by now, on its way to the rows: in which statements it goes."""

from __future__ import annotations

import pytest

from actors.cards.acknowledgements import AcknowledgementQueue
from actors.domain.item import Card
from actors.operations.cards import UNKNOWN, Shown
from tests.kit.clock import virtual_time
from tests.stories import CHAT

anyio_backend = virtual_time


def shown(revision: int, message_id: int = 501) -> Shown:
    return Shown(Card(1, CHAT, message_id), 7, revision)


def statements(queue: AcknowledgementQueue) -> list[list[int]]:
    found = []
    while batch := queue.batch():
        found.append([one.revision for one in batch])
        queue.stored(batch)
    return found


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([1, 2, 3], [[1, 2, 3]]),
        ([3, UNKNOWN, 4], [[3], [UNKNOWN], [4]]),
        ([UNKNOWN, 4, 5], [[UNKNOWN], [4, 5]]),
    ],
)
async def test_doubt_goes_in_a_statement_of_its_own(said: list[int], expected: list[list[int]]) -> None:
    """A statement stores the newest line of a message, and what was shown before the doubt says more than it."""
    queue = AcknowledgementQueue()
    for revision in said:
        queue.add(shown(revision))

    assert statements(queue) == expected


async def test_doubt_keeps_no_other_message_back() -> None:
    queue = AcknowledgementQueue()
    for one in (shown(3), shown(UNKNOWN), shown(5, 502)):
        queue.add(one)

    assert statements(queue) == [[3, 5], [UNKNOWN]]
