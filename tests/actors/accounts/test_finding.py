"""What a card says before anybody taps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actors.accounts.texts import finding
from actors.domain.account import Account, Login, Quota
from actors.operations.preflight import Outlook, is_lost
from actors.publish.texts import NOT_CONNECTED, unprefixed

DAY = 86_400.0
STUDIO = Account(1, "1784", "studio", Login.INSTAGRAM, b"sealed")
GOOD = Outlook(STUDIO, 43.5 * DAY, quota=Quota(1, 25))
AGAIN = "Instagram wants @studio to be connected again: tell the operator."


@pytest.mark.parametrize(
    ("outlook", "said"),
    [
        (GOOD, "✅ Ready: @studio, token 43 days, 24 of 25 posts left"),
        (replace(GOOD, seconds_left=1.5 * DAY), "✅ Ready: @studio, token 1 day, 24 of 25 posts left"),
        (replace(GOOD, seconds_left=0.5 * DAY), "✅ Ready: @studio, token ends today, 24 of 25 posts left"),
        (Outlook(STUDIO), "✅ Ready: @studio"),
        (Outlook(None), "⚠️ No Instagram account is connected: tell the operator."),
        (replace(GOOD, gone=True), f"⚠️ {AGAIN}"),
        (replace(GOOD, seconds_left=0.0), f"⚠️ {AGAIN}"),
        (replace(GOOD, quota=Quota(25, 25)), "⚠️ @studio has no posts left today (25 of 25 used)."),
    ],
)
def test_finding_is_one_line_that_says_what_matters(outlook: Outlook, said: str) -> None:
    assert finding(outlook) == said


def test_whatever_is_wrong_is_said() -> None:
    assert finding(replace(GOOD, gone=True), ("So.", "And so.")) == f"⚠️ {AGAIN} So. And so."


@pytest.mark.parametrize(
    ("outlook", "lost"),
    [
        (GOOD, False),
        (Outlook(STUDIO), False),
        (Outlook(None), True),
        (replace(GOOD, gone=True), True),
        (replace(GOOD, seconds_left=-1.0), True),
    ],
)
def test_instagram_is_asked_only_with_a_token_that_may_be_good(outlook: Outlook, lost: bool) -> None:
    assert is_lost(outlook) is lost


def test_nothing_is_said_of_publishing_where_nobody_asked_for_it() -> None:
    assert unprefixed(NOT_CONNECTED).startswith("Instagram is not connected for this chat.")
