"""Links that nobody signed: whatever is asked for, only what was signed is shown, and nothing outside of the folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from infra.media.links import SignedLinks
from infra.media.local import LocalMedia
from infra.web.media import media_route
from tests.hostile import CRUEL_TEXTS, texts
from tests.kit.clock import on_asyncio

anyio_backend = on_asyncio

OUTSIDE = "nobody may read this"
SHOWN = "ab/abc.mp4"
SECRET = "a secret of these tests"


@dataclass(frozen=True)
class StandingClock:
    """It is noon."""

    def now(self) -> datetime:
        return datetime(2026, 3, 1, 12, tzinfo=UTC)


LINKS = SignedLinks(SECRET, "https://stories.example.org", StandingClock(), timedelta(hours=1))
SIGNED = parse_qs(urlsplit(LINKS.link(SHOWN)).query)
UNTIL, SIGNATURE = SIGNED["until"][0], SIGNED["signature"][0]
WAYS_OUT = [
    "../secret",
    "ab/../../secret",
    "/etc/passwd",
    "ab/out",
    "%2e%2e/secret",
    "..\\secret",
    "ab/abc.mp4/..",
    "ab",
]

paths = st.sampled_from([SHOWN, f"./{SHOWN}", f"{SHOWN}\0", SHOWN.upper(), *WAYS_OUT]) | texts
times = st.sampled_from([UNTIL, f"0{UNTIL}", f" {UNTIL}", f"{UNTIL}.0", "9" * 12, "\u0661" * 10, "1e9"]) | texts
signatures = st.sampled_from(
    [SIGNATURE, SIGNATURE[:-1], f"{SIGNATURE}=", SIGNATURE.swapcase(), SIGNATURE.replace("-", "+")]
) | st.text("AQgw_-", min_size=43, max_size=43)


@pytest.fixture(scope="module")
def shelf() -> Iterator[LocalMedia]:
    """A folder with a story in it, a way out of it, and a secret beside it."""
    with TemporaryDirectory() as home:
        folder = Path(home) / "media"
        (folder / "ab").mkdir(parents=True)
        (folder / SHOWN).write_text("the story")
        (Path(home) / "secret").write_text(OUTSIDE)
        (folder / "ab" / "out").symlink_to(Path(home) / "secret")
        yield LocalMedia(folder, LINKS)


async def asked(shelf: LocalMedia, path: str, query: str) -> int:
    """Ask the route itself, which no client has made tidy; returns the code."""
    scope = {
        "type": "http",
        "method": "GET",
        "headers": [],
        "query_string": query.encode(),
        "path_params": {"path": path},
    }
    return int((await media_route(shelf).endpoint(Request(scope))).status_code)


def is_whole(text: str) -> bool:
    """Whether a link can hold it: no half of a character."""
    return text.encode("utf-8", "replace").decode() == text


@given(paths, times, signatures)
def test_what_opens_is_what_was_signed(path: str, until: str, signature: str) -> None:
    assert LINKS.opens(path, until, signature) == ((path, until, signature) == (SHOWN, UNTIL, SIGNATURE))


@given(st.lists(st.tuples(st.sampled_from(["until", "signature", "Until", "x"]), times | signatures), max_size=5))
async def test_of_doubled_parameters_the_last_ones_are_meant(shelf: LocalMedia, given_: list[tuple[str, str]]) -> None:
    """Whichever are read, both have to be the signed ones: a good one hides no bad one."""
    query = "&".join(f"{name}={quote(value.encode('utf-8', 'replace'))}" for name, value in given_)
    last = {name: unquote(quote(value.encode("utf-8", "replace"))) for name, value in given_}

    code = await asked(shelf, SHOWN, query)

    assert code == (200 if (last.get("until"), last.get("signature")) == (UNTIL, SIGNATURE) else 403)


@pytest.mark.parametrize("path", [*WAYS_OUT, *filter(is_whole, CRUEL_TEXTS)])
async def test_path_that_leads_elsewhere_is_not_found_even_if_it_was_signed(shelf: LocalMedia, path: str) -> None:
    assert await asked(shelf, path, urlsplit(LINKS.link(path)).query) == 404


@given(texts)
async def test_no_path_leads_out_of_the_folder(shelf: LocalMedia, path: str) -> None:
    place = await shelf.place(path)

    assert place is None or place.read_text() != OUTSIDE


@pytest.mark.parametrize("secret", ["", "another secret of the tests", SECRET + "x", SECRET[:-1]])
def test_another_secret_opens_nothing(secret: str) -> None:
    others = SignedLinks(secret, "https://stories.example.org", StandingClock(), timedelta(hours=1))

    assert not others.opens(SHOWN, UNTIL, SIGNATURE)
