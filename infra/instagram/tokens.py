"""Whose a token is, until when it is good, and a new one in its place."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from actors.domain.account import Account, FreshToken, Login
from actors.errors import PortError, Refused, TokenGone
from infra.instagram import texts
from infra.instagram.calls import Calls
from infra.instagram.replies import (
    FacebookPage,
    FacebookProfile,
    Inspected,
    Inspection,
    LimitReply,
    Listed,
    Made,
    Me,
    TokenReply,
)
from infra.instagram.settings import App, GraphDependencies
from infra.instagram.verdicts import PAGE_TOKEN, WRONG_SECRET
from infra.instagram.wire import Ask

PUBLISH = "instagram_content_publish"
MAY_PUBLISH = {PUBLISH, "instagram_business_content_publish"}
BUSINESS = "business_management"
PAGE = "PAGE"
LATEST = 2**33  # seconds since 1970: what lies beyond is no date
# A token of Instagram's dashboard is good for 60 days, and nothing tells since when:
# developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/get-started
UNKNOWN_LIFE = timedelta(days=60)
LONG_LIVED = timedelta(days=1)  # one from a login window is good for an hour or two


@dataclass(frozen=True, slots=True)
class TokenOwner:
    """The account of a token; `expires_at` None: the token does not expire.

    `data_access_ends_at` None: Instagram does not tell. `exchanged`: the token to be kept in the place of the one that
    was given, which was good for an hour or two.
    """

    ig_user_id: str
    username: str
    expires_at: datetime | None = None
    data_access_ends_at: datetime | None = None
    exchanged: str | None = field(default=None, repr=False)


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
            return await self._facebook_owner(token, ig_user_id)
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
        access = await self._data_access(fresh.access_token) if account.login is Login.FACEBOOK else None
        return FreshToken(self._around.seal(fresh.access_token, account.whose), ends, access)

    async def _instagram_owner(self, token: str, ig_user_id: str | None) -> TokenOwner:
        ask = Ask(self._calls.settings.node(Login.INSTAGRAM, "me"), token, {"fields": "user_id,username"})
        found = await self._calls.read(ask, Me)
        if ig_user_id not in (None, found.user_id):
            raise Refused(texts.FOREIGN)
        await self._require_right_of_instagram_token(token, found.user_id)
        return TokenOwner(found.user_id, found.username, self._around.clock.now() + UNKNOWN_LIFE)

    async def _require_right_of_instagram_token(self, token: str, ig_user_id: str) -> None:
        """Nothing tells the rights of such a token; counting its publishes takes the one to publish."""
        node = self._calls.settings.node(Login.INSTAGRAM, ig_user_id, "content_publishing_limit")
        try:
            await self._calls.read(Ask(node, token, {"fields": "quota_usage"}), Listed[LimitReply])
        except TokenGone:
            raise
        except Refused as refused:
            raise Refused(texts.MAY_NOT).having(refused.answered) from refused
        except PortError:
            return  # it does not answer just now: the first look at a card says what is wrong, if anything is

    async def _facebook_owner(self, token: str, ig_user_id: str | None) -> TokenOwner:
        inspected = await self._inspected_if_it_may(token)
        if inspected is None:
            await self._require_token_of_person(token)
        else:
            _require_use(inspected)
        found = await self._facebook_profile(token, ig_user_id, inspected)
        if inspected is None:
            return TokenOwner(found.id, found.username, self._around.clock.now() + UNKNOWN_LIFE)
        _require_right_for(found.id, inspected)
        ends, access = _moment(inspected.expires_at), _moment(inspected.data_access_expires_at)
        if ends is None or ends - self._around.clock.now() > LONG_LIVED:
            return TokenOwner(found.id, found.username, ends, access)
        return await self._exchanged(token, TokenOwner(found.id, found.username, ends, access))

    async def _exchanged(self, token: str, owner: TokenOwner) -> TokenOwner:
        """Have a token of 60 days in the place of one that ends within hours."""
        assert owner.expires_at is not None, "what never ends is not exchanged"
        app, now = self._calls.settings.app, self._around.clock.now()
        if app is None:
            raise Refused(texts.short_lived(max(1, (owner.expires_at - now) // timedelta(minutes=1))))
        fresh = await self._calls.make(self._renewal(token, Login.FACEBOOK), TokenReply)
        ends = now + (UNKNOWN_LIFE if fresh.expires_in is None else timedelta(seconds=fresh.expires_in))
        return replace(owner, expires_at=ends, exchanged=fresh.access_token)

    async def _facebook_profile(
        self, token: str, ig_user_id: str | None, inspected: Inspected | None
    ) -> FacebookProfile:
        settings = self._calls.settings
        if ig_user_id is not None:
            ask = Ask(settings.node(Login.FACEBOOK, ig_user_id), token, {"fields": "id,username"})
            return await self._calls.read(ask, FacebookProfile)
        fields = {"fields": "instagram_business_account{id,username}", "limit": "100"}
        ask = Ask(settings.node(Login.FACEBOOK, "me", "accounts"), token, fields)
        pages = (await self._calls.read(ask, Listed[FacebookPage])).data
        found = [page.instagram_business_account for page in pages if page.instagram_business_account is not None]
        # Since v17 the pages of a business are listed with this right alone.
        lacks = inspected is not None and bool(inspected.scopes) and BUSINESS not in inspected.scopes
        return _only(found, texts.NO_PAGE_OF_BUSINESS if lacks else texts.NO_PAGE)

    async def _require_token_of_person(self, token: str) -> None:
        """A page has no pages, and is told so in words alone; no other's answer matters here."""
        ask = Ask(self._calls.settings.node(Login.FACEBOOK, "me", "accounts"), token, {"fields": "id", "limit": "1"})
        try:
            await self._calls.read(ask, Listed[FacebookPage])
        except PortError as error:
            if str(error) == PAGE_TOKEN.sentence:
                raise

    async def _inspected_if_it_may(self, token: str) -> Inspected | None:
        """Some tokens may not ask about themselves; an app whose secret is wrong is told of."""
        try:
            return await self._inspected(token)
        except PortError as error:
            if str(error) == WRONG_SECRET.sentence:
                raise Refused(WRONG_SECRET.sentence).having(error.answered) from error
            return None

    async def _data_access(self, token: str) -> datetime | None:
        """Read until when the app may see anything: 90 days from the last time that the person was there."""
        try:
            return _moment((await self._inspected(token)).data_access_expires_at)
        except PortError:
            return None

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


def _require_use(inspected: Inspected) -> None:
    """What is wrong with a token is told now, and not at the first story."""
    if not inspected.is_valid:
        raise TokenGone(texts.NOT_TAKEN)
    if inspected.type == PAGE:
        raise Refused(PAGE_TOKEN.sentence)
    if inspected.scopes and not MAY_PUBLISH.intersection(inspected.scopes):
        raise Refused(texts.MAY_NOT)


def _require_right_for(ig_user_id: str, inspected: Inspected) -> None:
    """Say whether the person granted it for this account: developers.facebook.com/docs/permissions#granular."""
    granted = [each.target_ids for each in inspected.granular_scopes if each.scope in MAY_PUBLISH]
    if granted and not any(ids is None or ig_user_id in ids for ids in granted):
        raise Refused(texts.NOT_FOR_THIS)


def _moment(seconds: int) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < LATEST else None


def _only(found: list[FacebookProfile], none: str) -> FacebookProfile:
    if not found:
        raise Refused(none)
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
