"""The careful publisher: a dry run rehearses, a live chat publishes only through what is connected."""

from dataclasses import dataclass, field, replace

from actors.publisher import CarefulPublisher
from actors.rules.item import Kind, Row, State
from actors.rules.messages import Published, PublishRefused, Rehearsed
from tests.stories import SUNSET, row

DRY = row(State.PUBLISHING, 1)
LIVE = replace(DRY, live=True)


@dataclass
class Instagram:
    """Publishes whatever it is given."""

    published: list[Row] = field(default_factory=list)

    async def publish(self, row: Row) -> Published:
        self.published.append(row)
        return Published(row, "It is live.")


async def test_dry_run_says_what_would_have_been_published_and_where() -> None:
    instagram = Instagram()

    outcome = await CarefulPublisher(instagram).publish(replace(DRY, account="@studio"))

    assert isinstance(outcome, Rehearsed)
    assert outcome.sentence == (
        "Dry run: the picture “Sunset” would have been published to the account @studio. Nothing was published."
    )
    assert instagram.published == []


async def test_dry_run_of_a_video_without_title_or_account_names_its_file() -> None:
    video = replace(DRY, story=replace(SUNSET, kind=Kind.VIDEO, title=""))

    outcome = await CarefulPublisher().publish(video)

    assert outcome.sentence == (
        "Dry run: the video “sunset.jpg” would have been published to the chat's account (none is set yet)."
        " Nothing was published."
    )


async def test_live_chat_without_a_publisher_is_told_what_to_do() -> None:
    outcome = await CarefulPublisher().publish(LIVE)

    assert outcome == PublishRefused(
        LIVE, "Nothing was published: Instagram is not connected for this chat. Post by hand and tap Posted."
    )


async def test_live_chat_is_published() -> None:
    instagram = Instagram()

    outcome = await CarefulPublisher(instagram).publish(LIVE)

    assert outcome == Published(LIVE, "It is live.")
    assert instagram.published == [LIVE]
