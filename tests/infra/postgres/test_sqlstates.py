"""Each failure that was seen, and what it means."""

import socket
import ssl

import asyncpg
import pytest

from actors.errors import AnswerLost, Locked, PortError, Refused, Unreachable
from infra.postgres.sqlstates import LOCK_TIMEOUT, During, classify_error, needs_fresh_connection

SECRET = "select 'hush' at postgresql://tapper:hush@db.example.org"


def spoken(state: str) -> asyncpg.PostgresError:
    """What asyncpg makes of a server's error of this SQLSTATE."""
    return asyncpg.PostgresError.new({"C": state, "M": SECRET, "S": "ERROR"})


class UnsendableError(asyncpg.InterfaceError, ValueError):
    """What asyncpg calls DataError, and does not export."""


ROLLED_BACK = [
    "40001",
    "40P01",
    "55P03",
    "57P03",
    "53300",
    "08001",
    "08004",
    "57014",
    "25P03",
    "25P04",
    "26000",
    "42P05",
]
UNKNOWN = ["57P01", "57P02", "57P05", "08000", "08003", "08006", "08007", "08P01", "40003", "XX000", "58030"]
HOPELESS = ["28000", "28P01", "3D000", "3F000", "42883", "42501", "42704", "22003", "22P05", "23505", "23514"]
HOPELESS += ["53100", "53200", "54001", "P0001", "0A000", "25001"]


@pytest.mark.parametrize("state", [*ROLLED_BACK, "25006"])
def test_statement_that_was_rolled_back_may_be_run_again(state: str) -> None:
    assert type(classify_error(spoken(state), During.RUN)) is (Locked if state == LOCK_TIMEOUT else Unreachable)


@pytest.mark.parametrize("state", UNKNOWN)
def test_statement_that_was_broken_off_may_have_been_applied(state: str) -> None:
    assert type(classify_error(spoken(state), During.RUN)) is AnswerLost


@pytest.mark.parametrize("state", HOPELESS)
def test_statement_that_can_never_succeed_is_refused(state: str) -> None:
    assert type(classify_error(spoken(state), During.RUN)) is Refused


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.ConnectionDoesNotExistError(SECRET),
        ConnectionResetError(SECRET),
        BrokenPipeError(SECRET),
        ssl.SSLError(SECRET),
        TimeoutError(SECRET),
        asyncpg.InterfaceError(SECRET),
        asyncpg.InternalClientError(SECRET),
        asyncpg.OutdatedSchemaCacheError(SECRET),
    ],
    ids=lambda error: type(error).__name__,
)
def test_link_that_broke_during_a_statement_leaves_doubt(error: Exception) -> None:
    assert type(classify_error(error, During.RUN)) is AnswerLost


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(SECRET),
        socket.gaierror(SECRET),
        TimeoutError(SECRET),
        ssl.SSLError(SECRET),
        asyncpg.ConnectionDoesNotExistError(SECRET),
        asyncpg.InterfaceError("pool is closing"),
        asyncpg.InternalClientError(SECRET),
        asyncpg.TargetServerAttributeNotMatched(SECRET),
        *map(spoken, ["53300", "57P03", "57P01", "08P01", "XX000"]),
    ],
    ids=lambda error: getattr(error, "sqlstate", None) or type(error).__name__,
)
def test_connection_that_cannot_be_had_has_done_nothing(error: Exception) -> None:
    assert type(classify_error(error, During.ACQUIRE)) is Unreachable


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.ClientConfigurationError(SECRET),
        ssl.SSLCertVerificationError(SECRET),
        asyncpg.UnsupportedClientFeatureError(SECRET),
        *map(spoken, ["28P01", "28000", "3D000", "42704"]),
    ],
    ids=lambda error: getattr(error, "sqlstate", None) or type(error).__name__,
)
def test_connection_that_is_denied_is_refused(error: Exception) -> None:
    assert type(classify_error(error, During.ACQUIRE)) is Refused


def test_argument_that_cannot_be_sent_is_refused() -> None:
    assert type(classify_error(UnsendableError(SECRET), During.RUN)) is Refused


def test_outdated_plan_may_be_run_again() -> None:
    error = asyncpg.InvalidCachedStatementError(SECRET)

    assert type(classify_error(error, During.RUN)) is Unreachable
    assert needs_fresh_connection(error)


def test_outdated_cache_of_types_asks_for_a_fresh_connection() -> None:
    """Every connection of the pool has it, so what we have cannot be used again."""
    assert needs_fresh_connection(asyncpg.OutdatedSchemaCacheError(SECRET))


@pytest.mark.parametrize("state", ["25006", "26000", "42P05"])
def test_connection_to_the_wrong_server_is_not_used_again(state: str) -> None:
    assert needs_fresh_connection(spoken(state))


@pytest.mark.parametrize("state", ["55P03", "57P01", "42883"])
def test_connection_is_kept_after_an_error_of_the_statement(state: str) -> None:
    assert not needs_fresh_connection(spoken(state))


@pytest.mark.parametrize("during", list(During))
@pytest.mark.parametrize("state", [*ROLLED_BACK, *UNKNOWN, *HOPELESS])
def test_sentence_holds_the_state_and_nothing_secret(state: str, during: During) -> None:
    """The driver quotes statements, values and addresses."""
    error: PortError = classify_error(spoken(state), during)

    assert "hush" not in str(error)
    assert state in str(error)
