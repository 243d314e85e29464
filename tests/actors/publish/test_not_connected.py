"""Where no Instagram is connected, nothing can be published."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from actors.domain.account import Account, DoubtHints, Login
from actors.errors import Refused
from actors.publish.not_connected import NotConnected
from actors.publish.texts import NOT_CONNECTED
from tests.stories import NOON, SUNSET

ACCOUNT = Account(1, "1784", "studio", Login.FACEBOOK, b"sealed")
NOTHING = NotConnected()
CALLS: list[Callable[[], Awaitable[object]]] = [
    lambda: NOTHING.create_container(ACCOUNT, SUNSET, "1"),
    lambda: NOTHING.container(ACCOUNT, "c1"),
    lambda: NOTHING.publish(ACCOUNT, "c1"),
    lambda: NOTHING.permalink(ACCOUNT, "m1"),
    lambda: NOTHING.quota(ACCOUNT),
    lambda: NOTHING.renew(ACCOUNT),
]


@pytest.mark.parametrize("call", CALLS)
async def test_every_call_is_refused_in_a_sentence(call: Callable[[], Awaitable[object]]) -> None:
    with pytest.raises(Refused, match="Instagram is not connected") as refusal:
        await call()

    assert str(refusal.value) == NOT_CONNECTED


async def test_nothing_is_known() -> None:
    assert await NOTHING.hints(ACCOUNT, NOON) == DoubtHints()
