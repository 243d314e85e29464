"""Callback data: round trip, junk, length."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.telegram.callback_data import (
    CODES,
    LARGEST_ITEM,
    LARGEST_PERSON,
    LARGEST_VERSION,
    LONGEST_BYTES,
    MARK,
    PERSONAL,
    ButtonVerb,
    Meaning,
    decode,
    encode,
)

items, versions = st.integers(1, LARGEST_ITEM), st.integers(min_value=0, max_value=LARGEST_VERSION)
marks, others = st.from_regex(MARK, fullmatch=True), st.just(0) | items
common = st.builds(
    Meaning, st.sampled_from(sorted(set(ButtonVerb) - PERSONAL, key=str)), items, versions, marks, st.just(0), others
)
personal = st.builds(
    Meaning,
    st.sampled_from(sorted(PERSONAL, key=str)),
    items,
    versions,
    marks,
    st.integers(1, LARGEST_PERSON),
    others,
)
meanings = common | personal
JUNK = [
    "s",
    "s:16",
    "s:16:3",
    "s:16:3:k9_Xq",
    "s:16:3:k9_Xq-x",
    "s:16:3:k9 Xq-",
    "s:16:3:k9_Xq-:",
    "s:16:3:k9_Xq-:5",
    "s:16:3:k9_Xq-::",
    "s:16:3:k9_Xq-::0",
    "s:16:3:k9_Xq-::5:1",
    "s:16:3:k9_Xq-\n",
    "S:16:3:k9_Xq-",
    "z:16:3:k9_Xq-",
    "s:016:3:k9_Xq-",
    "s:0:3:k9_Xq-",
    "s:1Y:3:k9_Xq-",
    "s:16:zzzzzz:k9_Xq-",
    "s:zzzzzzzzzzzzz:3:k9_Xq-",
    "skip:16:3:k9_Xq-",
    "ll:16:3:k9_Xq-",
    "ll:16:3:k9_Xq-:zzzzzzzzzzz",
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
@given(st.text() | st.from_regex(r"[a-z]{1,2}:[0-9a-z]+:[0-9a-z]+:[A-Za-z0-9_-]{6}(:[0-9a-z]*){0,2}", fullmatch=True))
def test_each_meaning_has_one_spelling(written: str) -> None:
    """Whatever has a mark is what we would have written."""
    meaning = decode(written)

    assert meaning is None or meaning.mark is None or encode(meaning) == written


@pytest.mark.parametrize("written", JUNK)
def test_junk_means_nothing(written: str) -> None:
    assert decode(written) is None


def test_cards_that_are_in_chats_already_stay_readable() -> None:
    """The spelling is on the wire for ever."""
    assert decode("skip:42:3") == Meaning(ButtonVerb.SKIP, 42, 3, None)
    assert decode("confirm_live:42:3:5") == Meaning(ButtonVerb.CONFIRM_LIVE, 42, 3, None, 5)
    assert decode("s:16:3:k9_Xq-") == Meaning(ButtonVerb.SKIP, 42, 3, "k9_Xq-")
    assert decode("nn:16:3:k9_Xq-:5:17") == Meaning(ButtonVerb.CONFIRM_NOT_LIVE, 42, 3, "k9_Xq-", 5, 43)


def test_each_verb_has_a_code_of_its_own_that_no_old_button_begins_with() -> None:
    assert CODES.keys() == set(ButtonVerb)
    assert len(set(CODES.values())) == len(ButtonVerb)
    assert max(map(len, CODES.values())) < min(len(verb.value) for verb in ButtonVerb)


@pytest.mark.parametrize("verb", ButtonVerb)
def test_longest_meaning_of_each_verb_fits(verb: ButtonVerb) -> None:
    person = LARGEST_PERSON if verb in PERSONAL else 0
    longest = Meaning(verb, LARGEST_ITEM, LARGEST_VERSION, "k9_Xq-", person, LARGEST_ITEM)

    written = encode(longest)

    assert decode(written) == longest
    assert len(written.encode()) <= LONGEST_BYTES
