"""What the bot is in a chat: it has come in when it was outside and is no longer."""

from __future__ import annotations

from itertools import product

import pytest

from actors.domain.membership import BotMembership, has_joined

OUTSIDE = [BotMembership.LEFT, BotMembership.KICKED]
INSIDE = [one for one in BotMembership if one not in OUTSIDE]


@pytest.mark.parametrize(("before", "after"), list(product(OUTSIDE, INSIDE)))
def test_who_was_outside_and_is_not_any_more_has_joined(before: BotMembership, after: BotMembership) -> None:
    assert has_joined(before, after)


@pytest.mark.parametrize(("before", "after"), [*product(INSIDE, BotMembership), *product(BotMembership, OUTSIDE)])
def test_new_rights_or_a_way_out_are_no_joining(before: BotMembership, after: BotMembership) -> None:
    assert not has_joined(before, after)
