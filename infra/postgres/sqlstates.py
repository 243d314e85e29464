"""What a failure of the database means: whether the statement can have been applied, and whether it may be run again.

The classes are those of https://www.postgresql.org/docs/current/errcodes-appendix.html. A sentence of ours never holds
more than the SQLSTATE: asyncpg's texts may quote statements, values and addresses.
"""

from __future__ import annotations

import ssl
from enum import Enum

import asyncpg

from actors.errors import AnswerLost, Locked, PortError, Refused, Unreachable

# All that asyncpg and the network below it raise; TimeoutError, ssl.SSLError and socket.gaierror are OSErrors.
FAILURES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)


class During(Enum):
    """What was under way."""

    ACQUIRE = "getting a connection"
    RUN = "running a statement"


# The server said no and rolled back; the same statement may succeed in a moment.
LOCK_TIMEOUT = "55P03"
_ROLLED_BACK = {
    "08001",  # cannot establish a connection
    "08004",  # the server rejected the connection
    "25006",  # read-only after a failover
    "25P03",  # idle in transaction for too long
    "25P04",  # transaction timeout
    "26000",  # no such prepared statement: a pooler gave us another server
    "42P05",  # that prepared statement exists: the same
    "53300",  # too many connections
    LOCK_TIMEOUT,
    "57014",  # statement_timeout, which the server turns off during the commit
    "57P03",  # starting up
}

# Nothing that running it again would change: a wrong statement, wrong values, no right, no room.
_HOPELESS = {
    "40002",  # an integrity constraint at the commit
    "53100",  # disk full
    "53200",  # out of memory
}
_HOPELESS_CLASSES = {
    "0A",  # not supported
    "22",  # a value that does not fit
    "23",  # a constraint that our functions should have respected
    "25",  # a transaction that we never open
    "28",  # no such role, wrong password
    "3D",  # no such database
    "3F",  # no such schema
    "42",  # no such function: the schema is older than we are
    "54",  # a limit of the server's program
    "P0",  # our functions raised
}

_FRESH = {"25006", "26000", "42P05"}


def classify_error(error: Exception, during: During) -> PortError:
    """Return the port's error for one of FAILURES, to be raised from it."""
    if during is During.ACQUIRE:
        return _sort_acquire(error)
    if isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError):
        # asyncpg's own DataError, which it does not export: found before anything was sent.
        return Refused("an argument cannot be sent to the database")
    state = _state(error)
    if state is None:
        return AnswerLost("the connection to the database was lost under way")
    if _is_hopeless(error, state):
        return Refused(f"the database refuses the statement (SQLSTATE {state})")
    if state in _ROLLED_BACK or _is_plan_outdated(error) or (state[:2] == "40" and state != "40003"):
        what = Locked if state == LOCK_TIMEOUT else Unreachable
        return what(f"the database rolled back (SQLSTATE {state})")
    return AnswerLost(f"the database broke off (SQLSTATE {state})")


def needs_fresh_connection(error: Exception) -> bool:
    """Say whether the connections that we have are useless: to a server that changed its role, or its schema."""
    outdated = isinstance(error, asyncpg.OutdatedSchemaCacheError) or _is_plan_outdated(error)
    return outdated or _state(error) in _FRESH


def _sort_acquire(error: Exception) -> PortError:
    """Nothing was asked yet, so nothing was applied."""
    state = _state(error)
    if isinstance(error, asyncpg.ClientConfigurationError):
        return Refused("the address of the database cannot be used")
    if isinstance(error, ssl.SSLCertVerificationError):
        return Refused("the certificate of the database is not to be trusted")
    if isinstance(error, asyncpg.UnsupportedClientFeatureError | asyncpg.UnsupportedServerFeatureError):
        return Refused("the database wants a feature that the driver does not have")
    if state is not None and _is_hopeless(error, state):
        return Refused(f"the database refuses the connection (SQLSTATE {state})")
    return Unreachable("the database cannot be reached" + (f" (SQLSTATE {state})" if state else ""))


def _is_hopeless(error: Exception, state: str) -> bool:
    if state in _ROLLED_BACK or _is_plan_outdated(error):
        return False
    return state in _HOPELESS or state[:2] in _HOPELESS_CLASSES


def _is_plan_outdated(error: Exception) -> bool:
    return isinstance(error, asyncpg.InvalidCachedStatementError)


def _state(error: Exception) -> str | None:
    """The server's own word; asyncpg gives one also to connections that it saw dying, which no server spoke."""
    if not isinstance(error, asyncpg.PostgresError):
        return None
    state: str | None = getattr(error, "sqlstate", None)
    return state
