"""The Graph calls of a story: from arguments to what Instagram answers.

https://developers.facebook.com/docs/instagram-platform/content-publishing
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infra.sandbox.instagram.model import (
    INSTAGRAM,
    Fetched,
    GraphJson,
    InstagramAccount,
    LiveStory,
    MediaContainer,
    StoryLabels,
)
from infra.sandbox.instagram.rules import (
    DAY_SECONDS,
    GraphRefusal,
    invalid,
    needs_right,
    no_pages,
    not_a_tester,
    unknown,
    wrong_secret,
)
from infra.sandbox.instagram.world import InstagramWorld
from infra.sandbox.telegram.arguments import Arguments

APP_ID = "1000000000000001"
APP_SECRET = "sandbox-app-secret"  # noqa: S105 - it opens the sandbox only
ME = "me"
USERNAME = re.compile(r"[A-Za-z0-9._]{1,30}")
FIELD = re.compile(r"(\w+)(?:\{[^}]*\})?")
SEEN = {"views": 1204, "reach": 980, "replies": 0}
NAVIGATION = "story_navigation_action_type"
MOVES = {"tap_forward": 700, "tap_back": 40, "tap_exit": 31, "swipe_forward": 120}
PUBLISH = "instagram_content_publish"
SCOPES = ["instagram_basic", PUBLISH, "pages_show_list"]
DATA_ACCESS_SECONDS = 90 * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class CallDependencies:
    """What a call needs beside the world: the time, the media link, and a way to go on after the answer."""

    clock: Callable[[], float]
    fetch: Callable[[str, str, float], Awaitable[Fetched]]
    later: Callable[[Coroutine[Any, Any, None]], None]


@dataclass(frozen=True, slots=True)
class GraphCall:
    """One call: about which node, by which token, with which arguments."""

    world: InstagramWorld
    dependencies: CallDependencies
    arguments: Arguments
    node: str
    token: str

    @property
    def now(self) -> float:
        """What Instagram's clock says."""
        return self.dependencies.clock()

    def account(self) -> InstagramAccount:
        """Return the account that is called upon; raises what a foreign token is told."""
        account = self.world.sign_in(self.token, self.now)
        if not account.is_tester:
            raise not_a_tester("get")
        if self.node not in (ME, account.id):
            raise unknown(self.node)
        return account

    def pick(self, whole: GraphJson, default: str = "id") -> GraphJson:
        """Return the fields that were asked for."""
        wanted = FIELD.findall(self.arguments.text("fields") or default)
        return {name: value for name, value in whole.items() if name in [*wanted, "id"]}


async def create(call: GraphCall) -> GraphJson:
    """Make a container: an image is fetched while the caller waits, a video afterwards."""
    account = call.account()
    if call.arguments.text("media_type") != "STORIES":
        raise invalid("media_type: only STORIES are published here")
    image_url, video_url = call.arguments.text("image_url"), call.arguments.text("video_url")
    if bool(image_url) == bool(video_url):
        raise invalid("exactly one of image_url and video_url is needed")
    kind = "image" if image_url else "video"
    labels = _labels(call.arguments)
    container = call.world.create_container(account, kind, image_url or video_url, call.now)
    container.labels = labels
    if kind == "image":
        await _fetch(call, container, image_url)
    else:
        call.dependencies.later(_fetch_video(call, container, video_url))
    return {"id": container.id}


async def publish(call: GraphCall) -> GraphJson:
    """Make a story of a container."""
    container_id = call.arguments.text("creation_id")
    if not container_id:
        raise invalid("creation_id is needed")
    return {"id": call.world.publish(call.account(), container_id, call.now).id}


async def container(call: GraphCall) -> GraphJson:
    """Say what became of a container."""
    account = call.world.sign_in(call.token, call.now)
    call.world.may_read(call.token, call.node)
    found = call.world.container_of(account, call.node)
    whole = {"status_code": call.world.state(found, call.now), "status": call.world.words(found, call.now)}
    return call.pick({"id": found.id} | whole)


async def story(call: GraphCall) -> GraphJson:
    """Describe a published story."""
    account = call.world.sign_in(call.token, call.now)
    call.world.may_read(call.token, call.node)
    return call.pick(_story(call.world.story_of(account, call.node), account))


async def insights(call: GraphCall) -> GraphJson:
    """Tell how a story is seen, for 24 hours; an account of Europe is told 0 replies, whatever came.

    https://developers.facebook.com/docs/instagram-platform/reference/instagram-media/insights
    """
    account = call.world.sign_in(call.token, call.now)
    call.world.may_read(call.token, call.node)
    found = call.world.story_of(account, call.node)
    if not account.may_read_insights:
        raise needs_right("instagram_manage_insights")
    if account.is_seen_by_few:
        raise GraphRefusal(10, words="(#10) Not enough viewers for the media to show insights.")
    if found not in call.world.live(call.now, account.id):
        return {"data": []}
    wanted = call.arguments.text("metric").split(",")
    unknown_ones = [name for name in wanted if name not in {*SEEN, "navigation"}]
    if unknown_ones:
        raise invalid(f"metric[0] must be one of the following values: {', '.join(SEEN)}")
    told = [_metric(name, {"values": [{"value": SEEN[name]}]}) for name in wanted if name in SEEN]
    if "navigation" in wanted:
        parts = [{"dimension_values": [name], "value": value} for name, value in MOVES.items()]
        split = {"breakdowns": [{"dimension_keys": [NAVIGATION], "results": parts}]}
        broken_down = split if call.arguments.text("breakdown") == NAVIGATION else {}
        told.append(_metric("navigation", {"total_value": {"value": sum(MOVES.values())} | broken_down}))
    return {"data": told}


async def stories(call: GraphCall) -> GraphJson:
    """List the stories of the last 24 hours."""
    account = call.account()
    return {"data": [call.pick(_story(each, account)) for each in call.world.live(call.now, account.id)[::-1]]}


async def quota(call: GraphCall) -> GraphJson:
    """Count the publishes, and say how many there may be."""
    account, rules = call.account(), call.world.rules
    if not account.may_publish:
        raise needs_right(PUBLISH)
    since = call.arguments.integer("since") or None
    config = {"quota_total": rules.quota_total, "quota_duration": int(rules.quota_seconds)}
    whole = {"quota_usage": call.world.used(account, call.now, since), "config": config}
    return {"data": [call.pick(whole, "quota_usage")]}


async def account(call: GraphCall) -> GraphJson:
    """Describe an account. Instagram's `me` has an id of the app's own; Facebook's is the person behind the account."""
    found = call.account()
    if call.node != ME:
        return call.pick({"id": found.id, "username": found.username, "name": found.username})
    if found.login == INSTAGRAM:
        named = {"user_id": found.id, "username": found.username, "account_type": "BUSINESS"}
        return call.pick({"id": f"25{found.id[2:]}"} | named)
    return call.pick({"id": f"10{found.id[2:]}", "name": "Sandbox Person"}, "id,name")


async def pages(call: GraphCall) -> GraphJson:
    """List the Facebook pages of a person, each with its Instagram account."""
    found = call.account()
    if call.world.find_login(call.token)[1].is_of_page:
        raise no_pages()
    if found.is_of_business:
        return {"data": []}
    connected = {"id": found.id, "username": found.username}
    page = {"id": f"20{found.id[2:]}", "name": found.username, "instagram_business_account": connected}
    return {"data": [call.pick(page, "name")]}


async def debug(call: GraphCall) -> GraphJson:
    """Say what a token is good for, and until when."""
    try:
        found, login = call.world.find_login(call.arguments.text("input_token"))
    except GraphRefusal as refusal:
        error = {"code": refusal.code, "message": refusal.message}
        return {"data": {"is_valid": False, "error": error, "scopes": []}}
    if call.token.startswith(f"{APP_ID}|") and call.token != f"{APP_ID}|{APP_SECRET}":
        raise wrong_secret()
    scopes = [scope for scope in SCOPES if found.may_publish or scope != PUBLISH]
    granted = {"scope": PUBLISH} | ({} if found.publishes_for is None else {"target_ids": list(found.publishes_for)})
    data_access_ends_at = found.data_access_ends_at or call.now + DATA_ACCESS_SECONDS
    known = {
        "app_id": APP_ID,
        "type": "PAGE" if login.is_of_page else "USER",
        "user_id": f"10{found.id[2:]}",
        "scopes": scopes,
        "granular_scopes": [granted] if found.may_publish else [],
        "data_access_expires_at": int(data_access_ends_at),
    }
    return {"data": known | {"is_valid": call.now < login.expires_at, "expires_at": int(login.expires_at)}}


async def renew(call: GraphCall) -> GraphJson:
    """Give a new token for a good one of Instagram's login."""
    if call.arguments.text("grant_type") not in {"ig_refresh_token", "ig_exchange_token"}:
        raise invalid("grant_type must be ig_refresh_token")
    return _fresh(call, call.world.sign_in(call.token, call.now))


async def exchange(call: GraphCall) -> GraphJson:
    """Give a new token for a good one of Facebook's login, to the app that proves itself."""
    if call.arguments.text("grant_type") != "fb_exchange_token":
        raise invalid("grant_type must be fb_exchange_token")
    if (call.arguments.text("client_id"), call.arguments.text("client_secret")) != (APP_ID, APP_SECRET):
        raise wrong_secret()
    return _fresh(call, call.world.sign_in(call.arguments.text("fb_exchange_token"), call.now))


CALLS: dict[str, Callable[[GraphCall], Awaitable[GraphJson]]] = {
    "create": create,
    "publish": publish,
    "container": container,
    "story": story,
    "stories": stories,
    "insights": insights,
    "quota": quota,
    "account": account,
    "pages": pages,
    "debug": debug,
    "renew": renew,
    "exchange": exchange,
}


def _metric(name: str, figures: GraphJson) -> GraphJson:
    return {"name": name, "period": "lifetime", "title": name.capitalize()} | figures


def _labels(arguments: Arguments) -> StoryLabels:
    """Read `user_tags`, a JSON array of objects each with a `username`, and `is_ai_generated`."""
    try:
        tags = json.loads(arguments.text("user_tags") or "[]")
        names = tuple(tag["username"] for tag in tags)
    except (ValueError, TypeError, KeyError):
        raise invalid("user_tags") from None
    if not all(isinstance(name, str) and USERNAME.fullmatch(name) for name in names):
        raise invalid("user_tags")
    return StoryLabels(names, arguments.text("is_ai_generated") == "true")


async def _fetch(call: GraphCall, container: MediaContainer, url: str) -> None:
    try:
        call.world.reach(url, call.now)
        file = await call.dependencies.fetch(url, container.kind, call.world.rules.fetch_timeout_seconds)
    except GraphRefusal as refusal:
        call.world.not_fetched(container, refusal, call.now)
        raise
    call.world.fetched(container, file, call.now)


async def _fetch_video(call: GraphCall, container: MediaContainer, url: str) -> None:
    try:
        await _fetch(call, container, url)
    except GraphRefusal:
        return  # the container says so when it is read


def _story(found: LiveStory, account: InstagramAccount) -> GraphJson:
    at = datetime.fromtimestamp(found.at, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
    described = {"media_type": found.kind.upper(), "media_product_type": "STORY", "permalink": found.permalink}
    return {"id": found.id, "timestamp": at, "username": account.username} | described


def _fresh(call: GraphCall, account: InstagramAccount) -> GraphJson:
    login = call.world.renew(account, call.now)
    return {"access_token": login.token, "token_type": "bearer", "expires_in": int(login.expires_at - call.now)}
