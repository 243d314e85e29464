"""Tokens of the sandbox's Instagram: who they belong to, when they die, how they are renewed."""

from __future__ import annotations

from typing import Any

import pytest

from infra.logs import Redaction
from infra.sandbox.instagram.calls import APP_ID, APP_SECRET
from tests.infra.sandbox.graph import Graph, codes


def exchange(token: str, secret: str = APP_SECRET) -> dict[str, str]:
    return {
        "grant_type": "fb_exchange_token",
        "client_id": APP_ID,
        "client_secret": secret,
        "fb_exchange_token": token,
    }


async def test_account_is_told_by_its_token(graph: Graph) -> None:
    facebook = await graph.get(graph.account.id, fields="id,username")
    pages = await graph.get("me/accounts", fields="instagram_business_account{id,username}")
    other = graph.sandbox.instagram.create_account("bakery", "instagram")
    instagram = await graph.get("me", other.token, fields="user_id,username")

    assert facebook == {"id": graph.account.id, "username": "demo_studio"}
    assert pages["data"][0]["instagram_business_account"] == facebook
    assert (instagram["user_id"], instagram["username"]) == (other.id, "bakery")
    assert instagram["id"] != other.id


@pytest.mark.parametrize("token", ["nobody's", " "])
async def test_unknown_token_is_refused(graph: Graph, token: str) -> None:
    assert codes(await graph.get("me", token)) == (190, None)


async def test_expired_token_is_refused_everywhere(graph: Graph) -> None:
    container_id = await graph.create()
    graph.sandbox.instagram.expire_tokens(graph.account.id)

    assert codes(await graph.get(container_id)) == (190, 463)
    assert codes(await graph.publish(container_id)) == (190, 463)
    assert codes(await graph.get("refresh_access_token", grant_type="ig_refresh_token")) == (190, 463)
    assert graph.sandbox.instagram.live() == []


async def test_token_of_instagram_login_is_renewed_and_the_old_one_stays_good(graph: Graph) -> None:
    old = graph.account.token
    answer = await graph.get("refresh_access_token", grant_type="ig_refresh_token")

    assert answer["access_token"] == graph.account.token != old
    assert answer["expires_in"] > 59 * 86_400
    assert "id" in await graph.get(graph.account.id, old)
    assert "id" in await graph.get(graph.account.id, answer["access_token"])


async def test_token_of_facebook_login_is_exchanged_by_its_app_alone(graph: Graph) -> None:
    old = graph.account.token
    refused = await graph.get("oauth/access_token", **exchange(old, "wrong"))
    answer = await graph.get("oauth/access_token", **exchange(old))

    assert codes(refused) == (1, None)
    assert answer["access_token"] == graph.account.token != old


async def test_token_is_debugged(graph: Graph) -> None:
    good = (await graph.get("debug_token", input_token=graph.account.token))["data"]
    graph.sandbox.instagram.expire_tokens(graph.account.id)
    dead = (await graph.get("debug_token", input_token=graph.account.token))["data"]
    unknown = (await graph.get("debug_token", input_token="x"))["data"]

    assert (good["is_valid"], dead["is_valid"], unknown["is_valid"]) == (True, False, False)
    assert good["expires_at"] > dead["expires_at"]


@pytest.mark.parametrize(
    ("path", "values"),
    [("refresh_access_token", {"grant_type": "other"}), ("oauth/access_token", {"grant_type": "other"})],
)
async def test_renewal_of_another_kind_is_refused(graph: Graph, path: str, values: dict[str, Any]) -> None:
    assert codes(await graph.get(path, **values)) == (100, None)


async def test_tokens_of_the_sandbox_are_hidden_in_logs(graph: Graph) -> None:
    tokens = [graph.account.token, graph.sandbox.instagram.create_account("bakery", "instagram").token]

    assert [Redaction([]).text(f"it was {token}.") for token in tokens] == ["it was ***."] * 2
