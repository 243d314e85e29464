"""A caller of the sandbox's Graph API that speaks plain HTTP, and a server from which Instagram fetches files."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from PIL import Image

from infra.sandbox.instagram.model import InstagramAccount
from infra.sandbox.sandbox import Sandbox

JPEG = "image/jpeg"


def jpeg(width: int = 90, height: int = 160, kind: str = "JPEG") -> bytes:
    """Make a small picture."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), (200, 90, 60)).save(file, kind)
    return file.getvalue()


@dataclass
class Shelf:
    """Files by name, each as (code, content type, content); every fetch is remembered."""

    url: str = ""
    files: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)

    def put(self, name: str, content: bytes, content_type: str = JPEG, code: int = 200) -> str:
        """Lay a file out; returns its link."""
        self.files[name] = (code, content_type, content)
        return f"{self.url}/media/{name}?signature=secret"

    async def serve(self, request: web.Request) -> web.Response:
        """Hand a file out."""
        name = request.match_info["name"]
        self.fetched.append(name)
        code, content_type, content = self.files.get(name, (404, "text/plain", b""))
        headers = {"location": f"{self.url}/media/a.jpg"} if code == 302 else {}
        return web.Response(body=content, content_type=content_type, status=code, headers=headers)


@asynccontextmanager
async def open_shelf() -> AsyncIterator[Shelf]:
    """Yield a shelf on a free port."""
    shelf, app = Shelf(), web.Application()
    app.router.add_get("/media/{name}", shelf.serve)
    async with TestServer(app) as server:
        shelf.url = str(server.make_url("")).rstrip("/")
        yield shelf


@dataclass(frozen=True)
class Graph:
    """Calls as an account does, and returns the whole answer."""

    http: ClientSession
    sandbox: Sandbox
    shelf: Shelf

    @property
    def account(self) -> InstagramAccount:
        return self.sandbox.instagram.account

    def url(self, path: str) -> str:
        return f"{self.sandbox.url}/v23.0/{path}"

    async def get(self, path: str, token: str | None = None, **values: str) -> Any:
        """Read with the token in the header."""
        headers = {"authorization": f"Bearer {token or self.account.token}"}
        async with self.http.get(self.url(path), params=values, headers=headers) as reply:
            return await reply.json()

    async def post(self, path: str, **values: str) -> Any:
        """Send a form with the token in it."""
        form = {"access_token": self.account.token} | values
        async with self.http.post(self.url(path), data=form) as reply:
            return await reply.json()

    async def create(self, name: str = "a.jpg") -> str:
        """Make a container of a fine picture."""
        link = self.shelf.put(name, jpeg())
        answer = await self.post(f"{self.account.id}/media", media_type="STORIES", image_url=link)
        return str(answer["id"])

    async def publish(self, container_id: str) -> Any:
        """Publish a container."""
        return await self.post(f"{self.account.id}/media_publish", creation_id=container_id)

    async def state(self, container_id: str) -> str:
        """Read a container's status_code."""
        return str((await self.get(container_id, fields="status_code,status"))["status_code"])


def codes(answer: Any) -> tuple[int, int | None]:
    """Return the codes of a refusal."""
    error = answer["error"]
    return error["code"], error.get("error_subcode")
