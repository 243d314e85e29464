"""What each error of the Graph API means, in ONE table: what to do, and a sentence for the team.

developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/error-codes
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from actors.publish.texts import AGAIN, BY_HAND, RECONNECT

SOON_SECONDS = 5.0
LATER_SECONDS = 30.0
THROTTLED_SECONDS = 60.0
NOT_FETCHED = 9004


class ErrorMeaning(Enum):
    """What an error asks of us."""

    REFUSED = "refused"
    LATER = "later"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class ErrorVerdict:
    """`before_effect`: a publish call that was answered so has certainly published nothing."""

    means: ErrorMeaning
    sentence: str
    seconds: float | None = None
    before_effect: bool = False


def _refused(sentence: str) -> ErrorVerdict:
    return ErrorVerdict(ErrorMeaning.REFUSED, sentence)


def _later(sentence: str, seconds: float) -> ErrorVerdict:
    return ErrorVerdict(ErrorMeaning.LATER, sentence, seconds)


def _gone(sentence: str) -> ErrorVerdict:
    # The token is checked before a call is looked at at all.
    return ErrorVerdict(ErrorMeaning.GONE, sentence, before_effect=True)


BUSY = _later("Instagram has a problem of its own.", LATER_SECONDS)
THROTTLED = _later("Instagram asks us to slow down.", THROTTLED_SECONDS)
NOT_ALLOWED = _refused(f"Instagram does not allow us to do this with the account. {RECONNECT}")
TOO_BIG = _refused(f"The picture is larger than the 8 MB that Instagram takes. Make it smaller. {BY_HAND}")
BAD_VIDEO = _refused(f"Instagram cannot use this video. It takes MP4 or MOV, up to 60 seconds and 100 MB. {BY_HAND}")
CHECKPOINT = _gone(f"Instagram wants the account's owner to log in and confirm who they are. {RECONNECT}")
NO_FETCH = _refused(
    f"Instagram could not fetch the file from our server. {AGAIN} If it happens again, tell the operator."
)
NOT_PREPARED = _refused(f"Instagram could not prepare the story. {AGAIN}")
RESTRICTED = _refused(
    "Instagram restricted this account or wants it to be confirmed. Open the Instagram app with this account and do "
    f"what it asks, then come back. {BY_HAND}"
)

# (code, subcode) first, then (code, None). Every error of a publish call without `before_effect` counts as a lost
# answer: 4/2207051 came while the story was live (github.com/gitroomhq/postiz-app/issues/1681). Where that is not so,
# or seems not so, the reason stands beside it.
VERDICTS: dict[tuple[int, int | None], ErrorVerdict] = {
    (1, None): BUSY,
    (2, None): BUSY,
    (-1, None): BUSY,
    (-1, 2207001): BUSY,
    (-1, 2207032): BUSY,
    (-1, 2207053): BUSY,
    (-2, None): BUSY,
    (-2, 2207003): _later("Instagram took too long to fetch the file from our server.", SOON_SECONDS),
    # Lost when publishing: the container itself says EXPIRED then, and that alone proves that it was not published.
    (-2, 2207020): _refused(f"Instagram let the prepared story expire. {AGAIN}"),
    # Throttling comes before the effect as a rule, but it shares its code with 2207051: lost when publishing.
    (4, None): THROTTLED,
    (17, None): THROTTLED,
    (32, None): THROTTLED,
    (341, None): THROTTLED,
    (613, None): THROTTLED,
    (80002, None): THROTTLED,
    (4, 2207051): _refused(
        "Instagram took this for spam and blocks it. Open the Instagram app with this account, see what it says, and "
        f"wait some hours. {BY_HAND}"
    ),
    # A count of what is published already, looked at before anything is: a full one lets nothing through.
    (9, 2207042): ErrorVerdict(
        ErrorMeaning.REFUSED,
        f"Instagram lets apps post only so often in 24 hours, and this account has done so. Try tomorrow. {BY_HAND}",
        before_effect=True,
    ),
    (10, None): NOT_ALLOWED,
    (24, 2207006): _refused(f"Instagram does not find the prepared story, or does not let us see it. {AGAIN}"),
    # Meta's advice is to repeat within 2 minutes: so does a worker that lost an answer, after a look at the container.
    (24, 2207008): _later("Instagram lost sight of the prepared story for a moment.", LATER_SECONDS),
    # A judgement on the account like 2207051, which is known to come after the effect: lost when publishing.
    (25, 2207050): RESTRICTED,
    (100, 33): _refused("Instagram does not find this, or does not let this account see it. Tell the operator."),
    (101, None): _refused("Instagram does not accept our app's id and secret. Tell the operator to check both."),
    (102, None): _gone(f"Instagram ended our session. {RECONNECT}"),
    (190, None): _gone(f"Instagram takes our token no more. {RECONNECT}"),
    (190, 458): _gone(f"The owner of the account took our permission away. {RECONNECT}"),
    (190, 459): CHECKPOINT,
    (190, 460): _gone(f"The owner changed the password, which ended our token. {RECONNECT}"),
    (190, 463): _gone(f"Our token for Instagram has expired. {RECONNECT}"),
    (190, 464): CHECKPOINT,
    (190, 467): _gone(f"Our token for Instagram is no longer valid. {RECONNECT}"),
    (200, None): NOT_ALLOWED,
    (352, None): BAD_VIDEO,
    (352, 2207026): BAD_VIDEO,
    (368, None): RESTRICTED,
    (NOT_FETCHED, None): NO_FETCH,
    (NOT_FETCHED, 2207052): NO_FETCH,
    # Instagram is still at the file, and what is not there yet cannot have been published by this call.
    (9007, 2207027): ErrorVerdict(
        ErrorMeaning.LATER, "Instagram is not done with the file yet.", SOON_SECONDS, before_effect=True
    ),
    (36000, 2207004): TOO_BIG,
    (36001, 2207005): _refused(f"Instagram takes pictures as JPEG only. {BY_HAND}"),
    (36003, 2207009): _refused(
        f"The picture's shape does not fit: Instagram takes 9:16 and what is close to it. {BY_HAND}"
    ),
}
BY_SUBCODE = {subcode: verdict for (_, subcode), verdict in VERDICTS.items() if subcode is not None}
NUMBER = re.compile(r"\b\d{4,}\b")


def verdict_on(code: int, subcode: int | None, is_transient: bool) -> ErrorVerdict:
    """Look an error up; an unknown one is tried again if Meta calls it transient."""
    known = VERDICTS.get((code, subcode)) or VERDICTS.get((code, None))
    if known is not None:
        return known
    if is_transient:
        return BUSY
    if 200 <= code <= 299:
        return NOT_ALLOWED
    number = f"{code}" if subcode is None else f"{code}/{subcode}"
    return _refused(f"Instagram refused this for a reason that we do not know (code {number}). {BY_HAND}")


def about_container(words: str) -> str:
    """Say what is wrong with a container in ERROR; its own words end with an error code, if with anything."""
    for number in NUMBER.findall(words):
        if int(number) in BY_SUBCODE and BY_SUBCODE[int(number)] is not BUSY:
            return BY_SUBCODE[int(number)].sentence
    return NOT_PREPARED.sentence
