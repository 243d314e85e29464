"""What of the set-up is said to be missing, and to whom."""

import pytest

from actors.accounts.shortcomings import concerning, shortcomings
from actors.operations.set_up import Prerequisites, SetUp

ALL = Prerequisites()
NOTHING = Prerequisites(keys=False, links=False)
TEAM, OTHER = -1001000000001, -1001000000002


@pytest.mark.parametrize(
    "found", [SetUp(), SetUp(accounts=1, live=(TEAM,), zones=("Europe/Berlin", "UTC")), SetUp(zones=("Asia/Tokyo",))]
)
def test_set_up_that_is_complete_lacks_nothing(found: SetUp) -> None:
    assert shortcomings(found, ALL) == ()


def test_nobody_needs_keys_or_links_who_publishes_nothing() -> None:
    assert shortcomings(SetUp(), NOTHING) == ()


@pytest.mark.parametrize(
    ("found", "means", "reason"),
    [
        (SetUp(accounts=1), NOTHING, "SECRET_KEYS is not set, so the token of the account cannot be read: set it to"),
        (SetUp(accounts=3), NOTHING, "SECRET_KEYS is not set, so the tokens of the 3 accounts cannot be read: set it"),
        (
            SetUp(live=(TEAM,)),
            NOTHING,
            "Neither PUBLIC_URL nor MEDIA_BUCKET is set, so Instagram cannot fetch the sto",
        ),
        (
            SetUp(live=(TEAM,), unconnected=(TEAM,)),
            ALL,
            f"Chat {TEAM} is live without an Instagram account: `account add",
        ),
        (
            SetUp(closed=(TEAM,)),
            ALL,
            f"In chat {TEAM} only people with a role may tap, and no person has one: `member set",
        ),
        (
            SetUp(zones=("UTC", "Mars/Base")),
            ALL,
            "The time zone 'Mars/Base' is not known here: times are shown in UTC.",
        ),
    ],
)
def test_what_is_missing_is_said_with_what_to_do(found: SetUp, means: Prerequisites, reason: str) -> None:
    (missing,) = shortcomings(found, means)

    assert missing.reason.startswith(reason)


def test_each_chat_hears_what_it_feels_itself() -> None:
    found = SetUp(accounts=1, live=(TEAM,), unconnected=(TEAM,), closed=(OTHER,), zones=("Mars/Base",))
    missing = shortcomings(found, NOTHING)

    assert len(concerning(TEAM, missing)) == 3
    assert concerning(OTHER, missing) == (missing[3].reason,)
    assert len(missing) == 5


def test_of_many_live_chats_some_are_named() -> None:
    chats = tuple(range(-5, 0))

    (missing,) = shortcomings(SetUp(live=chats), Prerequisites(links=False))

    assert "of live chats -5, -4, -3 and others: set" in missing.reason
    assert missing.chats == chats
