"""Each error code of the Graph API: what it means to a call that can be repeated, and what to a publish."""

from __future__ import annotations

import pytest

from actors.errors import AnswerLost, DoubtfulRefusal, PortError, Refused, TokenGone, Unreachable
from infra.instagram.graph import GraphInstagram, open_instagram
from infra.instagram.settings import GraphSettings
from infra.instagram.verdicts import VERDICTS, ErrorMeaning, ErrorVerdict, about_container, verdict_on
from tests.infra.instagram.accounts import account, around, story
from tests.infra.instagram.leaks import leaked
from tests.infra.instagram.wired import answered
from tests.infra.telegram.wire import replies, serve

OWNER = account()

# code, subcode, what a container that was asked for meets, what a publish meets
MEANINGS: list[tuple[int, int | None, type[PortError], type[PortError]]] = [
    (1, None, Unreachable, AnswerLost),
    (2, None, Unreachable, AnswerLost),
    (-1, None, Unreachable, AnswerLost),
    (-1, 2207001, Unreachable, AnswerLost),
    (-1, 2207032, Unreachable, AnswerLost),
    (-1, 2207053, Unreachable, AnswerLost),
    (-2, None, Unreachable, AnswerLost),
    (-2, 2207003, Unreachable, AnswerLost),
    (-2, 2207020, Refused, AnswerLost),
    (4, None, Unreachable, AnswerLost),
    (17, None, Unreachable, AnswerLost),
    (32, None, Unreachable, AnswerLost),
    (341, None, Unreachable, AnswerLost),
    (613, None, Unreachable, AnswerLost),
    (80002, None, Unreachable, AnswerLost),
    (4, 2207051, Refused, DoubtfulRefusal),
    (9, 2207042, Refused, Refused),
    (10, None, Refused, DoubtfulRefusal),
    (24, 2207006, Refused, AnswerLost),
    (24, 2207008, Unreachable, AnswerLost),
    (25, 2207050, Refused, DoubtfulRefusal),
    (100, None, Refused, DoubtfulRefusal),
    (100, 33, Refused, AnswerLost),
    (101, None, Refused, DoubtfulRefusal),
    (102, None, TokenGone, TokenGone),
    (190, None, TokenGone, TokenGone),
    (190, 458, TokenGone, TokenGone),
    (190, 459, TokenGone, TokenGone),
    (190, 460, TokenGone, TokenGone),
    (190, 463, TokenGone, TokenGone),
    (190, 464, TokenGone, TokenGone),
    (190, 467, TokenGone, TokenGone),
    (190, 99, TokenGone, TokenGone),
    (200, None, Refused, DoubtfulRefusal),
    (230, None, Refused, DoubtfulRefusal),
    (299, None, Refused, DoubtfulRefusal),
    (300, None, Refused, DoubtfulRefusal),
    (352, None, Refused, DoubtfulRefusal),
    (352, 2207026, Refused, DoubtfulRefusal),
    (368, None, Refused, DoubtfulRefusal),
    (9004, None, Unreachable, AnswerLost),
    (9004, 2207052, Unreachable, AnswerLost),
    (9007, 2207027, Unreachable, Unreachable),
    (36000, 2207004, Refused, DoubtfulRefusal),
    (36001, 2207005, Refused, DoubtfulRefusal),
    (36003, 2207009, Refused, DoubtfulRefusal),
    (77777, 5, Refused, DoubtfulRefusal),
    (2635, None, Refused, DoubtfulRefusal),
    (80001, None, Unreachable, AnswerLost),
    (80003, None, Unreachable, AnswerLost),
    (36001, 2207083, Refused, DoubtfulRefusal),
]

# What the team reads of each, and how many seconds later it is tried again.
SAID: dict[tuple[int, int | None], tuple[str, float | None]] = {
    (1, None): ("a problem of its own", 30.0),
    (2, None): ("a problem of its own", 30.0),
    (-1, None): ("a problem of its own", 30.0),
    (-1, 2207001): ("a problem of its own", 30.0),
    (-1, 2207032): ("a problem of its own", 30.0),
    (-1, 2207053): ("a problem of its own", 30.0),
    (-2, None): ("a problem of its own", 30.0),
    (-2, 2207003): ("took too long to fetch the file", 5.0),
    (-2, 2207020): ("let the prepared story expire", None),
    (4, None): ("asks us to slow down", 60.0),
    (17, None): ("asks us to slow down", 60.0),
    (32, None): ("asks us to slow down", 60.0),
    (341, None): ("asks us to slow down", 60.0),
    (613, None): ("asks us to slow down", 60.0),
    (80001, None): ("asks us to slow down", 60.0),
    (80002, None): ("asks us to slow down", 60.0),
    (80003, None): ("asks us to slow down", 60.0),
    (2635, None): ("this release of everytap is too old", None),
    (4, 2207051): ("took this for spam", None),
    (9, 2207042): ("only so often in 24 hours", None),
    (10, None): ("does not allow us to do this with the account", None),
    (24, 2207006): ("does not find the prepared story", None),
    (24, 2207008): ("lost sight of the prepared story for a moment", 30.0),
    (25, 2207050): ("restricted this account", None),
    (100, 33): ("does not find this, or does not let this account see it", None),
    (101, None): ("does not accept our app's id and secret", None),
    (102, None): ("ended our session", None),
    (190, None): ("takes our token no more", None),
    (190, 458): ("took our permission away", None),
    (190, 459): ("log in and confirm who they are", None),
    (190, 460): ("changed the password", None),
    (190, 463): ("has expired", None),
    (190, 464): ("log in and confirm who they are", None),
    (190, 467): ("no longer valid", None),
    (200, None): ("does not allow us to do this with the account", None),
    (352, None): ("cannot use this video", None),
    (352, 2207026): ("cannot use this video", None),
    (368, None): ("restricted this account", None),
    (9004, None): ("could not fetch the file from our server", None),
    (9004, 2207052): ("could not fetch the file from our server", None),
    (9007, 2207027): ("is not done with the file yet", 5.0),
    (36000, 2207004): ("larger than the 8 MB", None),
    (36001, 2207083): ("takes JPEG only", None),
    (36001, 2207005): ("takes pictures as JPEG only", None),
    (36003, 2207009): ("takes 9:16 and what is close to it", None),
}


def envelope(code: int, subcode: int | None, transient: bool = False) -> dict[str, object]:
    error: dict[str, object] = {"message": "Meta's own words https://x", "code": code, "is_transient": transient}
    return {"error": error | ({} if subcode is None else {"error_subcode": subcode})}


def settings(url: str) -> GraphSettings:
    return GraphSettings(url, url)


@pytest.mark.parametrize(("code", "subcode", "made", "published"), MEANINGS)
async def test_each_code_has_its_meaning(
    code: int, subcode: int | None, made: type[PortError], published: type[PortError]
) -> None:
    answer = replies(400, envelope(code, subcode))
    async with serve(answer) as wire, open_instagram(settings(wire.url), around()) as instagram:
        with pytest.raises(PortError) as create:
            await instagram.create_container(OWNER, story(), "1")
        with pytest.raises(PortError) as publish:
            await instagram.publish(OWNER, "17900000000000001")

    assert (type(create.value), type(publish.value)) == (made, published)
    assert leaked(create.value) + leaked(publish.value) == []


def test_every_code_of_the_table_has_its_meaning_here() -> None:
    assert {(code, subcode) for code, subcode, _, _ in MEANINGS} >= set(VERDICTS)
    assert set(SAID) == set(VERDICTS)


@pytest.mark.parametrize("key", SAID)
def test_every_code_has_its_words_and_its_pause(key: tuple[int, int | None]) -> None:
    words, seconds = SAID[key]

    verdict = verdict_on(*key, is_transient=False)

    assert words in verdict.sentence
    assert verdict.seconds == seconds


def test_code_that_nobody_knows_is_told_with_its_subcode() -> None:
    assert "(code 77777/5)" in verdict_on(77777, 5, is_transient=False).sentence
    assert "(code 77777)" in verdict_on(77777, None, is_transient=False).sentence


@pytest.mark.parametrize("verdict", VERDICTS.values())
def test_every_verdict_is_a_sentence(verdict: ErrorVerdict) -> None:
    assert verdict.sentence[0].isupper()
    assert verdict.sentence.endswith(".")


def test_certain_about_a_publish_are_the_token_the_daily_count_and_an_unfinished_file_alone() -> None:
    certain = {
        key for key, verdict in VERDICTS.items() if verdict.before_effect and verdict.means is not ErrorMeaning.GONE
    }

    assert certain == {(9, 2207042), (9007, 2207027)}


async def test_unknown_code_that_is_transient_is_tried_again() -> None:
    async with answered(envelope(77777, None, transient=True), 400) as instagram:
        with pytest.raises(Unreachable):
            await instagram.quota(OWNER)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ("", 60),
        ("Retry-After: 7\r\n", 7),
        ("Retry-After: 1\r\n", 1),
        ("Retry-After: 0\r\n", 60),
        ('X-Business-Use-Case-Usage: {"178":[{"type":"instagram","estimated_time_to_regain_access":19}]}\r\n', 1140),
        ('X-Business-Use-Case-Usage: {"178":[{"estimated_time_to_regain_access":9999999}]}\r\n', 86_400),
        ('X-Business-Use-Case-Usage: {"178":[{"estimated_time_to_regain_access":0}]}\r\n', 60),
        ("X-Business-Use-Case-Usage: {{\r\nRetry-After: soon\r\n", 60),
    ],
)
async def test_throttled_call_says_when_to_come_again(headers: str, seconds: float) -> None:
    answer = replies(429, envelope(80002, None), headers)
    async with serve(answer) as wire, open_instagram(settings(wire.url), around()) as instagram:
        with pytest.raises(Unreachable) as caught:
            await instagram.quota(OWNER)

    assert caught.value.retry_after_seconds == seconds


async def test_row_1_file_that_could_not_be_fetched_is_asked_for_again_by_whoever_has_a_fresh_link() -> None:
    """9004/2207052 is "remembered for that URL": a repeat at once, by the same link, met the same answer."""
    answer = replies(400, envelope(9004, 2207052))
    async with serve(answer) as wire, open_instagram(settings(wire.url), around()) as instagram:
        with pytest.raises(Unreachable) as caught:
            await instagram.create_container(OWNER, story(), "1")

    assert len(wire.heard) == 1
    assert caught.value.retry_after_seconds is None


@pytest.mark.parametrize(
    ("words", "sentence", "passes"),
    [
        ("Error: Media upload has failed with error code 2207026", "cannot use this video", False),
        ("Error: Media upload has failed with error code 2207052", "could not fetch the file", True),
        ("Error: Media upload has failed with error code 2207053", "could not prepare", True),
        ("Error: Media upload has failed with error code 2207076", "could not process the video", True),
        ("Error: Media upload has failed with error code 2207077", "could not download the video", True),
        ("Error: Media upload has failed with error code 2207082", "could not download the video", True),
        ("Error: Media upload has failed with error code 2207085", "could not process the video", True),
        ("Error: 5555555", "could not prepare", True),
        ("", "could not prepare", True),
    ],
)
def test_row_17_container_in_error_is_explained_by_its_code(words: str, sentence: str, passes: bool) -> None:
    """2207076, 77, 82 and 85 are "in none of Meta's tables", and 2207076 "often passes with a new container"."""
    failure = about_container(words)

    assert sentence in (failure.sentence or "")
    assert failure.passes is passes


@pytest.mark.parametrize("code", [9, 24, 25, 9007, 36000, 36001, 36003])
def test_row_19_code_with_an_unlisted_subcode_has_the_sentence_of_its_code_and_no_certainty(code: int) -> None:
    """36001 comes "also with 2207083 since Aug 2026": an unlisted subcode had no sentence at all."""
    listed = next(verdict for (known, _), verdict in VERDICTS.items() if known == code)

    met = verdict_on(code, 9999999, is_transient=False)

    assert (met.sentence, met.before_effect) == (listed.sentence, False)


@pytest.mark.parametrize(
    ("code", "words", "sentence"),
    [
        (100, "Unsupported request - method type: get", "added to the app as a tester"),
        (100, "(#100) Tried accessing nonexisting field (accounts) on node type (Page)", "token of a Facebook page"),
        (1, "Error validating client secret.", "does not accept our app's id and secret"),
        (100, "Error validating client secret.", "does not accept our app's id and secret"),
    ],
)
def test_rows_24_25_and_32_are_told_by_metas_words_alone(code: int, words: str, sentence: str) -> None:
    """The code is 100 or 1 for each of them, and for everything else, too."""
    assert sentence in verdict_on(code, None, is_transient=False, words=words).sentence


@pytest.mark.parametrize(
    ("code", "subcode", "error"),
    [
        (4, 2207051, DoubtfulRefusal),
        (10, None, DoubtfulRefusal),
        (200, None, DoubtfulRefusal),
        (25, 2207050, DoubtfulRefusal),
        (368, None, DoubtfulRefusal),
        (77777, 5, DoubtfulRefusal),
        (24, 2207006, AnswerLost),
        (-2, 2207020, AnswerLost),
        (100, 33, AnswerLost),
        (2, None, AnswerLost),
        (4, None, AnswerLost),
        (80002, None, AnswerLost),
    ],
)
async def test_row_8_plain_refusal_of_a_publish_is_told_from_an_answer_that_proves_nothing(
    code: int, subcode: int | None, error: type[Exception]
) -> None:
    """4/2207051 comes "also while the post is live": neither is proof, and only the second is worth another call."""
    async with answered(envelope(code, subcode), 403) as instagram:
        with pytest.raises(AnswerLost) as caught:
            await instagram.publish(OWNER, "17900000000000001")

    assert type(caught.value) is error


async def test_row_34_throttled_publish_says_how_long_instagram_wants_no_other() -> None:
    """80002 "may come as HTTP 400 with minutes"."""
    headers = 'X-Business-Use-Case-Usage: {"178":[{"type":"instagram","estimated_time_to_regain_access":19}]}\r\n'
    answer = replies(400, envelope(80002, None), headers)
    async with serve(answer) as wire, open_instagram(settings(wire.url), around()) as instagram:
        with pytest.raises(AnswerLost) as caught:
            await instagram.publish(OWNER, "17900000000000001")

    assert caught.value.retry_after_seconds == 1140.0


async def state_of(instagram: GraphInstagram) -> str:
    return (await instagram.container(OWNER, "1")).state.name


@pytest.mark.parametrize("state", ["IN_PROGRESS", "FINISHED", "PUBLISHED", "ERROR", "EXPIRED"])
async def test_each_state_of_a_container_is_known(state: str) -> None:
    async with answered({"status_code": state, "id": "1"}) as instagram:
        assert await state_of(instagram) == state


async def test_state_that_nobody_knows_is_looked_at_again() -> None:
    async with answered({"status_code": "RESTING"}) as instagram:
        with pytest.raises(Unreachable):
            await state_of(instagram)


@pytest.mark.parametrize("found", [[], [{"quota_usage": 1}]])
async def test_limit_that_is_not_told_is_asked_for_again(found: list[object]) -> None:
    async with answered({"data": found}) as instagram:
        with pytest.raises(Unreachable):
            await instagram.quota(OWNER)
