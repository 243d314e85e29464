"""Text that cannot break a caption: escaped, isolated, and cut by Telegram's measure. Pure."""

from __future__ import annotations

import re
from html import escape, unescape

# https://www.unicode.org/reports/tr9/: what stands between these cannot reorder the text around it.
ISOLATE, END_ISOLATE = "\u2068", "\u2069"
LEFT_TO_RIGHT = "\u200e"

# Invisible, and kept by Telegram: what follows it in a caption is the line that we added below.
LINE_MARK = "\u2063"

TAG = re.compile(r"<[^<>]*>")
CONTROLS = [*range(0x20), *range(0x7F, 0xA0)]
DIRECTIONS = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
SEPARATORS = [0x2028, 0x2029]
BREAKS_A_LINE = dict.fromkeys([*CONTROLS, *SEPARATORS], " ") | dict.fromkeys([*DIRECTIONS, ord(LINE_MARK)])
BREAKS_A_TEXT = {code: new for code, new in BREAKS_A_LINE.items() if chr(code) != "\n"}

# An emoji cut in the middle leaves these at the end.
JOINERS = "\u200d\ufe0f \n"


def units(text: str) -> int:
    """Count UTF-16 code units, in which Telegram measures lengths."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clip(text: str, room: int, end: str = "…") -> str:
    """Cut the text to `room` UTF-16 units; a cut one ends with `end`, and no room for that leaves nothing."""
    if units(text) <= room:
        return text
    left = room - units(end)
    # "ignore" drops the half of a character that the cut left over.
    kept = text.encode("utf-16-le", "surrogatepass")[: max(left, 0) * 2].decode("utf-16-le", "ignore")
    return kept.rstrip(JOINERS) + end if kept else ""


def one_line(text: str) -> str:
    """Return the text on one line, without what would reorder or hide the words beside it."""
    return " ".join(text.translate(BREAKS_A_LINE).split())


def whole_text(text: str) -> str:
    """The same for a text that keeps its lines."""
    return text.translate(BREAKS_A_TEXT).strip()


def speakable(text: str) -> str:
    """Replace half surrogates, which JSON can hold and UTF-8 cannot."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def isolated(text: str, room: int) -> str:
    """A strange text on one line of ours, as HTML: a name, a title."""
    return f"{ISOLATE}{escape(clip(one_line(text), room))}{END_ISOLATE}"


def visible(markup: str) -> str:
    """The text that people see of our own HTML."""
    return unescape(TAG.sub("", markup))


def visible_units(markup: str) -> int:
    """The length by which Telegram judges our own HTML: after entity parsing, in UTF-16 units."""
    return units(visible(markup))
