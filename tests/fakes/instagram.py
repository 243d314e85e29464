"""Instagram in memory: containers that take their time, stories that count, and answers that get lost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

import anyio

from actors.domain.account import Account, Container, ContainerState, DoubtHints, FreshToken, Quota, StoryInsights
from actors.domain.item import Story
from actors.errors import Refused, TokenGone, Unreachable
from tests.fakes.faults import Effect, Faults

T = TypeVar("T")

EXPIRES_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class FakeContainer:
    """A story on its way; `error` is what became of its file."""

    username: str
    media_id: int
    made_at: float
    published: int = 0
    error: str | None = None

    def aged(self, seconds: float) -> FakeContainer:
        """The same container, made so much earlier."""
        return replace(self, made_at=self.made_at - seconds)


@dataclass
class FakeInstagram:
    """Fills ports.Instagram. `faults` are by the name of the call; `stories` counts what is live, by container.

    `live` are the same stories in their order, by media; `links` the names under which files were fetched. So many
    `refused_links` are not, whatever is asked by them afterwards. A container is not ready for `unready_seconds` after
    it says FINISHED. `hides_containers`: none can be read, as by a page's token.
    """

    seconds: float = 0.0
    publish_seconds: float = 0.0
    lag_seconds: float = 0.0
    accepts_again: bool = True
    refused_links: int = 0
    unready_seconds: float = 0.0
    hides_containers: bool = False
    knows_links: bool = True
    file_error: str | None = None
    faults: Faults = field(default_factory=Faults)
    containers: dict[str, FakeContainer] = field(default_factory=dict)
    stories: Counter[str] = field(default_factory=Counter)
    live: list[int] = field(default_factory=list)
    seen: dict[str, StoryInsights] = field(default_factory=lambda: defaultdict(StoryInsights))
    called: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    dead_tokens: set[str] = field(default_factory=set)
    on_call: Callable[[str], None] = lambda _: None
    _later: list[tuple[float, str]] = field(default_factory=list)

    def stories_of(self, media_id: int) -> int:
        """How many stories of this media are live."""
        self._settle()
        return sum(count for name, count in self.stories.items() if self.containers[name].media_id == media_id)

    async def create_container(self, account: Account, story: Story, link_name: str) -> str:
        """Begin to fetch the file."""
        return await self._call("create", account, lambda: self._fetch(story.media_id, account.username, link_name))

    async def container(self, account: Account, container_id: str) -> Container:
        """Read a container."""
        return await self._call("look", account, lambda: self._state(container_id))

    async def publish(self, account: Account, container_id: str) -> str:
        """Make a story of it."""
        return await self._call("publish", account, lambda: self._publish(container_id))

    async def permalink(self, account: Account, media_id: str) -> str | None:
        """Where it can be seen."""
        return await self._call("permalink", account, lambda: self._link(media_id))

    async def insights(self, account: Account, media_id: str) -> StoryInsights:
        """How it is seen."""
        return await self._call("insights", account, lambda: self.seen[media_id])

    async def quota(self, account: Account) -> Quota:
        """What is left."""
        return await self._call("quota", account, lambda: Quota(sum(self.stories.values()), 50))

    async def hints(self, account: Account, since: datetime) -> DoubtHints:
        """What may help."""
        assert since.tzinfo is not None
        live = sum(self.stories.values())
        return await self._call("hints", account, lambda: DoubtHints(live, live))

    async def renew(self, account: Account) -> FreshToken:
        """A new token."""
        return await self._call("renew", account, lambda: FreshToken(account.sealed_token))

    async def _call(self, name: str, account: Account, effect: Callable[[], T]) -> T:
        self.called.append(name)
        self.on_call(name)
        self._settle()
        fault = self.faults.take(name)
        if account.username in self.dead_tokens:
            raise TokenGone("Connect the account again.")
        await anyio.sleep(self.seconds + (self.publish_seconds if name == "publish" else 0.0))
        if fault is None:
            return effect()
        if fault.effect is Effect.BEFORE:
            effect()
        elif fault.effect is Effect.LATER:
            assert name == "publish", "nothing else matters later"
            self._later.append((anyio.current_time() + fault.later_seconds, list(self.containers)[-1]))
        if fault.silent:
            await anyio.sleep_forever()
        raise fault.error

    def _link(self, media_id: str) -> str | None:
        return f"https://instagram.example/{media_id}" if self.knows_links else None

    def _fetch(self, media_id: int, username: str, link_name: str) -> str:
        known = self.links.index(link_name) if link_name in self.links else len(self.links)
        self.links.append(link_name)
        if known < self.refused_links:
            raise Unreachable("Instagram could not fetch the file.")
        return self.make(media_id, username)

    def make(self, media_id: int, username: str = "studio") -> str:
        """Have a container, as a call would."""
        name = f"c{len(self.containers) + 1}"
        self.containers[name] = FakeContainer(username, media_id, anyio.current_time(), error=self.file_error)
        return name

    def _state(self, container_id: str) -> Container:
        if self.hides_containers:
            raise Refused("Instagram does not find this.")
        container = self.containers[container_id]
        age = anyio.current_time() - container.made_at
        if container.published:
            return Container(ContainerState.PUBLISHED)
        if container.error is not None:
            return Container(ContainerState.ERROR, container.error, container.error)
        if age >= EXPIRES_SECONDS:
            return Container(ContainerState.EXPIRED)
        return Container(ContainerState.FINISHED if age >= self.lag_seconds else ContainerState.IN_PROGRESS)

    def _publish(self, container_id: str) -> str:
        container = self.containers[container_id]
        if container.published and not self.accepts_again:
            raise Refused("It was published before.")
        if anyio.current_time() - container.made_at < self.lag_seconds + self.unready_seconds:
            raise Unreachable("Instagram is not done with the file yet.", 5.0)
        self.containers[container_id] = replace(container, published=container.published + 1)
        self.stories[container_id] += 1
        self.live.append(container.media_id)
        return f"m{sum(self.stories.values())}"

    def _settle(self) -> None:
        due = [name for at, name in self._later if at <= anyio.current_time()]
        self._later = [(at, name) for at, name in self._later if at > anyio.current_time()]
        for name in due:
            self._publish(name)
