"""Bounds of different actors that hold together: a test that imports one of them agrees with any figure."""

from __future__ import annotations

from itertools import pairwise

import pytest

from actors.accounts import preflight
from actors.bounds import (
    CONFIRM_SECONDS,
    CONTESTED_SECONDS,
    EDIT_SECONDS,
    HIDING_SECONDS,
    KEEP_CLAIM_SECONDS,
    LAST_READ_SECONDS,
    LATE_EDIT_SECONDS,
    LOOK_AT_BUTTON_SECONDS,
    MOST_SHOWN,
    MOST_WAITING,
    NUDGE_SECONDS,
    POLL_CALL_SECONDS,
    POLL_RENEW_SECONDS,
    POLL_SECONDS,
    PRESS_SECONDS,
    PUBLISH_CALL_SECONDS,
    PUBLISH_DOUBT_SECONDS,
    PUBLISH_LEASE_SECONDS,
    PUBLISH_RENEW_SECONDS,
    PUSH_HOLD_SECONDS,
    READ_CALL_SECONDS,
    SEND_WITHIN_SECONDS,
    SETTLE_SECONDS,
    SILENT_SECONDS,
    STANDBY_SECONDS,
    STUCK_SECONDS,
    TAP_HOLD_SECONDS,
    UNLOGGED_SECONDS,
)
from actors.cards import actor as cards
from actors.cards import rate_limit
from actors.commands import actor as commands
from actors.commands import bot_name as own_name
from actors.commands import delivery as voice
from actors.database import asking
from actors.database.actor import DatabaseSettings
from actors.item import actor as item
from actors.item import aloud, caches, tap_log
from actors.item import callback_answers as answers
from actors.item import sending as sends
from actors.runtime import waiting, watchdog
from actors.updates import poll_lease as lease
from actors.updates import polling as poller
from actors.updates import webhook as receiver

PAUSES = {
    "edits": cards.RETRY.steps,
    "polls": poller.RETRY.steps,
    "webhook": receiver.RETRY.steps,
    "menu": commands.MENU_RETRY.steps,
    "name": own_name.RETRY.steps,
}


@pytest.mark.parametrize("pauses", PAUSES.values(), ids=PAUSES)
def test_pauses_grow(pauses: tuple[float, ...]) -> None:
    assert all(shorter <= longer for shorter, longer in pairwise(pauses))


def test_trouble_that_is_over_is_noticed_within_ten_seconds() -> None:
    assert max(*cards.RETRY.steps, *poller.RETRY.steps, *receiver.RETRY.steps) <= 10.0


def test_tap_is_stored_or_refused_before_telegram_forgets_it() -> None:
    """Telegram keeps a callback query for 150 s; what hides newer taps is given up long before."""
    assert TAP_HOLD_SECONDS == 100.0
    assert STUCK_SECONDS == 5.0
    assert STUCK_SECONDS < HIDING_SECONDS <= 20.0


def test_attempt_at_the_database_ends_in_seconds_whatever_its_adapter_does() -> None:
    """Longer than the adapter's own bounds together, which tests/infra/postgres/test_bounds.py compares."""
    assert DatabaseSettings().attempt_seconds == 12.0


def test_updates_are_parsed_four_in_one_go() -> None:
    """A hundred at once would hold up the loop."""
    assert poller.SLICE == 4


def test_so_many_wait_that_telegram_shows_the_newest_tap() -> None:
    """It shows a hundred updates from the oldest unconfirmed one on."""
    assert MOST_SHOWN == 100
    assert MOST_WAITING == 90


def test_line_about_a_recording_comes_after_400_ms() -> None:
    assert item.INTERIM_SECONDS == 0.4


def test_standby_takes_over_within_15_s() -> None:
    assert CONTESTED_SECONDS + STANDBY_SECONDS + LAST_READ_SECONDS < 15.0
    assert 2 * POLL_RENEW_SECONDS <= CONTESTED_SECONDS
    assert lease.FROZEN_SECONDS < CONTESTED_SECONDS - POLL_RENEW_SECONDS


def test_nudge_is_shorter_than_a_look_of_the_standby() -> None:
    assert NUDGE_SECONDS <= 1.0 < STANDBY_SECONDS


def test_poll_that_is_silent_is_overdue_before_the_team_is_told_so() -> None:
    assert POLL_SECONDS == 25.0  # Telegram allows 50
    assert POLL_CALL_SECONDS == POLL_SECONDS + 5 + 10 + 10  # to connect, to send, to answer
    assert POLL_CALL_SECONDS < SILENT_SECONDS


def test_claim_is_renewed_twice_while_a_file_leaves() -> None:
    """A claim of an item lasts 60 s, and an upload half an hour at most."""
    assert 3 * KEEP_CLAIM_SECONDS <= 60.0
    assert sends.QUIET_SECONDS < sends.LONGEST_SECONDS == 1800.0


def test_person_who_waits_is_answered_within_seconds() -> None:
    assert voice.ASK_SECONDS == 2.0
    assert aloud.ANSWER_SECONDS <= 5.0
    assert answers.SAY_RETRY.after(1) < aloud.ANSWER_SECONDS
    assert aloud.MOST_LINES == 2 * 100  # twice the presses that Telegram holds for us at once
    assert voice.SEND_RETRY.after(1) < voice.SEND_SECONDS


def test_what_was_not_stored_is_asked_again_after_a_second() -> None:
    assert asking.AGAIN_SECONDS == 1.0


def test_check_of_a_card_ends_while_its_slot_is_near() -> None:
    """Two questions to the database, the quota and the file."""
    assert 2 * preflight.ASK_SECONDS + 2 * preflight.CALL_SECONDS <= 120.0


def test_command_that_bears_a_strange_name_is_held_half_a_minute_at_most() -> None:
    """Unconfirmed, it costs a tap its place."""
    assert own_name.ASK_SECONDS < own_name.HOLD_SECONDS == 30.0


def test_tap_that_nobody_explains_is_drawn_again_well_within_150_s() -> None:
    """So long after the last fault everything is decided and told."""
    assert max(UNLOGGED_SECONDS, CONFIRM_SECONDS) <= 60.0


def test_lease_of_a_publish_outlives_the_call_that_it_covers() -> None:
    """A call that leaves last of all ends before another worker may look at its publish."""
    assert PUBLISH_LEASE_SECONDS == 75.0
    assert SEND_WITHIN_SECONDS + PUBLISH_CALL_SECONDS < PUBLISH_LEASE_SECONDS
    assert PUBLISH_CALL_SECONDS < SETTLE_SECONDS < PUBLISH_DOUBT_SECONDS <= 150.0  # then people decide
    assert READ_CALL_SECONDS + PUBLISH_RENEW_SECONDS < PUBLISH_LEASE_SECONDS


def test_question_stays_a_minute() -> None:
    assert item.QUESTION_SECONDS == 60.0


def test_look_at_a_button_is_over_before_a_webhook_gives_its_press_up() -> None:
    assert LOOK_AT_BUTTON_SECONDS < PUSH_HOLD_SECONDS == 10.0


def test_right_that_changed_is_seen_within_minutes_and_one_that_was_given_within_seconds() -> None:
    assert (caches.RIGHT_SECONDS, caches.REFUSED_SECONDS) == (300.0, 10.0)
    assert PRESS_SECONDS == 150.0  # so long Telegram keeps a press


def test_message_of_many_lines_is_one_that_telegram_takes() -> None:
    """It takes 4096 letters."""
    assert 3000 <= aloud.MOST_LETTERS <= 4096 - 500


def test_idle_worker_asks_in_two_bursts_an_hour() -> None:
    assert waiting.POLL_WINDOW_SECONDS == 1800.0


def test_tap_that_took_a_second_says_what_it_waited_for() -> None:
    assert tap_log.SLOW_MS == 1000.0


def test_stuck_worker_is_noticed_within_ten_seconds_and_a_busy_one_is_not_called_so() -> None:
    assert 2.0 <= watchdog.LATE_SECONDS < 10.0


def test_edit_has_its_answer_long_before_what_was_lost_may_still_be_drawn() -> None:
    """What a worker sent before it died comes up to 45 s late, an edit whose answer was lost up to 60 s."""
    assert EDIT_SECONDS < LATE_EDIT_SECONDS < CONFIRM_SECONDS


def test_group_keeps_room_for_decisions_whatever_else_is_drawn() -> None:
    """Telegram takes about twenty changes a minute."""
    assert rate_limit.COURTESIES + rate_limit.SHORT <= rate_limit.BUDGET == 20.0
    assert rate_limit.MINUTE == 60.0
