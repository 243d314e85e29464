"""Where the sandbox listens, and who is let in: it acts on any request, so it must not act for a stranger's page.

A browser on this machine reaches what other machines cannot, and a page from anywhere can make it ask here: under a
name of its own that leads here (DNS rebinding), or by a form. Neither can hide itself: the first stands in the header
Host, the second in Origin. A program is not held up by this: it may write what it likes.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

BACKLOG = 1024
LOOPBACK = "127.0.0.1"
EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - what a person may ask for
ELSEWHERE = ("192.0.2.1", 9)  # kept for documents by RFC 5737: no machine has it, and nothing is sent there


class CannotListen(Exception):
    """There is no listening on that address; the text is a sentence for the person who named it."""


@dataclass(frozen=True, slots=True)
class Listener:
    """An address of this machine, the ports to try in their order (0: any free one), and names that lead here."""

    host: str = LOOPBACK
    ports: Sequence[int] = (0,)
    names: Sequence[str] = ()

    def open(self) -> socket.socket:
        """Listen on the first port that is free; raises CannotListen."""
        try:
            family, _, _, _, address = socket.getaddrinfo(self.host, None, type=socket.SOCK_STREAM)[0]
        except OSError as error:
            raise CannotListen(
                f"{self.host!r} is no address of this machine; --host takes one, like 0.0.0.0."
            ) from error
        taken: OSError | None = None
        for port in self.ports:
            try:
                return _listener(str(address[0]), port, family)
            except OSError as error:
                taken = error
                if error.errno != errno.EADDRINUSE:
                    break
        assert taken is not None, "a listener has a port at least"
        raise CannotListen(self._explained(taken)) from taken

    def turns_away(self, host: str, origin: str | None) -> str | None:
        """Return why a request with these headers is refused; None: it is let in."""
        name = _name_in(host)
        if not self._is_known(name):
            return f"Nothing here is called {name[:80]!r}: use the address that was printed, or --allow-host."
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return "A page from elsewhere may not act here."
        return None

    def _is_known(self, name: str) -> bool:
        here = socket.gethostname().lower()
        known = {"localhost", here, f"{here}.local", self.host.lower(), *(each.lower() for each in self.names)}
        return name in known or _is_number(name)

    def _explained(self, error: OSError) -> str:
        why = os.strerror(error.errno or 0)
        if error.errno == errno.EADDRNOTAVAIL:
            return f"{self.host} is no address of this machine ({why}); choose another --host."
        return f"Port {self.ports[-1]} cannot be listened on ({why}); choose another --port."


def own_address(listener: socket.socket) -> str:
    """Return the address by which this machine itself reaches a listener."""
    host, port = listener.getsockname()[:2]
    return _url(LOOPBACK if host in EVERYWHERE else host, port)


def addresses(listener: socket.socket) -> list[str]:
    """Return the addresses that a person can type, this machine's own first."""
    host, port = listener.getsockname()[:2]
    outward = _outward() if host in EVERYWHERE else None
    return [own_address(listener), *([_url(outward, port)] if outward else [])]


def _listener(address: str, port: int, family: int) -> socket.socket:
    both = address == "::" and socket.has_dualstack_ipv6()
    return socket.create_server((address, port), family=family, backlog=BACKLOG, dualstack_ipv6=both)


def _outward() -> str | None:
    """The address that this machine shows to others; without a way out it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(ELSEWHERE)
        except OSError:
            return None
        return str(probe.getsockname()[0])


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _name_in(host: str) -> str:
    """The name in a Host header; one that cannot be read is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_number(name: str) -> bool:
    """No page can make an address that is written in numbers lead to another machine than it says."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
