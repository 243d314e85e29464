"""A dry run says what would have been published, and where."""

from dataclasses import replace

from actors.domain.item import MediaKind, State
from actors.item.texts import rehearse
from tests.stories import SUNSET, row

DRY = row(State.PUBLISHING, 1)


def test_dry_run_says_what_would_have_been_published_and_where() -> None:
    assert rehearse(replace(DRY, account="@studio")) == (
        "Dry run: the picture “Sunset” would have been published to the account @studio. Nothing was published."
    )


def test_dry_run_of_a_video_without_title_or_account_names_its_file() -> None:
    video = replace(DRY, story=replace(SUNSET, kind=MediaKind.VIDEO, title=""))

    assert rehearse(video) == (
        "Dry run: the video “sunset.jpg” would have been published to the chat's account (none is set yet)."
        " Nothing was published."
    )
