"""Callback data: round trip, junk, length."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.telegram.taps import (
    LARGEST_ITEM,
    LARGEST_PERSON,
    LARGEST_VERSION,
    LONGEST_BYTES,
    PERSONAL,
    Meaning,
    Verb,
    decode,
    encode,
)

items, versions = st.integers(1, LARGEST_ITEM), st.integers(min_value=0, max_value=LARGEST_VERSION)
meanings = st.builds(Meaning, st.sampled_from(sorted(set(Verb) - PERSONAL, key=str)), items, versions) | st.builds(
    Meaning, st.sampled_from(sorted(PERSONAL, key=str)), items, versions, st.integers(1, LARGEST_PERSON)
)
JUNK = [
    "",
    "skip",
    "skip:1",
    "skip:1:2:3",
    "skip:01:2",
    "skip:1:02",
    "skip:0:2",
    "skip:-1:2",
    "skip:1:-2",
    "skip:1:2\n",
    " skip:1:2",
    "Skip:1:2",
    "delete:1:2",
    "skip:١:2",
    "skip:1:2147483648",
    "skip:9223372036854775808:0",
    "skip:1_0:2",
    "skip:1:2:5",
    "confirm_live:1:2",
    "confirm_live:1:2:0",
    "confirm_live:1:2:05",
    "confirm_live:1:2:4503599627370496",
]


@settings(deadline=None)
@given(meanings)
def test_what_is_written_is_read_again(meaning: Meaning) -> None:
    assert decode(encode(meaning)) == meaning


@settings(deadline=None)
@given(meanings)
def test_callback_data_fits_into_telegrams_bytes(meaning: Meaning) -> None:
    assert 1 <= len(encode(meaning).encode()) <= LONGEST_BYTES


@settings(deadline=None)
@given(st.text() | st.from_regex(r"[a-z_]+:[0-9]+:[0-9]+"))
def test_each_meaning_has_one_spelling(written: str) -> None:
    """Whatever is read at all is what we would have written."""
    meaning = decode(written)

    assert meaning is None or encode(meaning) == written


@pytest.mark.parametrize("written", JUNK)
def test_junk_means_nothing(written: str) -> None:
    assert decode(written) is None


def test_cards_that_are_in_chats_already_stay_readable() -> None:
    """The spelling is on the wire for ever."""
    assert decode("skip:42:3") == Meaning(Verb.SKIP, 42, 3)
    assert decode("confirm_live:42:3:5") == Meaning(Verb.CONFIRM_LIVE, 42, 3, 5)


def test_longest_meaning_fits() -> None:
    longest = Meaning(Verb.CONFIRM_NOT_LIVE, LARGEST_ITEM, LARGEST_VERSION, LARGEST_PERSON)

    assert len(encode(longest)) == LONGEST_BYTES
