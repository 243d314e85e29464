"""The meaning of a button as its callback data: `verb:item:version`, and back. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

LONGEST_BYTES = 64  # https://core.telegram.org/bots/api#inlinekeyboardbutton
LARGEST_ITEM = 2**63 - 1
LARGEST_VERSION = 2**31 - 1

# Decimal, not base62: the longest verb with the largest numbers needs 47 bytes, and people read it in logs.
# No leading zeros: each meaning has one spelling.
SHAPE = re.compile(r"([a-z_]{1,16}):([1-9][0-9]{0,18}):(0|[1-9][0-9]{0,9})")


class Verb(Enum):
    """What a button asks for; the value is on the wire, and old cards stay in chats for ever."""

    AUTO_POST = "auto_post"
    POSTED = "posted"
    SKIP = "skip"
    REJECT = "reject"
    CONFIRM_REJECT = "confirm_reject"
    KEEP_IT = "keep_it"
    ORIGINAL = "original"


@dataclass(frozen=True, slots=True)
class Meaning:
    """A button's verb, its item, and the version of the item that the person saw."""

    verb: Verb
    item_id: int
    version: int


VERBS = {verb.value: verb for verb in Verb}


def encode(meaning: Meaning) -> str:
    """Write the callback data of a button."""
    assert 1 <= meaning.item_id <= LARGEST_ITEM
    assert 0 <= meaning.version <= LARGEST_VERSION
    return f"{meaning.verb.value}:{meaning.item_id}:{meaning.version}"


def decode(written: str) -> Meaning | None:
    """Read callback data; None if it is none of ours."""
    found = SHAPE.fullmatch(written)
    if found is None or found[1] not in VERBS:
        return None
    item_id, version = int(found[2]), int(found[3])
    if item_id > LARGEST_ITEM or version > LARGEST_VERSION:
        return None
    return Meaning(VERBS[found[1]], item_id, version)
