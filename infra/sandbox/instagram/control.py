"""The control API of the sandbox's Instagram: JSON under /sandbox/instagram/, for other processes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from aiohttp import web

from infra.sandbox.common.faults import Fault, FaultKind
from infra.sandbox.instagram.facade import SandboxInstagram
from infra.sandbox.instagram.model import FACEBOOK, GraphJson, InstagramAccount, LiveStory, MediaContainer

ADDRESS = "/sandbox/instagram"


class InstagramControl:
    """Plays a request's stage direction and answers with JSON."""

    def __init__(self, instagram: SandboxInstagram) -> None:
        self._instagram = instagram

    def add_routes(self, app: web.Application) -> None:
        """Serve everything under /sandbox/instagram/."""
        app.add_routes(
            [
                web.get(f"{ADDRESS}/accounts", self._accounts),
                web.post(f"{ADDRESS}/accounts", self._create_account),
                web.post(f"{ADDRESS}/tokens", self._expire_tokens),
                web.get(f"{ADDRESS}/containers", self._containers),
                web.get(f"{ADDRESS}/stories", self._stories),
                web.get(f"{ADDRESS}/rules", self._rules),
                web.post(f"{ADDRESS}/rules", self._set_rules),
                web.get(f"{ADDRESS}/faults", self._faults),
                web.post(f"{ADDRESS}/faults", self._set_fault),
                web.delete(f"{ADDRESS}/faults", self._clear_faults),
                web.delete(f"{ADDRESS}/faults/{{number}}", self._clear_faults),
                web.get(f"{ADDRESS}/stats", self._stats),
                web.get(f"{ADDRESS}/files/{{container_id}}", self._file),
            ]
        )

    async def _accounts(self, _: web.Request) -> web.Response:
        return web.json_response([show_account(each) for each in self._instagram.world.accounts.values()])

    async def _create_account(self, request: web.Request) -> web.Response:
        body = await request.json()
        return web.json_response(
            show_account(self._instagram.create_account(body["username"], body.get("login", FACEBOOK)))
        )

    async def _expire_tokens(self, request: web.Request) -> web.Response:
        body = await request.json()
        self._instagram.expire_tokens(str(body["account_id"]), float(body.get("in_seconds", 0)))
        return web.json_response({})

    async def _containers(self, _: web.Request) -> web.Response:
        return web.json_response([show_container(each) for each in self._instagram.world.containers.values()])

    async def _stories(self, _: web.Request) -> web.Response:
        return web.json_response([show_story(each) for each in self._instagram.live()])

    async def _rules(self, _: web.Request) -> web.Response:
        return web.json_response(asdict(self._instagram.world.rules))

    async def _set_rules(self, request: web.Request) -> web.Response:
        self._instagram.set_rules(**await request.json())
        return await self._rules(request)

    async def _faults(self, _: web.Request) -> web.Response:
        return web.json_response([armed.wire() for armed in self._instagram.faults.armed])

    async def _set_fault(self, request: web.Request) -> web.Response:
        body: dict[str, Any] = await request.json()
        return web.json_response({"number": self._instagram.set_fault(Fault(FaultKind(body.pop("kind")), **body))})

    async def _clear_faults(self, request: web.Request) -> web.Response:
        number = request.match_info.get("number")
        self._instagram.clear_faults(int(number) if number else None)
        return web.json_response({})

    async def _stats(self, _: web.Request) -> web.Response:
        return web.json_response(self._instagram.stats())

    async def _file(self, request: web.Request) -> web.Response:
        container = self._instagram.world.containers.get(request.match_info["container_id"])
        if container is None or container.fetched is None:
            raise web.HTTPNotFound
        return web.Response(body=container.fetched.content, content_type=container.fetched.content_type)


def show_account(account: InstagramAccount) -> GraphJson:
    """Write an account as the one who connects it needs it."""
    return {
        "id": account.id,
        "username": account.username,
        "login": account.login,
        "token": account.token,
        "expires_at": account.expires_at,
    }


def show_container(container: MediaContainer) -> GraphJson:
    """Write what a spectator sees of a container."""
    return {
        "id": container.id,
        "account_id": container.account_id,
        "kind": container.kind,
        "media": container.media,
        "made_at": container.made_at,
        "failure": container.failure,
        "stories": [story.id for story in container.stories],
    }


def show_story(story: LiveStory) -> GraphJson:
    """Write what a spectator sees of a story."""
    return asdict(story) | {"permalink": story.permalink}
