"""The sandbox's Instagram in virtual time, through the adapter's own table of errors: no HTTP, no file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import TypeVar

import anyio

from actors.domain.account import Account, Container, ContainerState, DoubtHints, FreshToken, Quota, StoryInsights
from actors.domain.item import Story
from actors.errors import Answered
from infra.instagram.calls import CallEffect, failure_of
from infra.instagram.verdicts import about_container, verdict_on
from infra.sandbox.common.journal import Journal
from infra.sandbox.instagram.model import Fetched, InstagramAccount
from infra.sandbox.instagram.rules import AT_METAS_RATES, GraphRefusal, InstagramRules
from infra.sandbox.instagram.world import InstagramWorld

T = TypeVar("T")

CALL_SECONDS = (0.3, 1.0)  # within which Instagram answers
QUOTA = 100


class VirtualInstagram:
    """Fills ports.Instagram. `refused` are the codes that it answered, `last_of` the newest one of each account."""

    def __init__(self, seed: int, now: Callable[[], datetime]) -> None:
        self._random = Random(seed)
        rules = InstagramRules(quota_total=QUOTA, lag_seconds=2.0)
        for name, rate in AT_METAS_RATES.items():
            rules = replace(rules, **{name: rate})  # type: ignore[arg-type]  # each is a share, by its name
        self.world = InstagramWorld(Journal(), rules, self._random)
        self.refused: list[tuple[int, int | None]] = []
        self.last_of: dict[str, tuple[int, int | None]] = {}
        self._clock = now

    def account(self, known: Account) -> InstagramAccount:
        """One of ours as Instagram has it."""
        return self.world.accounts[known.ig_user_id]

    def stories_of(self, media: str) -> int:
        """Count the stories of a file that ever went live."""
        return sum(1 for story in self.world.stories.values() if story.media == media)

    def _now(self) -> float:
        return self._clock().timestamp()

    async def create_container(self, account: Account, story: Story, link_name: str) -> str:
        """Have a file fetched."""
        return await self._call(account, CallEffect.HARMLESS, lambda: self._create(account, story, link_name))

    async def container(self, account: Account, container_id: str) -> Container:
        """Read a container."""
        return await self._call(account, CallEffect.NONE, lambda: self._read(account, container_id))

    async def publish(self, account: Account, container_id: str) -> str:
        """Publish a container."""
        return await self._call(account, CallEffect.PUBLISH, lambda: self._publish(account, container_id))

    async def permalink(self, account: Account, media_id: str) -> str | None:
        """Return a story's address."""
        return await self._call(account, CallEffect.NONE, lambda: self._permalink(account, media_id))

    async def insights(self, account: Account, media_id: str) -> StoryInsights:
        """Nothing is read on this day."""
        raise NotImplementedError

    async def quota(self, account: Account) -> Quota:
        """Count what is left."""
        return Quota(self.world.used(self.account(account), self._now()), QUOTA)

    async def hints(self, account: Account, since: datetime) -> DoubtHints:
        """Count what may help."""
        owner = self.account(account)
        used = self.world.used(owner, self._now(), since.timestamp())
        return DoubtHints(used, len(self.world.live(self._now(), owner.id)))

    async def renew(self, account: Account) -> FreshToken:
        """Nothing is renewed on this day."""
        raise NotImplementedError

    def _create(self, account: Account, story: Story, link_name: str) -> str:
        owner, now = self._sign_in(account), self._now()
        url = f"https://team.example/media/{story.path}?signature=secret&try={link_name}"
        self.world.reach(url, now)
        container = self.world.create_container(owner, "image", url, now)
        self.world.fetched(container, Fetched(story.path.encode(), "image/jpeg"), now)
        return container.id

    def _read(self, account: Account, container_id: str) -> Container:
        owner, now = self._sign_in(account), self._now()
        self.world.may_read(account.sealed_token.decode(), container_id)
        found = self.world.container_of(owner, container_id)
        state = ContainerState[self.world.state(found, now)]
        failure = about_container(self.world.words(found, now)) if state is ContainerState.ERROR else None
        return Container(state) if failure is None else Container(state, failure.sentence, None, failure.passes)

    def _publish(self, account: Account, container_id: str) -> str:
        return self.world.publish(self._sign_in(account), container_id, self._now()).id

    def _permalink(self, account: Account, media_id: str) -> str:
        owner = self._sign_in(account)
        self.world.may_read(account.sealed_token.decode(), media_id)
        return self.world.story_of(owner, media_id).permalink

    def _sign_in(self, account: Account) -> InstagramAccount:
        return self.world.sign_in(account.sealed_token.decode(), self._now())

    async def _call(self, account: Account, effect: CallEffect, act: Callable[[], T]) -> T:
        await anyio.sleep(self._random.uniform(*CALL_SECONDS))
        try:
            return act()
        except GraphRefusal as refusal:
            self.refused.append((refusal.code, refusal.subcode))
            self.last_of[account.ig_user_id] = self.refused[-1]
            error = refusal.wire()["error"]
            verdict = verdict_on(refusal.code, refusal.subcode, error["is_transient"], refusal.message)
            answered = Answered(refusal.http, refusal.code, refusal.subcode, error["fbtrace_id"])
            raise failure_of(verdict, effect, {}).having(answered) from refusal
