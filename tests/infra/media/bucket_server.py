"""A small S3 for the tests: objects in memory, and the checks of Signature Version 4 that a real one makes.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
"""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import parse_qsl, quote

from aiohttp import web
from aiohttp.test_utils import TestServer

BUCKET, REGION, KEY_ID, KEY = "stories", "eu-central-1", "AKTEST", "a key of the tests"
STAMP = "%Y%m%dT%H%M%SZ"
LARGEST = 64 * 1024 * 1024


@dataclass(frozen=True)
class Kept:
    content: bytes
    kind: str


@dataclass
class BucketServer:
    """What it holds, what it does next, and where it is."""

    objects: dict[str, Kept] = field(default_factory=dict)
    failures: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    late: timedelta = timedelta()
    moved_to: str = ""
    url: str = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path}")
        if self.failures:
            return web.Response(status=self.failures.pop(0))
        if self.moved_to:
            return web.Response(status=307, headers={"location": f"{self.moved_to}{request.path_qs}"})
        bucket, _, name = request.path.removeprefix("/").partition("/")
        if bucket != BUCKET:
            return web.Response(status=404)
        content = await request.read()
        if not self._is_signed(request, content):
            return web.Response(status=403)
        if request.method == "PUT":
            self.objects[name] = Kept(content, request.content_type)
            return web.Response(headers={"etag": f'"{sha256(content).hexdigest()}"'})
        return self._show(name)

    def _show(self, name: str) -> web.Response:
        kept = self.objects.get(name)
        if kept is None:
            return web.Response(status=404)
        headers = {"last-modified": "Sun, 01 Mar 2026 12:00:00 GMT", "etag": '"1"'}
        return web.Response(body=kept.content, content_type=kept.kind, headers=headers)

    def _is_signed(self, request: web.Request, content: bytes) -> bool:
        asked = dict(parse_qsl(request.query_string, keep_blank_values=True))
        if "X-Amz-Signature" in asked:
            signed = asked.pop("X-Amz-Signature")
            claim = Claim(asked["X-Amz-Credential"], asked["X-Amz-SignedHeaders"], asked["X-Amz-Date"])
            until = datetime.strptime(claim.stamp, STAMP).replace(tzinfo=UTC) + timedelta(
                seconds=int(asked["X-Amz-Expires"])
            )
            fresh = datetime.now(UTC) + self.late < until  # noqa: TID251 - the client signs with the real clock
            return fresh and hmac.compare_digest(signed, signature(request, claim, asked, "UNSIGNED-PAYLOAD"))
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        if scheme != "AWS4-HMAC-SHA256":
            return False
        given = dict(part.strip().split("=", 1) for part in rest.split(","))
        claim = Claim(given["Credential"], given["SignedHeaders"], request.headers["x-amz-date"])
        hashed = request.headers["x-amz-content-sha256"]
        whole = hashed in {"UNSIGNED-PAYLOAD", sha256(content).hexdigest()}
        return whole and hmac.compare_digest(given["Signature"], signature(request, claim, asked, hashed))


@dataclass(frozen=True)
class Claim:
    """Who says to have signed which headers, and when."""

    credential: str
    headers: str
    stamp: str


def signature(request: web.Request, claim: Claim, asked: Mapping[str, str], hashed: str) -> str:
    """Compute what the holder of our key would have signed."""
    query = "&".join(f"{quote(name, safe='')}={quote(asked[name], safe='')}" for name in sorted(asked))
    headers = "".join(f"{name}:{request.headers[name].strip()}\n" for name in claim.headers.split(";"))
    canonical = "\n".join((request.method, request.raw_path.split("?")[0], query, headers, claim.headers, hashed))
    scope = f"{claim.stamp[:8]}/{REGION}/s3/aws4_request"
    if claim.credential != f"{KEY_ID}/{scope}":
        return ""
    text = "\n".join(("AWS4-HMAC-SHA256", claim.stamp, scope, sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{KEY}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), sha256)
    return hmac.digest(key, text.encode(), sha256).hex()


@asynccontextmanager
async def bucket_server() -> AsyncIterator[BucketServer]:
    """Run one on loopback."""
    server = BucketServer()
    app = web.Application(client_max_size=LARGEST)
    app.router.add_route("*", "/{path:.*}", server.answer)
    running = TestServer(app, host="127.0.0.1")
    async with running:
        server.url = str(running.make_url("/")).rstrip("/")
        yield server
