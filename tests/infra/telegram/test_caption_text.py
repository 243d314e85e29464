"""Texts of strangers: what may stand in a caption, told of every code point by what Unicode says of it."""

from __future__ import annotations

import unicodedata

import pytest

from infra.telegram.caption_text import clip, one_line, speakable, units, whole_text

# All that have a meaning here lie below; beyond come letters, signs and private use.
CODES = range(0x3100)
DIRECTION_CLASSES = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
DIRECTION_MARKS = {"\u061c", "\u200e", "\u200f"}
INVISIBLE_SEPARATOR = "\u2063"


def turns_the_text(character: str) -> bool:
    """What reorders the words around it, or hides where our own line begins."""
    marks = DIRECTION_MARKS | {INVISIBLE_SEPARATOR}
    return character in marks or unicodedata.bidirectional(character) in DIRECTION_CLASSES


def is_blank(character: str) -> bool:
    """Controls, ends of lines and paragraphs, and spaces of every width."""
    return unicodedata.category(character) in {"Cc", "Zl", "Zp", "Zs"}


def on_one_line(character: str) -> str:
    if turns_the_text(character):
        return "ab"
    return "a b" if is_blank(character) else f"a{character}b"


def in_a_whole_text(character: str) -> str:
    if turns_the_text(character):
        return "ab"
    broken = unicodedata.category(character) in {"Cc", "Zl", "Zp"} and character != "\n"
    return "a b" if broken else f"a{character}b"


def test_every_code_point_is_kept_on_one_line_unless_it_breaks_it() -> None:
    wrong = [hex(code) for code in CODES if one_line(f"a{chr(code)}b") != on_one_line(chr(code))]

    assert wrong == []


def test_every_code_point_is_kept_in_a_whole_text_unless_it_breaks_it_and_so_are_its_lines() -> None:
    wrong = [hex(code) for code in CODES if whole_text(f"a{chr(code)}b") != in_a_whole_text(chr(code))]

    assert wrong == []


@pytest.mark.parametrize(
    ("room", "clipped"),
    [(4, "aß🙂"), (3, "aß…"), (2, "a…"), (1, ""), (0, ""), (-1, "")],
)
def test_text_that_fits_is_whole_and_another_ends_within_its_room(room: int, clipped: str) -> None:
    assert clip("aß🙂", room) == clipped
    assert units(clipped) <= max(room, 0)


@pytest.mark.parametrize("joiner", ["\u200d", "\ufe0f", " ", "\n"])
def test_text_is_not_cut_after_half_an_emoji(joiner: str) -> None:
    assert clip(f"ab{joiner}{joiner}cdef", 5) == "ab…"


def test_half_a_surrogate_can_be_spoken() -> None:
    assert speakable("a\ud83db") == "a\ufffdb"
