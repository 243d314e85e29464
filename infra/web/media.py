"""The files of the stories over HTTP, for a client with a signed link: Instagram, when it makes a container."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

# A link is for one visitor; what it shows is not to be kept, its kind not to be guessed, and it is not to be listed.
HEADERS = {
    "cache-control": "private, no-store",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
    "referrer-policy": "no-referrer",
}


class MediaFiles(Protocol):
    """Where the files are."""

    def opens(self, path: str, until: str, signature: str) -> bool:
        """Say whether these belong together, and still hold; from memory, at once."""
        ...

    async def place(self, path: str) -> Path | None:
        """Find the file; None if there is none."""
        ...

    def content_type(self, path: str) -> str:
        """Return the media type that the file's ending stands for."""
        ...


def media_route(shelf: MediaFiles) -> Route:
    """GET and HEAD of /media/…, ranges too; without a good link a client does not learn what is there."""

    async def media(request: Request) -> Response:
        path = request.path_params["path"]
        asked = request.query_params
        if not shelf.opens(path, asked.get("until", ""), asked.get("signature", "")):
            return PlainTextResponse("This link is not valid, or not any more.", 403, HEADERS)
        place = await shelf.place(path)
        if place is None:
            return PlainTextResponse("There is no such file.", 404, HEADERS)
        return FileResponse(place, media_type=shelf.content_type(path), headers=HEADERS)

    return Route("/media/{path:path}", media)
