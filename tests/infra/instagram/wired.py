"""The adapter on a wire that gives one answer to every call."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from infra.instagram.graph import GraphInstagram, open_instagram
from infra.instagram.settings import GraphSettings
from tests.infra.instagram.accounts import around
from tests.infra.telegram.wire import replies, serve


@asynccontextmanager
async def answered(body: str | dict[str, object], code: int = 200) -> AsyncIterator[GraphInstagram]:
    """Yield the adapter."""
    async with (
        serve(replies(code, body)) as wire,
        open_instagram(GraphSettings(wire.url, wire.url), around()) as instagram,
    ):
        yield instagram
