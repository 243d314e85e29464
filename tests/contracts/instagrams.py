"""Three Instagrams that must agree: the fake of the actors' tests, the simulation's, and the adapter on the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Protocol

from actors.domain.account import Account
from actors.errors import AnswerLost
from actors.ports import Instagram
from infra.instagram.graph import open_instagram
from infra.instagram.settings import App, settings_for
from infra.sandbox.instagram import faults
from infra.sandbox.instagram.calls import APP_ID, APP_SECRET
from infra.sandbox.sandbox import Sandbox
from infra.sandbox.server import open_sandbox
from infra.sandbox.telegram.rules import Rules
from tests.fakes.faults import Effect, Fault
from tests.fakes.instagram import FakeInstagram
from tests.infra.instagram.accounts import account, account_of, around
from tests.infra.sandbox.graph import jpeg, open_shelf
from tests.simulation.calm import Calm, open_wires
from tests.simulation.instagram import Eyes, InstagramPort, SimulatedInstagram
from tests.simulation.weather import Harm


class World(Protocol):
    """An Instagram with one account, and what a test may do to it."""

    @property
    def instagram(self) -> Instagram: ...

    @property
    def account(self) -> Account: ...

    def live(self) -> int:
        """Count the stories that followers see."""
        ...

    def set_lag(self, seconds: float) -> None:
        """Have files take that long."""
        ...

    def lose_answer(self, *, published: bool) -> None:
        """Lose the answer to the next publish, before or after its effect."""
        ...

    def kill_token(self) -> None:
        """Have the account's token die."""
        ...


@dataclass(frozen=True)
class PaperWorld:
    """In memory."""

    instagram: FakeInstagram
    account: Account

    def live(self) -> int:
        return len(self.instagram.live)

    def set_lag(self, seconds: float) -> None:
        self.instagram.lag_seconds = seconds

    def lose_answer(self, *, published: bool) -> None:
        effect = Effect.BEFORE if published else Effect.NEVER
        self.instagram.faults.add(Fault(AnswerLost("lost"), effect), of="publish")

    def kill_token(self) -> None:
        self.instagram.dead_tokens.add(self.account.username)


@dataclass(frozen=True)
class SimulatedWorld:
    """On the simulation's wire."""

    platform: SimulatedInstagram
    instagram: Instagram
    account: Account
    weather: Calm

    def live(self) -> int:
        return sum(self.platform.live.values())

    def set_lag(self, seconds: float) -> None:
        self.platform.lag_seconds = seconds

    def lose_answer(self, *, published: bool) -> None:
        self.weather.harms["sent publish"] = Harm("lost reply" if published else "lost request")

    def kill_token(self) -> None:
        self.platform.dead_tokens.add(self.account.id)


@dataclass(frozen=True)
class SandboxWorld:
    """Over HTTP."""

    sandbox: Sandbox
    instagram: Instagram
    account: Account

    def live(self) -> int:
        return len(self.sandbox.instagram.live())

    def set_lag(self, seconds: float) -> None:
        self.sandbox.instagram.set_rules(lag_seconds=seconds)

    def lose_answer(self, *, published: bool) -> None:
        self.sandbox.instagram.set_fault(faults.LOST_AFTER if published else faults.LOST_BEFORE)

    def kill_token(self) -> None:
        self.sandbox.instagram.expire_tokens(self.account.ig_user_id)


@asynccontextmanager
async def open_paper_world() -> AsyncIterator[World]:
    """Yield the fake."""
    yield PaperWorld(FakeInstagram(), account())


class _Middling(Random):
    """No bad luck and no good one: no file is broken."""

    def random(self) -> float:
        return 0.5


@asynccontextmanager
async def open_simulated_world() -> AsyncIterator[World]:
    """Yield the simulation's, whose containers are ready at once."""
    async with open_wires() as (wire,):
        platform = SimulatedInstagram(_Middling(), Eyes(lambda: wire.timeline.now, lambda _made, _container: None))
        platform.lag_seconds = 0.0
        assert isinstance(wire.weather, Calm)
        yield SimulatedWorld(platform, InstagramPort(platform, wire, wire.weather), account(), wire.weather)


@asynccontextmanager
async def open_sandbox_world() -> AsyncIterator[World]:
    """Yield the adapter, with a picture that can be fetched."""
    async with open_sandbox(rules=Rules(limits=False)) as sandbox, open_shelf() as shelf:
        sandbox.instagram.set_rules(lag_seconds=0)
        shelf.put("a.jpg", jpeg())
        settings = settings_for(sandbox.url, App(APP_ID, APP_SECRET))
        async with open_instagram(settings, around(shelf.url)) as instagram:
            yield SandboxWorld(sandbox, instagram, account_of(sandbox.instagram.account))


WORLDS = {"paper": open_paper_world, "simulated": open_simulated_world, "sandbox": open_sandbox_world}
