"""Where the Graph API is, how long a call may take, and what the calls need from the rest of everytap."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import quote

from actors.domain.account import Login
from actors.domain.item import Story
from actors.ports import Clock

FACEBOOK_URL = "https://graph.facebook.com"
INSTAGRAM_URL = "https://graph.instagram.com"
# The newest that Meta's and others' samples use; each lives for two years at least, and none of our calls is new in it:
# developers.facebook.com/docs/graph-api/guides/versioning.
VERSION = "v25.0"
PUBLISH_SECONDS = 30.0  # design: shorter than the lease of a publish (75 s)
READ_SECONDS = 15.0


def straight(_: str) -> str | None:
    """No proxy, whatever is asked."""
    return None


@dataclass(frozen=True, slots=True)
class App:
    """Meta's app, which alone may renew the tokens of a Facebook login."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class GraphSettings:
    """Each login has a host of its own: developers.facebook.com/docs/instagram-platform/overview."""

    facebook_url: str = FACEBOOK_URL
    instagram_url: str = INSTAGRAM_URL
    app: App | None = None
    publish_seconds: float = PUBLISH_SECONDS
    read_seconds: float = READ_SECONDS
    proxy: Callable[[str], str | None] = field(default=straight, repr=False)

    def node(self, login: Login, *path: str) -> str:
        """Return the address of something in the graph."""
        return "/".join((self.host(login), VERSION, *(quote(part, safe="") for part in path)))

    def host(self, login: Login) -> str:
        """Return where the accounts of this login are served."""
        return (self.facebook_url if login is Login.FACEBOOK else self.instagram_url).rstrip("/")


def settings_for(api_url: str, app: App | None = None, proxy: Callable[[str], str | None] = straight) -> GraphSettings:
    """Return Meta's own two hosts, or, for any other address than the default, that one for both."""
    api_url = api_url.rstrip("/")
    hosts = (FACEBOOK_URL, INSTAGRAM_URL) if api_url == FACEBOOK_URL else (api_url, api_url)
    return GraphSettings(*hosts, app, proxy=proxy)


@dataclass(frozen=True, slots=True)
class GraphDependencies:
    """`link` says where Instagram can fetch a story: another address under each name.

    `unseal` raises `Unreachable` for a token that no key opens. It and `seal` are told whose
    the token is, see Account.whose.
    """

    unseal: Callable[[bytes, str], str]
    seal: Callable[[str, str], bytes]
    link: Callable[[Story, str], Awaitable[str]]
    clock: Clock
