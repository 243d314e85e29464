"""What a live chat is told before it matters: whether Auto Post would work, and that a token ends."""

from __future__ import annotations

import anyio
import pytest

from actors.errors import Refused
from infra.postgres.admin import open_admin
from infra.postgres.connect import DatabaseAddress
from tests.fakes.faults import Fault
from tests.fakes.instagram import FakeInstagram
from tests.stage import ANNA, CHAT, Stage

# As the operator's command does: cards that are open show the account.
SHOW = "update cards set shown = -1, claimed_until = null"
ENDS = "update accounts set token_expires_at = now() + interval '{}'"
ACCOUNT = {
    "ig_user_id": "17841",
    "username": "studio",
    "login": "facebook",
    "sealed_token": b"another",
    "token_expires_at": None,
}


async def test_live_card_says_that_auto_post_would_work_and_takes_the_tap(stage: Stage) -> None:
    stage.instagram = instagram = FakeInstagram()
    await stage.add_chat(live=True)
    await stage.connect()
    await stage.database.execute(ENDS.format("43 days 1 hour"))

    async with stage.worker():
        item, card = await stage.present()
        await stage.says(card, "✅ Ready: @studio, token 43 days, 50 of 50 posts left")
        stage.tap(card, ANNA, "Auto Post")
        await stage.row_is(item, "posted")
        await stage.says(card, "Posted via Instagram by")

    assert "Ready" not in stage.text(card)
    assert len(instagram.live) == 1


async def test_live_card_without_an_account_says_so_until_there_is_one(stage: Stage) -> None:
    await stage.add_chat(live=True)

    async with stage.worker() as worker:
        _, card = await stage.present()
        await stage.says(card, "⚠️ No Instagram account is connected: tell the operator.")

        assert "Auto Post" in stage.buttons(card)
        await stage.connect()
        await stage.database.execute(SHOW)
        worker.reconciler.wake()
        await stage.says(card, "⚠️ Instagram is not connected for this chat.")


@pytest.mark.parametrize("auto_post", [False, True], ids=["seen ahead", "refused"])
async def test_open_card_of_a_refused_account_is_ready_once_it_is_connected_again(
    stage: Stage, auto_post: bool
) -> None:
    stage.instagram = instagram = FakeInstagram(dead_tokens={"studio"})
    await stage.add_chat(live=True)
    await stage.connect()

    async with stage.worker():
        _, card = await stage.present()
        await stage.says(card, "Instagram wants @studio to be connected again")
        if auto_post:
            stage.tap(card, ANNA, "Auto Post")
            await stage.says(card, "Nothing was published")
        instagram.dead_tokens.clear()
        async with open_admin(DatabaseAddress(stage.dsn), pytest.fail) as desk:
            await desk.add_account(CHAT, ACCOUNT)
        await stage.says(card, "✅ Ready: @studio")

    assert "connected again" not in stage.text(card)
    assert "Connect the account again" not in stage.text(card)


async def test_f32_token_that_cannot_be_renewed_is_told_to_the_team_once(stage: Stage) -> None:
    again = anyio.Event()
    stage.instagram = instagram = FakeInstagram()
    instagram.faults.add(*[Fault(Refused("Not today."))] * 2, of="renew")
    await stage.add_chat()
    await stage.connect()
    await stage.database.execute(ENDS.format("5 days"))

    async with stage.worker():
        await stage.until(lambda: len(stage.messages()) == 1)
    await stage.database.execute("update accounts set token_hold_until = null")
    instagram.on_call = lambda _: again.set()
    async with stage.worker("two"):
        await again.wait()

    (told,) = stage.messages(CHAT)
    assert "@studio on Instagram ends in 5 days" in told.content.text
    assert instagram.called == ["renew", "renew"]
