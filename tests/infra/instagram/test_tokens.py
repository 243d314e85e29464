"""Whose a token is, and a new one in its place, asked of the sandbox's Instagram."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from actors.domain.account import Login
from actors.errors import AnswerLost, Refused, TokenGone
from infra.instagram.graph import GraphInstagram, open_instagram
from infra.instagram.settings import App, GraphDependencies, settings_for
from infra.instagram.tokens import TokenOwner
from infra.sandbox.common.faults import Fault, FaultKind
from infra.sandbox.instagram.calls import APP_ID, APP_SECRET
from infra.sandbox.sandbox import Sandbox
from tests.infra.instagram.accounts import NOON, TOKEN, StandingClock, account, account_of, around, unseal
from tests.infra.instagram.wired import answered

IN_60_DAYS = NOON + timedelta(days=60)


async def test_row_24_account_that_is_no_tester_of_the_app_is_told_so(
    instagram: GraphInstagram, sandbox: Sandbox
) -> None:
    """It is "Unsupported request - method type: get" with code 100, "for /me, refresh and all"."""
    bakery = sandbox.instagram.create_account("bakery", "instagram")
    bakery.is_tester = False

    with pytest.raises(Refused, match="added to the app as a tester"):
        await instagram.who(bakery.token, Login.INSTAGRAM, None)


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("inspected", [False, True])
async def test_row_25_token_of_a_page_is_refused_with_what_to_take_instead(
    instagram: GraphInstagram, sandbox: Sandbox, named: bool, inspected: bool
) -> None:
    """With --ig-user-id it was "taken silently", and then nothing that it made could be read."""
    studio = sandbox.instagram.account
    token = sandbox.instagram.give_page_token(studio)
    if not inspected:
        sandbox.instagram.set_fault(Fault(FaultKind.GRAPH_ERROR, "debug", code=100))

    with pytest.raises(Refused, match="Take the token of the person who manages the page"):
        await instagram.who(token, Login.FACEBOOK, studio.id if named else None)


async def test_row_26_page_of_a_business_asks_for_the_right_by_which_it_is_listed(
    instagram: GraphInstagram, sandbox: Sandbox
) -> None:
    """Since v17 "business_management is needed for pages in a business"."""
    sandbox.instagram.account.is_of_business = True

    with pytest.raises(Refused, match="business_management"):
        await instagram.who(sandbox.instagram.account.token, Login.FACEBOOK, None)


async def test_row_27_right_that_was_granted_for_another_account_is_none(
    instagram: GraphInstagram, sandbox: Sandbox
) -> None:
    """It is the right that "people trim per account": it was found at the first story."""
    studio = sandbox.instagram.account
    studio.publishes_for = ("17841400000000099",)
    with pytest.raises(Refused, match="for other accounts only"):
        await instagram.who(studio.token, Login.FACEBOOK, None)

    studio.publishes_for = ("17841400000000099", studio.id)

    assert (await instagram.who(studio.token, Login.FACEBOOK, None)).ig_user_id == studio.id


async def test_row_27_instagram_token_without_the_right_to_publish_is_refused(
    instagram: GraphInstagram, sandbox: Sandbox
) -> None:
    """It was the token of which "no right is looked at"."""
    bakery = sandbox.instagram.create_account("bakery", "instagram")
    bakery.may_publish = False

    with pytest.raises(Refused, match="may not publish"):
        await instagram.who(bakery.token, Login.INSTAGRAM, None)


def today(sandbox: Sandbox) -> GraphDependencies:
    """What the adapter needs, told the time as the sandbox is."""
    return replace(around(), clock=StandingClock(datetime.fromtimestamp(sandbox.clock(), UTC)))


async def test_token_of_an_hour_is_exchanged_for_one_of_60_days(sandbox: Sandbox) -> None:
    studio, outside = sandbox.instagram.account, today(sandbox)
    given = studio.token
    sandbox.instagram.expire_tokens(studio.id, 3660)
    async with open_instagram(settings_for(sandbox.url, App(APP_ID, APP_SECRET)), outside) as instagram:
        owner = await instagram.who(given, Login.FACEBOOK, None)

    assert owner.exchanged == studio.token != given
    assert owner.expires_at is not None
    assert owner.expires_at - outside.clock.now() > timedelta(days=59)
    assert studio.token not in repr(owner)


async def test_token_of_an_hour_that_cannot_be_exchanged_is_refused(sandbox: Sandbox) -> None:
    studio = sandbox.instagram.account
    sandbox.instagram.expire_tokens(studio.id, 3660)
    async with open_instagram(settings_for(sandbox.url), today(sandbox)) as instagram:
        with pytest.raises(Refused, match=r"good for 6\d minutes only\. Set FACEBOOK_APP_ID"):
            await instagram.who(studio.token, Login.FACEBOOK, None)


async def test_row_29_end_of_the_access_to_data_is_read_and_read_again_with_each_renewal(
    instagram: GraphInstagram, sandbox: Sandbox
) -> None:
    """The token "stays valid; exchange does not help", and the app is shut out on day 90."""
    studio = sandbox.instagram.account
    studio.data_access_ends_at = (NOON + timedelta(days=9)).timestamp()

    owner = await instagram.who(studio.token, Login.FACEBOOK, None)
    fresh = await instagram.renew(account_of(studio))

    assert owner.data_access_ends_at == fresh.data_access_ends_at == NOON + timedelta(days=9)


async def test_row_32_wrong_secret_of_the_app_is_told_as_that(sandbox: Sandbox) -> None:
    """It is "Error validating client secret", and comes "as code 1 (or 100), not 101"."""
    studio = sandbox.instagram.account
    settings = settings_for(sandbox.url, App(APP_ID, "wrong"))
    async with open_instagram(settings, around()) as instagram:
        for asked in (instagram.who(studio.token, Login.FACEBOOK, None), instagram.renew(account_of(studio))):
            with pytest.raises(Refused, match="does not accept our app's id and secret"):
                await asked


async def test_owner_of_a_facebook_login_is_found_by_its_page(instagram: GraphInstagram, sandbox: Sandbox) -> None:
    studio = sandbox.instagram.account

    owner = await instagram.who(studio.token, Login.FACEBOOK, None)

    assert (owner.ig_user_id, owner.username) == (studio.id, "demo_studio")
    assert owner.expires_at is not None
    assert int(owner.expires_at.timestamp()) == int(studio.expires_at)


async def test_named_account_of_a_facebook_login_is_looked_up(instagram: GraphInstagram, sandbox: Sandbox) -> None:
    studio = sandbox.instagram.account

    assert (await instagram.who(studio.token, Login.FACEBOOK, studio.id)).username == "demo_studio"


async def test_owner_of_an_instagram_login_is_told_by_itself(instagram: GraphInstagram, sandbox: Sandbox) -> None:
    bakery = sandbox.instagram.create_account("bakery", "instagram")

    owner = TokenOwner(bakery.id, "bakery", IN_60_DAYS)

    assert await instagram.who(bakery.token, Login.INSTAGRAM, None) == owner
    assert await instagram.who(bakery.token, Login.INSTAGRAM, bakery.id) == owner


@pytest.mark.parametrize("login", list(Login))
async def test_token_of_another_account_is_refused(instagram: GraphInstagram, sandbox: Sandbox, login: Login) -> None:
    bakery = sandbox.instagram.create_account("bakery", login.value)

    with pytest.raises(Refused):
        await instagram.who(bakery.token, login, sandbox.instagram.account.id)


@pytest.mark.parametrize("login", list(Login))
async def test_token_that_was_never_good_is_refused_as_such(instagram: GraphInstagram, login: Login) -> None:
    """Nobody has anything to connect again."""
    with pytest.raises(TokenGone, match=r"^This token is refused by Instagram\. Make a new one"):
        await instagram.who(TOKEN, login, None)


async def test_owner_is_known_though_the_token_cannot_be_inspected(instagram: GraphInstagram, sandbox: Sandbox) -> None:
    sandbox.instagram.set_fault(Fault(FaultKind.GRAPH_ERROR, "debug", code=100))
    studio = sandbox.instagram.account

    assert await instagram.who(studio.token, Login.FACEBOOK, None) == TokenOwner(studio.id, "demo_studio", IN_60_DAYS)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"data": []}, "sees no Instagram account"),
        ({"data": [{"id": "1"}]}, "sees no Instagram account"),
        (
            {"data": [{"instagram_business_account": {"id": str(one), "username": f"shop{one}"}} for one in (1, 2)]},
            r"1 \(@shop1\), 2 \(@shop2\)",
        ),
    ],
)
async def test_token_of_none_or_several_accounts_is_refused(answer: dict[str, object], sentence: str) -> None:
    async with answered(answer) as instagram:
        with pytest.raises(Refused, match=sentence):
            await instagram.who(TOKEN, Login.FACEBOOK, None)


@pytest.mark.parametrize(
    ("found", "error"),
    [
        ({"is_valid": False}, TokenGone),
        ({"is_valid": True, "scopes": ["instagram_basic"]}, Refused),
    ],
)
async def test_token_that_is_of_no_use_is_refused(found: dict[str, object], error: type[Refused]) -> None:
    answer: dict[str, object] = {"id": "1", "username": "shop", "data": found}
    async with answered(answer) as instagram:
        with pytest.raises(error):
            await instagram.who(TOKEN, Login.FACEBOOK, "1")


async def test_token_that_never_ends_has_no_end() -> None:
    answer: dict[str, object] = {"id": "1", "username": "shop", "data": {"is_valid": True, "expires_at": 0}}
    async with answered(answer) as instagram:
        assert (await instagram.who(TOKEN, Login.FACEBOOK, "1")).expires_at is None


@pytest.mark.parametrize("body", [{"user_id": 7, "username": "b"}, {"data": [{"user_id": "7", "username": "b"}]}])
async def test_owner_is_read_bare_and_out_of_a_list(body: dict[str, object]) -> None:
    async with answered(body) as instagram:
        assert await instagram.who(TOKEN, Login.INSTAGRAM, None) == TokenOwner("7", "b", IN_60_DAYS)


@pytest.mark.parametrize("login", list(Login))
async def test_token_is_renewed_and_sealed(instagram: GraphInstagram, sandbox: Sandbox, login: Login) -> None:
    bakery = sandbox.instagram.create_account("bakery", login.value)
    old = bakery.token

    fresh = await instagram.renew(account_of(bakery))

    assert unseal(fresh.sealed_token, account_of(bakery).whose) == bakery.token != old
    assert fresh.expires_at is not None
    assert fresh.expires_at - NOON > timedelta(days=59)


async def test_dead_token_cannot_be_renewed(instagram: GraphInstagram, sandbox: Sandbox) -> None:
    studio = sandbox.instagram.account
    sandbox.instagram.expire_tokens(studio.id)

    with pytest.raises(TokenGone):
        await instagram.renew(account_of(studio))


async def test_good_token_that_is_not_renewed_is_not_gone(instagram: GraphInstagram, sandbox: Sandbox) -> None:
    """A token that is too young is refused, and must not be taken for dead."""
    sandbox.instagram.set_fault(Fault(FaultKind.GRAPH_ERROR, "exchange", code=190))

    with pytest.raises(Refused, match="still takes it") as caught:
        await instagram.renew(account_of(sandbox.instagram.account))

    assert not isinstance(caught.value, TokenGone)


async def test_token_of_a_facebook_login_needs_the_app(sandbox: Sandbox) -> None:
    async with open_instagram(settings_for(sandbox.url), around()) as instagram:
        with pytest.raises(Refused, match="app's id and secret"):
            await instagram.renew(account_of(sandbox.instagram.account))


async def test_new_token_without_an_end_does_not_end() -> None:
    async with answered({"access_token": "IGAAfresh"}) as instagram:
        fresh = await instagram.renew(account(login=Login.INSTAGRAM))

    whose = account(login=Login.INSTAGRAM).whose
    assert (unseal(fresh.sealed_token, whose), fresh.expires_at) == ("IGAAfresh", None)


async def test_lost_answer_to_a_renewal_leaves_the_old_token(instagram: GraphInstagram, sandbox: Sandbox) -> None:
    sandbox.instagram.set_fault(Fault(FaultKind.RESET_AFTER, "exchange", times=1))
    studio = account_of(sandbox.instagram.account)

    with pytest.raises(AnswerLost):
        await instagram.renew(studio)

    assert (await instagram.renew(studio)).expires_at is not None
