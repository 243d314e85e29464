"""Which proxy a call goes by: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, but for what NO_PROXY names and this machine itself.

Not aiohttp's `trust_env`, which reads the process's environment and no `.env`, knows neither ALL_PROXY nor networks in
NO_PROXY, and sends a password of ~/.netrc to whatever host has one there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

PORTS = {"http": 80, "https": 443}


class SocksProxy(ValueError):
    """The proxy speaks another language than we do; the text is one sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Proxies:
    """What the operator set; each may hold a password. `none_for` is NO_PROXY."""

    http: str | None = field(default=None, repr=False)
    https: str | None = field(default=None, repr=False)
    rest: str | None = field(default=None, repr=False)
    none_for: str = ""

    def of(self, url: str) -> str | None:
        """Return the proxy by which this address is asked, or nothing; raises SocksProxy.

        This machine is never asked by one, as with Go: no proxy can lead back to where we are.
        """
        target = urlsplit(url)
        proxy = (self.https if target.scheme == "https" else self.http) or self.rest
        if proxy is None or _is_here(target) or _is_named(target, self.none_for.replace(",", " ").split()):
            return None
        if proxy.startswith("socks"):
            raise SocksProxy(
                f"The proxy for {target.hostname} is a SOCKS one, which everytap does not speak: set "
                f"{target.scheme.upper()}_PROXY to one that speaks HTTP, or name the host in NO_PROXY."
            )
        return proxy

    def shown(self, url: str) -> str | None:
        """The same for a person: without its password."""
        proxy = self.of(url)
        return None if proxy is None else urlsplit(proxy).netloc.rpartition("@")[2]


def _is_here(target: SplitResult) -> bool:
    host = _host(target)
    address = _address(host)
    return address.is_loopback if address else host == "localhost" or host.endswith(".localhost")


def _is_named(target: SplitResult, names: Iterable[str]) -> bool:
    host, port = _host(target), target.port or PORTS.get(target.scheme)
    return any(_covers(name.lower(), host, port) for name in names)


def _covers(name: str, host: str, port: int | None) -> bool:
    if name == "*":
        return True
    address = _address(host)
    if address is not None:
        return _network_covers(name.strip("[]"), address) or name in {f"{host}:{port}", f"[{host}]:{port}"}
    domain, _, only = name.partition(":")
    domain = domain.removeprefix("*").strip(".")
    return bool(domain) and (not only or only == str(port)) and (host == domain or host.endswith(f".{domain}"))


def _network_covers(name: str, address: IPv4Address | IPv6Address) -> bool:
    try:
        return address in ip_network(name, strict=False)
    except ValueError:
        return False


def _host(target: SplitResult) -> str:
    return (target.hostname or "").rstrip(".")


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
