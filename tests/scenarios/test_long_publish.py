"""An Auto Post that takes long holds up its own item, and nobody else's tap."""

from __future__ import annotations

from dataclasses import dataclass, field

import anyio

from actors.domain.account import Account
from tests.fakes.instagram import FakeInstagram
from tests.stage import ANNA, BEN, CHAT, Stage

OTHER_CHAT = CHAT - 1


@dataclass
class SlowInstagram(FakeInstagram):
    """Publishes when it is let."""

    let: anyio.Event = field(default_factory=anyio.Event)

    async def publish(self, account: Account, container_id: str) -> str:
        """Wait, then make a story of it."""
        await self.let.wait()
        return await super().publish(account, container_id)


async def test_f1_taps_settle_in_every_chat_while_an_auto_post_is_under_way(stage: Stage) -> None:
    stage.instagram = instagram = SlowInstagram()
    await stage.add_chat(live=True)
    await stage.add_chat(OTHER_CHAT)
    await stage.connect()

    async with stage.worker():
        slow, slow_card = await stage.present("Slow")
        same_chat, same_card = await stage.present("Same chat")
        other_chat, other_card = await stage.present("Other chat", OTHER_CHAT)
        stage.tap(slow_card, ANNA, "Auto Post")
        await stage.says(slow_card, "Publishing now, asked by")

        stage.tap(same_card, BEN, "Skip")
        stage.tap(other_card, BEN, "Skip", OTHER_CHAT)
        await stage.says(same_card, "Skipped by")
        await stage.says(other_card, "Skipped by", OTHER_CHAT)
        assert await stage.events(slow) == [("auto_post", "Anna")]

        instagram.let.set()
        await stage.says(slow_card, "Posted via Instagram by")

    assert await stage.events(same_chat) == await stage.events(other_chat) == [("skip", "Ben")]
