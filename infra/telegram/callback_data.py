"""The meaning of a button as its callback data: `code:item:version:mark[:person[:other]]`, in base 36; pure.

One shape for every subject: the code of the verb says what the number is, the mark is what that subject was given at
birth, the person is the one who alone may tap, the other a second item. Cards of before the marks stay in chats for
ever: `verb:item:version[:person]`, in decimal, is still read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from string import ascii_lowercase, digits
from types import MappingProxyType

LONGEST_BYTES = 64  # https://core.telegram.org/bots/api#inlinekeyboardbutton
LARGEST_ITEM = 2**63 - 1
LARGEST_VERSION = 2**31 - 1
LARGEST_PERSON = 2**52 - 1  # https://core.telegram.org/bots/api#user

FIGURES = digits + ascii_lowercase
MARK = re.compile(r"[A-Za-z0-9_-]{6}")
# No leading zeros: each meaning has one spelling.
SHAPE = re.compile(
    r"([a-z]{1,2}):([1-9a-z][0-9a-z]{0,12}):(0|[1-9a-z][0-9a-z]{0,5}):([A-Za-z0-9_-]{6})"
    r"(?::([1-9a-z][0-9a-z]{0,10})?(?::([1-9a-z][0-9a-z]{0,12}))?)?"
)
UNMARKED = re.compile(r"([a-z_]{1,16}):([1-9][0-9]{0,18}):(0|[1-9][0-9]{0,9})(?::([1-9][0-9]{0,15}))?")


class ButtonVerb(Enum):
    """What a button asks for; the value is what buttons without a mark have on the wire."""

    AUTO_POST = "auto_post"
    POSTED = "posted"
    SKIP = "skip"
    REJECT = "reject"
    CONFIRM_REJECT = "confirm_reject"
    KEEP_IT = "keep_it"
    ORIGINAL = "original"
    LIVE = "live"
    NOT_LIVE = "not_live"
    CONFIRM_LIVE = "confirm_live"
    CONFIRM_NOT_LIVE = "confirm_not_live"
    LEAVE_IT = "leave_it"


# On the wire, and so for ever: a code is never given to another verb. Those without a mark have more than two letters.
CODES: Mapping[ButtonVerb, str] = MappingProxyType(
    {
        ButtonVerb.AUTO_POST: "a",
        ButtonVerb.POSTED: "p",
        ButtonVerb.SKIP: "s",
        ButtonVerb.REJECT: "r",
        ButtonVerb.CONFIRM_REJECT: "rr",
        ButtonVerb.KEEP_IT: "rk",
        ButtonVerb.ORIGINAL: "o",
        ButtonVerb.LIVE: "l",
        ButtonVerb.NOT_LIVE: "n",
        ButtonVerb.CONFIRM_LIVE: "ll",
        ButtonVerb.CONFIRM_NOT_LIVE: "nn",
        ButtonVerb.LEAVE_IT: "lk",
    }
)
PERSONAL = frozenset({ButtonVerb.CONFIRM_LIVE, ButtonVerb.CONFIRM_NOT_LIVE})


@dataclass(frozen=True, slots=True)
class Meaning:
    """A button's verb, its item, the version of the item that the person saw, and the item's mark (None: an old card).

    Whose button it is (0: anyone's), and the second item that it is about (0: none).
    """

    verb: ButtonVerb
    item_id: int
    version: int
    mark: str | None
    person_id: int = 0
    other_id: int = 0


VERBS = {code: verb for verb, code in CODES.items()}
WORDS = {verb.value: verb for verb in ButtonVerb}


def encode(meaning: Meaning) -> str:
    """Write the callback data of a button."""
    assert meaning.mark is not None, "buttons without a mark are read, and never drawn"
    assert MARK.fullmatch(meaning.mark)
    assert _is_possible(meaning)
    person = _figures(meaning.person_id) if meaning.person_id else ""
    other = f":{_figures(meaning.other_id)}" if meaning.other_id else ""
    whose = f":{person}{other}" if person or other else ""
    item, version = _figures(meaning.item_id), _figures(meaning.version)
    return f"{CODES[meaning.verb]}:{item}:{version}:{meaning.mark}{whose}"


def decode(written: str) -> Meaning | None:
    """Read callback data; None if it is none of ours."""
    found = SHAPE.fullmatch(written)
    if found is None or found[1] not in VERBS:
        return _decode_unmarked(written)
    numbers = (int(found[5] or "0", 36), int(found[6] or "0", 36))
    meaning = Meaning(VERBS[found[1]], int(found[2], 36), int(found[3], 36), found[4], *numbers)
    return meaning if _is_possible(meaning) and encode(meaning) == written else None


def _decode_unmarked(written: str) -> Meaning | None:
    found = UNMARKED.fullmatch(written)
    if found is None or found[1] not in WORDS:
        return None
    meaning = Meaning(WORDS[found[1]], int(found[2]), int(found[3]), None, int(found[4] or 0))
    return meaning if _is_possible(meaning) else None


def _is_possible(meaning: Meaning) -> bool:
    return (
        1 <= meaning.item_id <= LARGEST_ITEM
        and 0 <= meaning.version <= LARGEST_VERSION
        and 0 <= meaning.person_id <= LARGEST_PERSON
        and 0 <= meaning.other_id <= LARGEST_ITEM
        and (meaning.verb in PERSONAL) == (meaning.person_id > 0)
    )


def _figures(number: int) -> str:
    written = ""
    while number or not written:
        number, figure = divmod(number, 36)
        written = FIGURES[figure] + written
    return written
