"""Which ids can be those of groups, and which one is meant by one that is not."""

from __future__ import annotations

import pytest

from actors.domain.group_ids import Group, GroupKind, asked, meant, moved, not_known, unasked

TEAM = -1001234567890


@pytest.mark.parametrize(
    ("written", "likely"),
    [
        (TEAM, ()),
        (-(10**12), ()),
        (1001234567890, (TEAM,)),
        (-1234567890, (TEAM,)),
        (1234567890, (TEAM, -1234567890)),
        (100_000_000, (-1000100000000, -100_000_000)),
        (99_999_999, (-99_999_999,)),
        (-99_999_999, ()),
    ],
)
def test_id_without_its_beginning_leads_to_the_one_that_is_meant(written: int, likely: tuple[int, ...]) -> None:
    assert meant(written) == likely


@pytest.mark.parametrize(
    ("written", "ends"),
    [
        (-100, "the whole id is like -1001234567890."),
        (1234567890, "try -1001234567890."),
        (42, "it looks like -1001234567890."),
        (-1234567890, "so -1001234567890 may be meant."),
        (-100_000_000, "so -1000100000000 may be meant."),
    ],
)
def test_looks_of_an_id_are_judged_without_asking(written: int, ends: str) -> None:
    found = unasked(written)

    assert found is not None
    assert found.sentence.endswith(ends)
    assert found.hopeless is (written == -100)


@pytest.mark.parametrize("written", [TEAM, -99_999_999])
def test_id_that_looks_well_is_left_alone(written: int) -> None:
    assert unasked(written) is None


@pytest.mark.parametrize("kind", [GroupKind.GROUP, GroupKind.SUPERGROUP])
def test_group_in_which_the_bot_is_may_be_used(kind: GroupKind) -> None:
    assert asked(TEAM, Group(kind, "Our team")) is None


@pytest.mark.parametrize(
    ("group", "begins", "hopeless"),
    [
        (Group(GroupKind.PRIVATE, "Anna"), f"{TEAM} is a person, “Anna”", True),
        (Group(GroupKind.CHANNEL, "News"), f"{TEAM} is the channel “News”", True),
        (Group(GroupKind.GROUP, None, bot_is_in=False), f"The bot is not in group {TEAM}", False),
        (Group(GroupKind.GROUP, "Us", may_send_pictures=False), "The bot may not send pictures in “Us”", False),
    ],
)
def test_what_telegram_says_of_a_chat_is_judged(group: Group, begins: str, hopeless: bool) -> None:
    found = asked(TEAM, group)

    assert found is not None
    assert (found.sentence.startswith(begins), found.hopeless) == (True, hopeless)


@pytest.mark.parametrize(
    ("written", "found", "hopeless"),
    [
        (1234567890, (TEAM, Group(GroupKind.SUPERGROUP, "Our team")), True),
        (42, None, True),
        (-1234567890, None, False),
        (TEAM, None, False),
    ],
)
def test_group_that_the_bot_may_join_later_is_no_hopeless_case(
    written: int, found: tuple[int, Group] | None, hopeless: bool
) -> None:
    assert not_known(written, found).hopeless is hopeless


def test_group_that_moved_never_has_its_old_id_again() -> None:
    assert moved(-4000001, TEAM).hopeless
