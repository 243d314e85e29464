"""How strange text is written where characters are obeyed: a terminal, a log that is read in one. Pure.

Names of files and people, titles and captions come from strangers. Some characters draw nothing: they move the cursor,
turn the words beside them round, or hide what follows. Where such a one stands, its number is shown.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Container

# What joins two emoji into one, as in a family: it hides nothing there.
JOINER = re.compile("(?<=[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d(?=[\u2190-\u2bff\U0001f000-\U0001faff])")


def escaped(text: str, kept: Container[str] = "") -> str:
    """Write what is not printed as \\uXXXX, as JSON and Python read it; but for what is `kept`."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one in kept else _numbered(one) for one in text)


def in_one_line(text: str) -> str:
    """The same for people, on one line: spaces of every kind are spaces, and emoji stay in one piece."""
    if text.isprintable():
        return text
    joined = {found.start() for found in JOINER.finditer(text)}
    return "".join(_seen(one, at in joined) for at, one in enumerate(text))


def _seen(one: str, joins: bool) -> str:
    if one.isprintable() or joins:
        return one
    return " " if one.isspace() else _numbered(one)


def _numbered(one: str) -> str:
    units = one.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{unit:04x}" for (unit,) in struct.iter_unpack(">H", units))
