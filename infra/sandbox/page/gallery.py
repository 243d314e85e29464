"""Instagram as the page shows it: the account, and its stories as followers see them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from infra.sandbox.instagram.control import ADDRESS
from infra.sandbox.instagram.facade import SandboxInstagram
from infra.sandbox.instagram.model import LiveStory
from infra.sandbox.instagram.rules import DAY_SECONDS
from infra.sandbox.page.look import clock_time

MOST_FRAMES = 40


@dataclass(frozen=True, slots=True)
class Frame:
    """One story, ready for its template."""

    id: str
    title: str
    item_id: int | None
    account: str
    kind: str
    url: str
    time: str
    is_double: bool


@dataclass(frozen=True, slots=True)
class AccountView:
    """One account with what is left of its token and its quota; `waiting` containers are not published."""

    username: str
    token: str
    is_dead: bool
    used: int
    total: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Gallery:
    """All that followers see; the newest story first."""

    profiles: tuple[AccountView, ...]
    frames: tuple[Frame, ...]
    live: int
    doubles: int


def gallery(instagram: SandboxInstagram, now: float) -> Gallery:
    """Show what is live."""
    live = instagram.live()
    doubles = {story.id for story in instagram.doubles()}
    frames = tuple(_frame(instagram, story, story.id in doubles) for story in live[: -MOST_FRAMES - 1 : -1])
    profiles = tuple(_profile(instagram, account_id, now) for account_id in instagram.world.accounts)
    return Gallery(profiles, frames, len(live), len(doubles))


def _frame(instagram: SandboxInstagram, story: LiveStory, is_double: bool) -> Frame:
    billed = instagram.item_of(story)
    return Frame(
        id=story.id,
        title=billed.title if billed else f"Story {story.id[-4:]}",
        item_id=billed.item_id if billed else None,
        account=instagram.world.accounts[story.account_id].username,
        kind=story.kind,
        url=f"{ADDRESS}/files/{story.container_id}",
        time=clock_time(story.at)[:5],
        is_double=is_double,
    )


def _profile(instagram: SandboxInstagram, account_id: str, now: float) -> AccountView:
    world = instagram.world
    account = world.accounts[account_id]
    states = [world.state(each, now) for each in world.containers.values() if each.account_id == account_id]
    return AccountView(
        username=account.username,
        token=_token(account.expires_at - now),
        is_dead=account.expires_at <= now,
        used=world.used(account, now),
        total=world.rules.quota_total,
        waiting=sum(1 for state in states if state in ("IN_PROGRESS", "FINISHED")),
    )


def _token(seconds: float) -> str:
    if seconds <= 0:
        return "token expired"
    days = math.ceil(seconds / DAY_SECONDS)
    return f"token good for {days} day{'s' if days > 1 else ''}"
