"""Fills ports.Instagram: the calls of a story, from a container to its permalink.

developers.facebook.com/docs/instagram-platform/content-publishing
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from actors.domain.account import (
    Account,
    Container,
    ContainerState,
    DoubtHints,
    FreshToken,
    Login,
    Quota,
    StoryInsights,
)
from actors.domain.item import MediaKind, Story
from actors.errors import PortError, TokenGone, Unreachable
from infra.instagram import texts
from infra.instagram.calls import Calls
from infra.instagram.replies import ContainerReply, LimitReply, Listed, Made, MediaReply, Metric
from infra.instagram.said import told
from infra.instagram.settings import GraphDependencies, GraphSettings
from infra.instagram.tokens import TokenOwner, Tokens
from infra.instagram.verdicts import ContainerFailure, about_container
from infra.instagram.wire import Ask, open_session

HINT_SECONDS = 8.0  # there are two of them, and a saga waits 20 s for both
MOST_STORIES = "100"
NAVIGATION = "story_navigation_action_type"
LINK = {MediaKind.PHOTO: "image_url", MediaKind.VIDEO: "video_url"}
STATES = {state.name: state for state in ContainerState}


class GraphInstagram:
    """Speaks for every account: each call unseals the token that it needs, and forgets it."""

    def __init__(self, calls: Calls, around: GraphDependencies) -> None:
        self._calls = calls
        self._around = around
        self._tokens = Tokens(calls, around)

    async def create_container(self, account: Account, story: Story, link_name: str) -> str:
        """Have Instagram fetch the story's file."""
        form = {"media_type": "STORIES", LINK[story.kind]: await self._around.link(story, link_name)} | _labels(story)
        return (await self._calls.make(self._ask(account, account.ig_user_id, "media", form=form), Made)).id

    async def container(self, account: Account, container_id: str) -> Container:
        """Read a container."""
        ask = self._ask(account, container_id, query={"fields": "status_code,status"})
        found = await self._calls.read(ask, ContainerReply)
        state = STATES.get(found.status_code)
        if state is None:
            raise Unreachable(texts.UNKNOWN_STATE)
        failure = about_container(found.status) if state is ContainerState.ERROR else ContainerFailure()
        return Container(state, failure.sentence, told(found.status) or None, failure.passes)

    async def publish(self, account: Account, container_id: str) -> str:
        """Publish a container."""
        form = {"creation_id": container_id}
        return (await self._calls.publish(self._ask(account, account.ig_user_id, "media_publish", form=form), Made)).id

    async def permalink(self, account: Account, media_id: str) -> str | None:
        """Return the address of a published story, if Instagram tells."""
        return (
            await self._calls.read(self._ask(account, media_id, query={"fields": "permalink"}), MediaReply)
        ).permalink

    async def insights(self, account: Account, media_id: str) -> StoryInsights:
        """Read how a story is seen: views since v22, and no impressions. No reply at all is told where it is withheld.

        developers.facebook.com/docs/instagram-platform/reference/instagram-media/insights: replies are 0 for accounts
        of Europe and Japan, whatever came.
        """
        plain = await self._metrics(account, media_id, {"metric": "views,reach,replies"})
        moves = await self._metrics(account, media_id, {"metric": "navigation", "breakdown": NAVIGATION})
        return StoryInsights(
            views=_figure(plain.get("views")),
            people=_figure(plain.get("reach")),
            replies=_figure(plain.get("replies")) or None,
            exits=moves["navigation"].part("tap_exit") if "navigation" in moves else None,
        )

    async def _metrics(self, account: Account, media_id: str, query: dict[str, str]) -> dict[str, Metric]:
        found = await self._calls.read(self._ask(account, media_id, "insights", query=query), Listed[Metric])
        return {one.name: one for one in found.data if one.name is not None}

    async def quota(self, account: Account) -> Quota:
        """Read how many publishes of 24 hours are used, and how many there are."""
        found = await self._limit(account, {"fields": "quota_usage,config"})
        if found.config is None:
            raise Unreachable(texts.NO_TOTAL)
        return Quota(found.quota_usage, found.config.quota_total)

    async def hints(self, account: Account, since: datetime) -> DoubtHints:
        """Read what can be had of both hints."""
        return DoubtHints(await self._used_since(account, since), await self._stories(account))

    async def renew(self, account: Account) -> FreshToken:
        """Have a new token in the place of a good one."""
        return await self._tokens.renew(account)

    async def who(self, token: str, login: Login, ig_user_id: str | None) -> TokenOwner:
        """Say whose a token is; raises `Refused` with a sentence for the operator if it is of no use to us."""
        return await self._tokens.who(token, login, ig_user_id)

    async def _used_since(self, account: Account, since: datetime) -> int | None:
        query = {"fields": "quota_usage", "since": str(int(since.timestamp()))}
        try:
            return (await self._limit(account, query, HINT_SECONDS)).quota_usage
        except TokenGone:
            raise
        except PortError:
            return None

    async def _stories(self, account: Account) -> int | None:
        try:
            ask = self._ask(account, account.ig_user_id, "stories", query={"fields": "id", "limit": MOST_STORIES})
            return len((await self._calls.read(ask, Listed[Made], HINT_SECONDS)).data)
        except TokenGone:
            raise
        except PortError:
            return None

    async def _limit(self, account: Account, query: dict[str, str], seconds: float | None = None) -> LimitReply:
        ask = self._ask(account, account.ig_user_id, "content_publishing_limit", query=query)
        found = (await self._calls.read(ask, Listed[LimitReply], seconds)).data
        if not found:
            raise Unreachable(texts.NO_USE)
        return found[0]

    def _ask(
        self, account: Account, *path: str, query: dict[str, str] | None = None, form: dict[str, str] | None = None
    ) -> Ask:
        token = self._around.unseal(account.sealed_token, account.whose)
        return Ask(self._calls.settings.node(account.login, *path), token, query or {}, form)


def _labels(story: Story) -> dict[str, str]:
    """Say whom a story mentions, and that an AI made it; a place on the picture is optional in stories since July 2025.

    developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media
    """
    tags = json.dumps([{"username": name} for name in story.mentions])
    label = {"is_ai_generated": "true"} if story.made_by_ai else {}
    return label | ({"user_tags": tags} if story.mentions else {})


def _figure(found: Metric | None) -> int | None:
    return None if found is None or found.figure is None or found.figure < 0 else found.figure


@asynccontextmanager
async def open_instagram(settings: GraphSettings, around: GraphDependencies) -> AsyncIterator[GraphInstagram]:
    """Yield Instagram; at the end its connections are closed."""
    async with open_session() as session:
        yield GraphInstagram(Calls(session, settings), around)
