"""What each error of the Graph API means, in ONE table: what to do, and a sentence for the team.

developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/error-codes
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum

from actors.publish.texts import AGAIN, BY_HAND, RECONNECT

SOON_SECONDS = 5.0
LATER_SECONDS = 30.0
THROTTLED_SECONDS = 60.0


class ErrorMeaning(Enum):
    """What an error asks of us."""

    REFUSED = "refused"
    LATER = "later"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class ErrorVerdict:
    """`before_effect`: a publish call that was answered so has certainly published nothing.

    `again`: the same publish call often comes through later, though this is no promise of it.
    """

    means: ErrorMeaning
    sentence: str
    seconds: float | None = None
    before_effect: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class ContainerFailure:
    """What is wrong with a container in ERROR; `passes`: another one of the same file often comes through."""

    sentence: str | None = None
    passes: bool = False


def _refused(sentence: str, *, again: bool = False) -> ErrorVerdict:
    return ErrorVerdict(ErrorMeaning.REFUSED, sentence, again=again)


def _later(sentence: str, seconds: float | None) -> ErrorVerdict:
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
# A quarter to a third of first fetches of good files are answered so, and the next link mostly works: it has no pause
# of its own, so that the saga's grow.
NO_FETCH = _later("Instagram could not fetch the file from our server. If it stays so, tell the operator.", None)
NOT_PREPARED = _refused(f"Instagram could not prepare the story. {AGAIN}")
NO_VIDEO = _later("Instagram could not process the video.", None)
NO_DOWNLOAD = _later("Instagram could not download the video from our server.", None)
ENDED_VERSION = _refused("Instagram's API has moved on, and this release of everytap is too old. Tell the operator.")
WRONG_SECRET = _refused("Instagram does not accept our app's id and secret. Tell the operator to check both.")
NO_TESTER = _refused(
    "Instagram does not let our app see this account: in Meta's dashboard the account has to be added to the app as a "
    "tester, and accept that in Instagram's settings, or the token lacks a right. Tell the operator."
)
PAGE_TOKEN = _refused(
    "This is the token of a Facebook page, which cannot read what it makes. Take the token of the person who manages "
    "the page: a long-lived user token."
)
TOO_FEW_VIEWERS = _refused("Too few people saw this story for Instagram to tell.")
NO_INSIGHTS = _refused(
    "Instagram tells this to a token with the right instagram_manage_insights only (instagram_business_manage_insights "
    "with Instagram's own login). Tell the operator."
)
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
    (-2, 2207020): _refused(f"Instagram let the prepared story expire. {AGAIN}", again=True),
    # Throttling comes before the effect as a rule, but it shares its code with 2207051: lost when publishing.
    (4, None): THROTTLED,
    (17, None): THROTTLED,
    (32, None): THROTTLED,
    (341, None): THROTTLED,
    (613, None): THROTTLED,
    (80001, None): THROTTLED,
    (80002, None): THROTTLED,
    (80003, None): THROTTLED,
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
    # It comes seconds after FINISHED, and the same container was published a while later.
    (24, 2207006): _refused(
        f"Instagram does not find the prepared story, or does not let us see it. {AGAIN}", again=True
    ),
    # Meta's advice is to repeat within 2 minutes: so does a worker that lost an answer, after a look at the container.
    (24, 2207008): _later("Instagram lost sight of the prepared story for a moment.", LATER_SECONDS),
    # A judgement on the account like 2207051, which is known to come after the effect: lost when publishing.
    (25, 2207050): RESTRICTED,
    # No proof that it is not there: a page's token is told so of what it has just made.
    (100, 33): _refused(
        "Instagram does not find this, or does not let this account see it. Tell the operator.", again=True
    ),
    (101, None): WRONG_SECRET,
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
    (2635, None): ENDED_VERSION,
    (9004, None): NO_FETCH,
    (9004, 2207052): NO_FETCH,
    # Instagram is still at the file, and what is not there yet cannot have been published by this call.
    (9007, 2207027): ErrorVerdict(
        ErrorMeaning.LATER, "Instagram is not done with the file yet.", SOON_SECONDS, before_effect=True
    ),
    (36000, 2207004): TOO_BIG,
    (36001, 2207005): _refused(f"Instagram takes pictures as JPEG only. {BY_HAND}"),
    # Since August 2026.
    (36001, 2207083): _refused(f"Instagram cannot read the picture: it takes JPEG only. {BY_HAND}"),
    (36003, 2207009): _refused(
        f"The picture's shape does not fit: Instagram takes 9:16 and what is close to it. {BY_HAND}"
    ),
}
# Of a container alone, in none of Meta's tables: a video that was not processed, or not downloaded, which often passes.
CONTAINER_VERDICTS = {2207076: NO_VIDEO, 2207077: NO_DOWNLOAD, 2207082: NO_DOWNLOAD, 2207085: NO_VIDEO}
BY_SUBCODE = CONTAINER_VERDICTS | {
    subcode: verdict for (_, subcode), verdict in VERDICTS.items() if subcode is not None
}
# Codes that Meta lists with a subcode only, as met with another one: the same sentence, and no certainty.
BY_CODE = {
    code: verdict if verdict.means is ErrorMeaning.GONE else replace(verdict, before_effect=False)
    for (code, _), verdict in reversed(VERDICTS.items())
    if code not in {-2, -1, 4, 100}
}
# The same code 100 or 1 comes for many things; these are told by Meta's words alone.
BY_WORDS = {
    (10, "not enough viewers"): TOO_FEW_VIEWERS,
    (10, "manage_insights"): NO_INSIGHTS,
    (100, "unsupported request - method type"): NO_TESTER,
    (100, "nonexisting field (accounts)"): PAGE_TOKEN,
    (100, "client secret"): WRONG_SECRET,
    (1, "client secret"): WRONG_SECRET,
}
NUMBER = re.compile(r"\b\d{4,}\b")


def verdict_on(code: int, subcode: int | None, is_transient: bool, words: str = "") -> ErrorVerdict:
    """Look an error up; an unknown one is tried again if Meta calls it transient."""
    told = (verdict for (of, part), verdict in BY_WORDS.items() if of == code and part in words.lower())
    known = (next(told, None) if subcode is None else None) or VERDICTS.get((code, subcode))
    known = known or VERDICTS.get((code, None)) or BY_CODE.get(code)
    if known is not None:
        return known
    if is_transient:
        return BUSY
    if 200 <= code <= 299:
        return NOT_ALLOWED
    number = f"{code}" if subcode is None else f"{code}/{subcode}"
    return _refused(f"Instagram refused this for a reason that we do not know (code {number}). {BY_HAND}")


def about_container(words: str) -> ContainerFailure:
    """Say what is wrong with a container in ERROR; its own words end with an error code, if with anything."""
    found = (BY_SUBCODE[int(number)] for number in NUMBER.findall(words) if int(number) in BY_SUBCODE)
    verdict = next((each for each in found if each is not BUSY), None)
    if verdict is None:
        return ContainerFailure(NOT_PREPARED.sentence, passes=True)
    return ContainerFailure(verdict.sentence, passes=verdict.means is ErrorMeaning.LATER)
