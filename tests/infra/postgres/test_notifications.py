"""Notifications, on paper: what wakes whoever waits for the next one, and what ends it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import anyio
import asyncpg
import pytest

from actors.errors import PortError, Unreachable
from infra.postgres.notifications import Notifications
from infra.postgres.scram import Connection


class Line:
    """A connection that can listen, unless it fails."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.told: list[tuple[str, Callable[..., None]]] = []
        self.lost: list[Callable[..., None]] = []

    async def add_listener(self, channel: str, on_notification: Callable[..., None]) -> None:
        if self.failure is not None:
            raise self.failure
        self.told.append((channel, on_notification))

    def add_termination_listener(self, on_lost: Callable[..., None]) -> None:
        self.lost.append(on_lost)


def hints(line: Line) -> Notifications:
    return Notifications(cast("Connection", cast("Any", line)))


@pytest.mark.parametrize("failure", [asyncpg.ConnectionDoesNotExistError("gone"), ConnectionResetError("gone")])
async def test_listening_that_fails_is_a_failure_of_the_port(failure: Exception) -> None:
    with pytest.raises(PortError):
        await hints(Line(failure)).listen("everytap")


async def test_notifications_that_came_while_nobody_waited_are_one() -> None:
    line = Line()
    heard = hints(line)
    await heard.listen("everytap")
    ((channel, notify),) = line.told
    notify()
    notify()

    await anext(heard)

    assert channel == "everytap"
    with anyio.move_on_after(0) as patience:
        await anext(heard)
    assert patience.cancelled_caught


async def test_connection_that_is_lost_ends_the_waiting() -> None:
    line = Line()
    heard = hints(line)
    await heard.listen("everytap")
    line.lost[0]()

    with pytest.raises(Unreachable):
        await anext(heard)
