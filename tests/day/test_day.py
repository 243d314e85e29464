"""A slice of a team's day at the rates that were measured on live accounts; `python -m tests.day` lives it all."""

from __future__ import annotations

import pytest

from tests.backends import BACKENDS, Backend
from tests.day.day import Day, lived
from tests.day.platform import VirtualInstagram

POSTS = 60


class Doubling(VirtualInstagram):
    """Shows every story twice."""

    def stories_of(self, media: str) -> int:
        assert media
        return 2


@pytest.fixture
def anyio_backend() -> Backend:
    return BACKENDS["trio_virtual"]()


@pytest.mark.parametrize("seed", [1, 2])
async def test_team_s_day_loses_nothing_doubles_nothing_and_says_what_is_so(seed: int) -> None:
    found = await lived(POSTS, seed)

    assert (found.live, found.doubles, found.given_up, found.untrue) == (POSTS, 0, 0, ())
    assert found.most_creations <= 10
    assert {"9004/2207052", "9007/2207027", "100/33"} <= set(found.refused)


async def test_day_would_notice_a_card_that_says_what_is_not_so() -> None:
    day = Day(5, 1)
    day.instagram = Doubling(1, day.clock.now)

    found = await day.run()

    assert any("two stories" in said for said in found.untrue)
