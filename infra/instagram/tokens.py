"""Whose a token is, until when it is good, and a new one in its place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from actors.domain.account import Account, FreshToken, Login
from actors.errors import PortError, Refused, TokenGone
from infra.instagram import texts
from infra.instagram.calls import Calls
from infra.instagram.replies import FacebookPage, FacebookProfile, Inspected, Inspection, Listed, Made, Me, TokenReply
from infra.instagram.settings import App, GraphDependencies
from infra.instagram.wire import Ask

MAY_PUBLISH = {"instagram_content_publish", "instagram_business_content_publish"}
LATEST = 2**33  # seconds since 1970: what lies beyond is no date


@dataclass(frozen=True, slots=True)
class TokenOwner:
    """The account of a token; `expires_at` None: the token does not expire, or Instagram does not tell."""

    ig_user_id: str
    username: str
    expires_at: datetime | None = None


class Tokens:
    """Asks about tokens."""

    def __init__(self, calls: Calls, around: GraphDependencies) -> None:
        self._calls = calls
        self._around = around

    async def who(self, token: str, login: Login, ig_user_id: str | None) -> TokenOwner:
        """Say whose a token is; raises `Refused` with a sentence if it is of no use to us."""
        try:
            if login is Login.INSTAGRAM:
                return await self._instagram_owner(token, ig_user_id)
            found = await self._facebook_profile(token, ig_user_id)
            return TokenOwner(found.id, found.username, await self._end_of(token))
        except TokenGone as gone:
            # What it says is meant for a token that was good once.
            raise TokenGone(texts.NOT_TAKEN).having(gone.answered) from gone

    async def renew(self, account: Account) -> FreshToken:
        """Have a new token; raises `Refused` if this one cannot be renewed now, and is good all the same."""
        token = self._around.unseal(account.sealed_token, account.whose)
        try:
            fresh = await self._calls.make(self._renewal(token, account.login), TokenReply)
        except TokenGone as gone:
            await self._make_sure(token, account.login, gone)
            raise Refused(texts.NOT_YET) from gone
        ends = None if fresh.expires_in is None else self._around.clock.now() + timedelta(seconds=fresh.expires_in)
        return FreshToken(self._around.seal(fresh.access_token, account.whose), ends)

    async def _instagram_owner(self, token: str, ig_user_id: str | None) -> TokenOwner:
        ask = Ask(self._calls.settings.node(Login.INSTAGRAM, "me"), token, {"fields": "user_id,username"})
        found = await self._calls.read(ask, Me)
        if ig_user_id not in (None, found.user_id):
            raise Refused(texts.FOREIGN)
        return TokenOwner(found.user_id, found.username)

    async def _facebook_profile(self, token: str, ig_user_id: str | None) -> FacebookProfile:
        settings = self._calls.settings
        if ig_user_id is not None:
            ask = Ask(settings.node(Login.FACEBOOK, ig_user_id), token, {"fields": "id,username"})
            return await self._calls.read(ask, FacebookProfile)
        fields = {"fields": "instagram_business_account{id,username}", "limit": "100"}
        ask = Ask(settings.node(Login.FACEBOOK, "me", "accounts"), token, fields)
        pages = (await self._calls.read(ask, Listed[FacebookPage])).data
        return _only([page.instagram_business_account for page in pages if page.instagram_business_account is not None])

    async def _end_of(self, token: str) -> datetime | None:
        """Read when a token of a Facebook login ends; a right that it lacks is told now, not at the first story."""
        try:
            found = await self._inspected(token)
        except PortError:
            return None  # some tokens may not ask about themselves; the account is known, and that is enough
        if not found.is_valid:
            raise TokenGone(texts.NOT_TAKEN)
        if found.scopes and not MAY_PUBLISH.intersection(found.scopes):
            raise Refused(texts.MAY_NOT)
        return datetime.fromtimestamp(found.expires_at, UTC) if 0 < found.expires_at < LATEST else None

    async def _inspected(self, token: str) -> Inspected:
        # Meta knows no other place for the token than the query: see wire.py on URLs.
        app = self._calls.settings.app
        asking = token if app is None else f"{app.id}|{app.secret}"
        ask = Ask(self._calls.settings.node(Login.FACEBOOK, "debug_token"), asking, {"input_token": token})
        return (await self._calls.read(ask, Inspection)).data

    def _renewal(self, token: str, login: Login) -> Ask:
        settings = self._calls.settings
        if login is Login.INSTAGRAM:
            # developers.facebook.com/docs/instagram-platform/reference/refresh_access_token: it has no version, and the
            # token stands in its query; no URL leaves wire.py.
            query = {"grant_type": "ig_refresh_token", "access_token": token}
            return Ask(f"{settings.host(login)}/refresh_access_token", None, query)
        if settings.app is None:
            raise Refused(texts.NO_APP)
        return Ask(settings.node(login, "oauth", "access_token"), None, form=_exchange(settings.app, token))

    async def _make_sure(self, token: str, login: Login, gone: TokenGone) -> None:
        """Raise `gone` if the token is dead; a renewal that is refused with the same code does not prove it."""
        try:
            await self._calls.read(Ask(self._calls.settings.node(login, "me"), token, {"fields": "id"}), Made)
        except TokenGone:
            raise gone from None


def _only(found: list[FacebookProfile]) -> FacebookProfile:
    if not found:
        raise Refused(texts.NO_PAGE)
    if len(found) > 1:
        raise Refused(texts.several(", ".join(f"{each.id} (@{each.username})" for each in found)))
    return found[0]


def _exchange(app: App, token: str) -> dict[str, str]:
    return {
        "grant_type": "fb_exchange_token",
        "client_id": app.id,
        "client_secret": app.secret,
        "fb_exchange_token": token,
    }
