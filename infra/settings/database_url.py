"""What stands in DATABASE_URL: whether it can be read, its passwords, and what it demands that we cannot give. Pure.

A `/`, `?`, `#` or `@` that stands in a password as it is ends the password there, for every reader of addresses: its
rest would be looked up as a host, sent as a database's name, or told in an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

ENCODE = "if its password has one of / ? # @ in it, write that as %2F %3F %23 %40"
RAW = f"cannot be read, because something stands in it that has another meaning there: {ENCODE}."
BAD_HOST = f"names a host that is no name and no address: {ENCODE}."
BAD_PORT = f"has a port that is no number from 1 to 65535: {ENCODE}."
BAD_OPTIONS = f"has options that are not name=value with & between them: {ENCODE}."
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
ONE_OF = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "sslnegotiation": ("postgres", "direct"),
    "target_session_attrs": ("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
}
HOST = re.compile(r"[^\s/?#@:\[\]\\%]+|\[[0-9A-Fa-f:.]+(?:%[\w.]+)?\]|")
OPTION = re.compile(r"[A-Za-z_][\w.]*=[^=@]*(?:=[^@]*)?")
MAY_HOLD_AT = re.compile(r"(?:user|password|options|application_name)=")
PASSWORDS = ("password", "sslpassword")
UNMET = {"channel_binding=require", "gssencmode=require"}


class Because(ValueError):
    """A value that cannot be used; the text completes the sentence "NAME …" and repeats nothing of the value."""


def check(url: str) -> None:
    """Raise ValueError for what no driver could read as it was meant, Because where more is to be said."""
    address = urlsplit(url)
    if address.scheme not in {"postgres", "postgresql"} or not url.isprintable():
        raise ValueError
    if address.fragment or "#" in url or "@" in address.path or address.netloc.count("@") > 1:
        raise Because(RAW)
    _check_hosts(address.netloc.rpartition("@")[2])
    _check_options(address)


def passwords_in(url: str) -> Iterator[str]:
    """Yield each password of an address as it stands there and as it is meant."""
    address = urlsplit(url)
    options = [option.partition("=") for option in address.query.split("&")]
    for password in (address.password or "", *(value for name, _, value in options if name in PASSWORDS)):
        yield password
        yield unquote(password)


def unmet(url: str) -> Iterator[str]:
    """Yield a sentence for each demand that our driver does not know: it must not seem to be met."""
    for option in urlsplit(url).query.split("&"):
        if option in UNMET:
            yield (
                f"DATABASE_URL demands {option}, which our driver does not know, so it is not met; "
                "sslmode=verify-full makes sure of the server."
            )


def _check_hosts(hosts: str) -> None:
    for one in hosts.split(","):
        at = re.fullmatch(r"(.*?)(?::([^:\]]*))?", unquote(one), re.DOTALL)
        assert at is not None
        host, port = at[1], at[2]
        if HOST.fullmatch(host) is None and not host.startswith("/"):
            raise Because(BAD_HOST)
        if port is not None:
            _check_port(port)


def _check_port(text: str) -> None:
    if re.fullmatch(r"[0-9]{1,5}", text) is None or not 0 < int(text) <= 65535:
        raise Because(BAD_PORT)


def _check_options(address: SplitResult) -> None:
    options = address.query.split("&") if address.query else []
    for option in options:
        if OPTION.fullmatch(option) is None and MAY_HOLD_AT.match(option) is None:
            raise Because(BAD_OPTIONS)
    given = parse_qs(address.query)
    for name, known in ONE_OF.items():
        if set(given.get(name, ())) - set(known):
            raise Because(f"has another {name} than {', '.join(known)}.")
    for port in chain.from_iterable(text.split(",") for text in given.get("port", ())):
        _check_port(port)
