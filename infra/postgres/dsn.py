"""What may stand in a database's address: providers put options there that only libpq understands."""

from __future__ import annotations

from urllib.parse import urlsplit

LIBPQ_ONLY = {"channel_binding", "connect_timeout", "gssencmode", "keepalives", "pgbouncer", "sslcompression"}


def without_libpq_options(dsn: str) -> str:
    """Drop the options that asyncpg would tell to the server as settings, which refuses them."""
    address = urlsplit(dsn)
    kept = [option for option in address.query.split("&") if option.partition("=")[0] not in LIBPQ_ONLY]
    return address._replace(query="&".join(kept)).geturl() if address.query else dsn


def port_of(dsn: str) -> int | None:
    """The port of a DSN with one server, said apart: else asyncpg reads PGPORT too, and ends at what is no number."""
    try:
        return urlsplit(dsn).port
    except ValueError:  # several servers, each with a port of its own
        return None
