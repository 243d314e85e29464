"""The Instagram of a worker to which none is connected: it refuses every call, so nothing is ever published."""
# ruff: noqa: ARG002 - it refuses, whatever it is asked

from __future__ import annotations

from datetime import datetime

from actors.domain.account import Account, Container, DoubtHints, FreshToken, Quota, StoryInsights
from actors.domain.item import Story
from actors.errors import Refused
from actors.publish.texts import NOT_CONNECTED


class NotConnected:
    """Fills ports.Instagram where nothing is connected: each call is Refused, with one sentence."""

    async def create_container(self, account: Account, story: Story, link_name: str) -> str:
        """Refuse."""
        raise Refused(NOT_CONNECTED)

    async def container(self, account: Account, container_id: str) -> Container:
        """Refuse."""
        raise Refused(NOT_CONNECTED)

    async def publish(self, account: Account, container_id: str) -> str:
        """Refuse."""
        raise Refused(NOT_CONNECTED)

    async def permalink(self, account: Account, media_id: str) -> str | None:
        """Refuse."""
        raise Refused(NOT_CONNECTED)

    async def insights(self, account: Account, media_id: str) -> StoryInsights:
        """Refuse."""
        raise Refused(NOT_CONNECTED)

    async def quota(self, account: Account) -> Quota:
        """Refuse."""
        raise Refused(NOT_CONNECTED)

    async def hints(self, account: Account, since: datetime) -> DoubtHints:
        """Know nothing."""
        return DoubtHints()

    async def renew(self, account: Account) -> FreshToken:
        """Refuse."""
        raise Refused(NOT_CONNECTED)


async def say_nothing(story: Story) -> None:
    """Stand where it cannot be tested whether a story's file can be fetched."""
