"""Auto Post in a live chat: its progress on the card, and a doubt that people end."""

from __future__ import annotations

import pytest

from tests.doubts import fall_into_doubt
from tests.fakes.instagram import FakeInstagram
from tests.stage import ANNA, BEN, Stage

DOUBT = ["It is live", "It is not: post again", "Open Instagram", "Original"]


async def test_auto_post_shows_its_progress_and_ends_posted(stage: Stage) -> None:
    stage.instagram = instagram = FakeInstagram(publish_seconds=0.5)
    await stage.add_chat(live=True)
    await stage.connect()

    async with stage.worker():
        item, card = await stage.present()
        stage.tap(card, ANNA, "Auto Post")
        await stage.says(card, "Publishing now, asked by")
        assert stage.buttons(card) == ["Open Instagram", "Original"]
        late = stage.tap(card, BEN, f"skip:{item}:1")
        await stage.says(card, "too late, it is being published")
        assert (await stage.line(late))["outcome"] == "stale"
        await stage.says(card, "Posted via Instagram by")

    assert len(instagram.live) == 1
    assert await stage.events(item) == [("auto_post", "Anna"), ("published", "Anna")]


async def test_skip_while_instagram_fetches_the_file_cancels_the_publish(stage: Stage) -> None:
    """F10."""
    stage.instagram = instagram = FakeInstagram(lag_seconds=1000.0)
    await stage.add_chat(live=True)
    await stage.connect()

    async with stage.worker():
        item, card = await stage.present()
        stage.tap(card, ANNA, "Auto Post")
        await stage.says(card, "Instagram is fetching it")
        assert stage.buttons(card) == ["Posted", "Skip", "Reject", "Open Instagram", "Original"]
        skip = stage.tap(card, BEN, "Skip")
        assert (await stage.answered(skip)).startswith("Skipping… This cancels the publish")
        await stage.says(card, "Skipped by")

    assert instagram.live == []
    assert await stage.events(item) == [("auto_post", "Anna"), ("skip", "Ben")]


@pytest.mark.parametrize(
    ("verb", "yes", "end", "offered", "stories"),
    [
        ("live", "Yes, it is live", "Posted via Instagram, confirmed by", [], 0),
        ("not_live", "Yes, post again", "Posted via Instagram by", ["See the story (24 h)"], 1),
    ],
)
async def test_doubt_is_ended_by_the_person_who_was_asked(
    stage: Stage, verb: str, yes: str, end: str, offered: list[str], stories: int
) -> None:
    stage.instagram = instagram = FakeInstagram()
    await stage.add_chat(live=True)
    await stage.connect()

    async with stage.worker() as worker:
        item, card = await stage.present()
        await fall_into_doubt(stage, worker, item, card)
        assert stage.buttons(card) == DOUBT
        asked = stage.tap(card, ANNA, f"{verb}:{item}:2")
        assert (await stage.line(asked))["outcome"] == "asked"
        assert stage.buttons(card) == [yes, "No, leave it", *DOUBT]

        other = stage.tap(card, BEN, yes)
        assert (await stage.answered(other)).startswith("Only Anna can confirm this.")
        assert (await stage.line(other))["outcome"] == "not_yours"
        await stage.row_is(item, "in_doubt")

        sure = stage.tap(card, ANNA, f"confirm_{verb}:{item}:2:{ANNA.id}")
        assert (await stage.line(sure))["outcome"] == "recorded"
        await stage.says(card, end)
        # A story's address is asked for once the card says that it is live.
        await stage.until(lambda: stage.buttons(card) == offered)

    assert len(instagram.live) == stories
