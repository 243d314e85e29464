"""The meaning of a button as its callback data: `verb:item:version`, or `…:person` if one person alone may tap it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

LONGEST_BYTES = 64  # https://core.telegram.org/bots/api#inlinekeyboardbutton
LARGEST_ITEM = 2**63 - 1
LARGEST_VERSION = 2**31 - 1
LARGEST_PERSON = 2**52 - 1  # https://core.telegram.org/bots/api#user

# Decimal, not base62: the longest verb with the largest numbers needs 47 bytes, and people read it in logs.
# No leading zeros: each meaning has one spelling.
SHAPE = re.compile(r"([a-z_]{1,16}):([1-9][0-9]{0,18}):(0|[1-9][0-9]{0,9})(?::([1-9][0-9]{0,15}))?")


class Verb(Enum):
    """What a button asks for; the value is on the wire, and old cards stay in chats for ever."""

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


PERSONAL = frozenset({Verb.CONFIRM_LIVE, Verb.CONFIRM_NOT_LIVE})


@dataclass(frozen=True, slots=True)
class Meaning:
    """A button's verb, its item, the version of the item that the person saw, and whose button it is (0: anybody's)."""

    verb: Verb
    item_id: int
    version: int
    person_id: int = 0


VERBS = {verb.value: verb for verb in Verb}


def encode(meaning: Meaning) -> str:
    """Write the callback data of a button."""
    assert 1 <= meaning.item_id <= LARGEST_ITEM
    assert 0 <= meaning.version <= LARGEST_VERSION
    assert 0 <= meaning.person_id <= LARGEST_PERSON
    assert (meaning.verb in PERSONAL) == (meaning.person_id > 0)
    whose = f":{meaning.person_id}" if meaning.person_id else ""
    return f"{meaning.verb.value}:{meaning.item_id}:{meaning.version}{whose}"


def decode(written: str) -> Meaning | None:
    """Read callback data; None if it is none of ours."""
    found = SHAPE.fullmatch(written)
    if found is None or found[1] not in VERBS:
        return None
    verb, item_id, version, person_id = VERBS[found[1]], int(found[2]), int(found[3]), int(found[4] or 0)
    if item_id > LARGEST_ITEM or version > LARGEST_VERSION or person_id > LARGEST_PERSON:
        return None
    if (verb in PERSONAL) != (person_id > 0):
        return None
    return Meaning(verb, item_id, version, person_id)
