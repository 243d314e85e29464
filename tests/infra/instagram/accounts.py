"""Accounts and stories for the adapter, a vault that hides nothing, and a clock that stands."""

from dataclasses import dataclass
from datetime import UTC, datetime

from actors.domain.account import Account, Login, whose
from actors.domain.item import MediaKind, Story
from actors.errors import Unreachable
from infra.instagram.settings import GraphDependencies
from infra.sandbox.instagram.model import InstagramAccount

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TOKEN = "EAAsecretsecretsecretsecretsecretsecret"
SIGNATURE = "signature=secret"


@dataclass(frozen=True)
class StandingClock:
    at: datetime = NOON

    def now(self) -> datetime:
        return self.at


def seal(token: str, whose: str) -> bytes:
    return f"sealed {token} of {whose}".encode()


def unseal(sealed: bytes, whose: str) -> str:
    text, end = sealed.decode(), f" of {whose}"
    if not text.startswith("sealed ") or not text.endswith(end):
        raise Unreachable("No key opens this token.")
    return text.removeprefix("sealed ").removesuffix(end)


def around(links: str = "https://stories.example") -> GraphDependencies:
    """What the adapter needs, with stories to be fetched below an address."""

    async def link(story: Story, name: str) -> str:
        return f"{links}/media/{story.path}?{SIGNATURE}&try={name}"

    return GraphDependencies(unseal, seal, link, StandingClock())


def account(token: str = TOKEN, login: Login = Login.FACEBOOK, ig_user_id: str = "17841400000000001") -> Account:
    return Account(1, ig_user_id, "demo_studio", login, seal(token, whose(login, ig_user_id)))


def account_of(found: InstagramAccount) -> Account:
    """One of the sandbox's accounts, as everytap keeps it."""
    return account(found.token, Login(found.login), found.id)


def story(path: str = "a.jpg", kind: MediaKind = MediaKind.PHOTO) -> Story:
    return Story(1, kind, path, path, "Title", "Caption")
