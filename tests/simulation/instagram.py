"""Instagram: containers that take their time, and stories, of which it takes a second one as readily as the first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random

from actors.domain.account import Account, Container, ContainerState, DoubtHints, FreshToken, Quota, StoryInsights
from actors.domain.item import Story
from actors.errors import AnswerLost, DoubtfulRefusal, Refused, TokenGone, Unreachable
from tests.simulation.plan import Kind
from tests.simulation.processes import Process
from tests.simulation.weather import Weather
from tests.simulation.wire import Request, T, Wire

BAD_FILES = 0.05
LAG_SECONDS = 6.0
ERROR_THOUGH_LIVE = 0.3
UNREADABLE = 0.5
SHY = 0.25  # containers that cannot be read right after their publish call
HIDDEN = 0.1  # containers that can never be read, as by a page's token
FAILS_ONCE = 0.5  # of the containers that come to nothing: another one of the same file may not
FIRST_LINKS_REFUSED = 0.3  # as measured on live accounts: see infra/sandbox/instagram/rules.py
FURTHER_LINKS_REFUSED = 0.07
REMEMBERED_SECONDS = (30.0, 120.0)
SPAM = 0.3  # of the errors that come though the story is live: the words of a spam block
UNREADY = 0.08  # containers that say FINISHED and are not ready
UNREADY_SECONDS = (5.0, 99.0)


@dataclass(slots=True)
class Made:
    """A container."""

    media_id: int
    account_id: int
    ready_at: float
    broken: bool
    published: int = 0
    passes: bool = False
    shy: bool = False
    hidden: bool = False  # it could not be read: once, so that a later look tells
    never_read: bool = False
    publishable_at: float = 0.0

    @property
    def is_over(self) -> bool:
        """It failed, and is never published."""
        return self.broken and not self.published


@dataclass(frozen=True)
class Eyes:
    """Who looks on: the time, and who wants to hear of each story that goes live, and of each call for one.

    `fetched` hears of each link by which a file was to be fetched.
    """

    now: Callable[[], float]
    went_live: Callable[[Made, str], None]
    called: Callable[[Process, str], None] = lambda _process, _container: None
    fetched: Callable[[str], None] = lambda _link: None


class SimulatedInstagram:
    """The platform. `live` counts the stories of each media."""

    def __init__(self, dice: Random, eyes: Eyes) -> None:
        self._dice = dice
        self.eyes = eyes
        self.containers: dict[str, Made] = {}
        self.live: Counter[int] = Counter()
        self.lag_seconds = LAG_SECONDS
        self.dead_tokens: set[int] = set()
        self._refused_links: dict[str, float] = {}
        self._fetches: Counter[int] = Counter()

    def create(self, story: Story, account_id: int, link: str) -> str:
        """Begin to fetch a file, unless its link is refused, which is remembered for a while."""
        self.eyes.fetched(link)
        self._reach(story.media_id, link)
        name = f"c{len(self.containers) + 1}"
        broken = self._dice.random() < BAD_FILES
        ready_at = self.eyes.now() + self.lag_seconds * self._dice.random()
        made = Made(story.media_id, account_id, ready_at, broken, shy=self._dice.random() < SHY)
        made.passes = broken and self._dice.random() < FAILS_ONCE
        made.never_read = self._dice.random() < HIDDEN
        made.publishable_at = ready_at
        if self._dice.random() < UNREADY:
            made.publishable_at += self._dice.uniform(*UNREADY_SECONDS)
        self.containers[name] = made
        return name

    def _reach(self, media_id: int, link: str) -> None:
        if self.eyes.now() < self._refused_links.get(link, 0.0):
            raise Unreachable("The file could not be fetched.")
        self._fetches[media_id] += 1
        rate = FIRST_LINKS_REFUSED if self._fetches[media_id] == 1 else FURTHER_LINKS_REFUSED
        if link not in self._refused_links and self._dice.random() < rate:
            self._refused_links[link] = self.eyes.now() + self._dice.uniform(*REMEMBERED_SECONDS)
            raise Unreachable("The file could not be fetched.")

    def read(self, name: str) -> Container:
        """Say how far a container is."""
        made = self.containers[name]
        if made.published:
            return Container(ContainerState.PUBLISHED)
        if self.eyes.now() < made.ready_at:
            return Container(ContainerState.IN_PROGRESS)
        if made.broken:
            return Container(ContainerState.ERROR, "The file cannot be used.", passes=made.passes)
        return Container(ContainerState.FINISHED)

    def publish(self, name: str) -> str:
        """Make a story of a container; asked again it makes another one."""
        made = self.containers[name]
        if made.broken:
            raise AnswerLost("It cannot be used.")
        if self.eyes.now() < made.publishable_at:
            raise Unreachable("It is not ready.", 5.0)
        made.published += 1
        self.live[made.media_id] += 1
        self.eyes.went_live(made, name)
        return f"m{sum(self.live.values())}"


class InstagramPort:
    """Fills ports.Instagram for one process."""

    def __init__(self, platform: SimulatedInstagram, wire: Wire, weather: Weather) -> None:
        self._platform = platform
        self._wire = wire
        self._weather = weather

    async def create_container(self, account: Account, story: Story, link_name: str) -> str:
        """Begin to fetch the file."""
        return await self._ask("create_container", account, lambda: self._made(story, account, link_name))

    async def container(self, account: Account, container_id: str) -> Container:
        """Read a container."""
        return await self._ask("container", account, lambda: self._looked_at(account, container_id))

    async def publish(self, account: Account, container_id: str) -> str:
        """Publish; an error reply may come though the story is live."""
        self._platform.eyes.called(self._wire.process, container_id)
        return await self._ask("publish", account, lambda: self._published(account, container_id))

    async def permalink(self, account: Account, media_id: str) -> str | None:
        """Where it can be seen."""
        return await self._ask("permalink", account, lambda: f"https://instagram.example/{media_id}")

    async def insights(self, account: Account, media_id: str) -> StoryInsights:
        """How it is seen: the longer its number, the more often."""
        return await self._ask("insights", account, lambda: StoryInsights(views=len(media_id)))

    async def quota(self, account: Account) -> Quota:
        """What is left."""
        return await self._ask("quota", account, lambda: Quota(sum(self._platform.live.values()), 50))

    async def hints(self, account: Account, since: datetime) -> DoubtHints:
        """What may help people."""
        assert since.tzinfo is not None
        live = sum(self._platform.live.values())
        return await self._ask("hints", account, lambda: DoubtHints(live, live))

    async def renew(self, account: Account) -> FreshToken:
        """A new token."""
        return await self._ask("renew", account, lambda: FreshToken(account.sealed_token))

    def _made(self, story: Story, account: Account, link_name: str) -> str:
        try:
            return self._platform.create(story, account.id, link_name)
        except Unreachable:
            self._weather.note("instagram link refused", self._platform_now())
            raise

    def _looked_at(self, account: Account, container_id: str) -> Container:
        """A container that cannot be read says nothing of what became of it."""
        made = self._made_by(account, container_id)
        if made.never_read:
            self._weather.note("instagram container never readable", self._platform_now())
            raise Refused("It cannot be read.")
        lossy = self._weather.dice.random() < UNREADABLE * self._weather.strength(Kind.INSTAGRAM_LOSSY)
        if not made.hidden and (lossy or (made.shy and made.published)):
            made.hidden = True
            self._weather.note("instagram container unreadable", self._platform_now())
            raise Refused("It cannot be read.")
        return self._platform.read(container_id)

    def _published(self, account: Account, container_id: str) -> str:
        self._made_by(account, container_id)
        try:
            media_id = self._platform.publish(container_id)
        except Unreachable:
            self._weather.note("instagram not ready though finished", self._platform_now())
            raise
        lossy = self._weather.strength(Kind.INSTAGRAM_LOSSY)
        if self._weather.dice.random() < ERROR_THOUGH_LIVE * lossy:
            self._weather.note("instagram error though published", self._platform_now())
            lost = DoubtfulRefusal if self._weather.dice.random() < SPAM else AnswerLost
            raise lost("Instagram says that something went wrong")
        return media_id

    def _made_by(self, account: Account, container_id: str) -> Made:
        """A container belongs to its account; no other one can see it."""
        made = self._platform.containers[container_id]
        if made.account_id != account.id:
            raise Refused("The requested resource does not exist.")
        return made

    def _platform_now(self) -> float:
        return self._wire.timeline.now

    async def _ask(self, name: str, account: Account, effect: Callable[[], T]) -> T:
        return await self._wire.ask(Request("instagram", name, lambda: self._let_in(account, effect)))

    def _let_in(self, account: Account, effect: Callable[[], T]) -> T:
        if account.id in self._platform.dead_tokens:
            raise TokenGone("Connect the account again.")
        return effect()
