"""Each kind of file that a team may have: it becomes what Instagram takes, or is refused with one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.domain.item import Story
from actors.errors import Refused
from infra.media.local import LocalMedia
from infra.media.names import published_path
from tests.backends import BACKENDS, Backend
from tests.media.kind import SECRETS, Kind
from tests.media.kinds_of_films import FILMS
from tests.media.kinds_of_pictures import PICTURES
from tests.media.rules import broken_rules

KINDS = [kind for kind in (*PICTURES, *FILMS) if not kind.slow]
TAKEN = [kind for kind in KINDS if not kind.refused]
REFUSED = [kind for kind in KINDS if kind.refused]


@pytest.fixture
def anyio_backend() -> Backend:
    """Processes are the same on each loop."""
    return BACKENDS["asyncio"]()


@pytest.fixture
def library(tmp_path: Path) -> LocalMedia:
    return LocalMedia(tmp_path / "media")


@pytest.mark.parametrize("kind", TAKEN, ids=[kind.name for kind in TAKEN])
async def test_kind_becomes_what_instagram_takes_and_tells_nothing(
    library: LocalMedia, tmp_path: Path, kind: Kind
) -> None:
    kind.make(tmp_path / kind.file_name)

    made = await library.take_in(tmp_path / kind.file_name, kind.longer)

    stories = [Story(1, one.kind, one.path, one.file_name, "Title", "") for one in made]
    places = [tmp_path / "media" / published_path(one.kind, one.path) for one in made]
    assert [broken_rules(one.kind.value, place) for one, place in zip(made, places, strict=True)] == [[]] * kind.stories
    originals = [await library.original(story) for story in stories]
    assert [secret for secret in SECRETS for original in originals if secret in original] == []


@pytest.mark.parametrize("kind", REFUSED, ids=[kind.name for kind in REFUSED])
async def test_kind_that_cannot_be_a_story_is_refused_with_one_sentence_and_leaves_nothing(
    library: LocalMedia, tmp_path: Path, kind: Kind
) -> None:
    path = tmp_path / kind.file_name
    kind.make(path)

    with pytest.raises(Refused) as refused:
        await library.take_in(path, kind.longer)

    assert str(refused.value).startswith(f"{path} {kind.refused}")
    assert list((tmp_path / "media").rglob("*")) == []
