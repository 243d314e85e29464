"""What a terminal would obey is shown by its number."""

from __future__ import annotations

import json
import sys
import unicodedata

import pytest
from hypothesis import given

from actors.domain.escaping import escaped, in_one_line
from tests.hostile import texts

EVERY = [chr(code) for code in range(sys.maxunicode + 1)]
OBEYED = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # controls, directions and what has no width, halves, ends of lines
TURNED = "\u202e\u2066\u200b\x1b\x7f\x9b\u2028\ud83d"


def test_nothing_that_is_obeyed_stays_as_it_is() -> None:
    assert [one for one in EVERY if unicodedata.category(one) in OBEYED and one in escaped(one)] == []
    assert [one for one in EVERY if unicodedata.category(one) in OBEYED and one in in_one_line(one)] == []


def test_number_is_the_one_by_which_json_knows_it() -> None:
    assert escaped(TURNED) == "\\u202e\\u2066\\u200b\\u001b\\u007f\\u009b\\u2028\\ud83d"
    assert json.loads(f'"{escaped(TURNED)}"') == TURNED
    assert json.loads(f'"{escaped(chr(0xE0001))}"') == chr(0xE0001)


@pytest.mark.parametrize("text", ["Sunset of Zoë – נועה", "🌅", "日の出", "a~b"])
def test_text_that_is_only_read_stays_as_it_is(text: str) -> None:
    assert (escaped(text), in_one_line(text)) == (text, text)


def test_people_see_spaces_and_emoji_that_are_joined() -> None:
    family = "👩\u200d👩\u200d👧 👁\ufe0f\u200d🗨"

    assert in_one_line(f"{family}\ta\u00a0b\u3000c\nd\u2028e") == f"{family} a b c d e"
    assert in_one_line("evil\u200d.jpg") == "evil\\u200d.jpg"


def test_lines_of_a_traceback_can_be_kept() -> None:
    assert escaped("a\n\tb\x1b", "\n\t") == "a\n\tb\\u001b"


@given(texts)
def test_hostile_text_is_printable_whatever_it_is(text: str) -> None:
    assert escaped(text).isprintable()
    assert "\u200d" in in_one_line(text) or in_one_line(text).isprintable()
