"""Bounds of a statement: each ends before the one around it, so that a definite no comes before a doubt."""

from actors.database.actor import DatabaseSettings
from infra.postgres.connect import ATTEMPT_SECONDS, PATIENCE_SECONDS, PAUSE_SECONDS, SAY_EVERY_SECONDS
from infra.postgres.embedded.owner import LOCK_SECONDS
from infra.postgres.embedded.server import START_SECONDS
from infra.postgres.pool import (
    ACQUIRE_SECONDS,
    CLOSE_SECONDS,
    COMMAND_SECONDS,
    RELEASE_SECONDS,
    RUN_SECONDS,
    TRANSACTION_MILLISECONDS,
)


def test_server_ends_a_statement_before_the_driver_and_the_driver_before_us() -> None:
    assert TRANSACTION_MILLISECONDS == 3800  # what docs/configuration.md gives for a pooler
    assert TRANSACTION_MILLISECONDS / 1000 < COMMAND_SECONDS < RUN_SECONDS


def test_connection_that_cannot_be_had_or_given_back_is_given_up_before_a_statement_would_be() -> None:
    assert max(ACQUIRE_SECONDS, RELEASE_SECONDS, CLOSE_SECONDS) < COMMAND_SECONDS


def test_adapter_ends_an_attempt_before_the_core_does() -> None:
    assert DatabaseSettings().attempt_seconds >= ACQUIRE_SECONDS + RUN_SECONDS + RELEASE_SECONDS


def test_operator_who_waits_for_the_database_is_told_every_few_seconds_and_connected_within_one() -> None:
    assert PAUSE_SECONDS <= 1.0
    assert ATTEMPT_SECONDS <= SAY_EVERY_SECONDS == 5.0
    assert PATIENCE_SECONDS == 30.0  # what the command line says


def test_start_is_waited_for_until_it_has_failed() -> None:
    assert LOCK_SECONDS > START_SECONDS
