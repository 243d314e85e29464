"""Signed links that expire: who holds one may fetch one file, for a while."""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256
from urllib.parse import quote

from actors.ports import Clock

# Instagram fetches when a container is made, and again if that failed; a container itself lives 24 h.
VALID = timedelta(hours=24)
SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)


class SignedLinks:
    """Makes and checks links under `public_url`; nothing is stored, so any worker with the secret opens them."""

    def __init__(self, secret: str, public_url: str, clock: Clock, valid: timedelta = VALID) -> None:
        self._secret = secret.encode()
        self._public_url = public_url.rstrip("/")
        self._clock = clock
        self._valid = valid

    def link(self, path: str, name: str = "") -> str:
        """Return the address of a file, good from now on; ASCII only, as Instagram demands.

        Under another `name` it is another address, which opens the same.
        """
        until = str(int((self._clock.now() + self._valid).timestamp()))
        return f"{self._public_url}/media/{quote(path)}?until={until}&signature={self._sign(path, until)}{_named(name)}"

    def opens(self, path: str, until: str, signature: str) -> bool:
        """Say whether we signed exactly this, and its time has not passed."""
        if SECONDS.fullmatch(until) is None:
            return False
        expected, given = self._sign(path, until).encode(), signature.encode(errors="surrogatepass")
        return hmac.compare_digest(expected, given) and self._clock.now().timestamp() < int(until)

    def _sign(self, path: str, until: str) -> str:
        # The time stands first and is digits alone, so no other pair makes the same text.
        signed = f"media\n{until}\n{path}".encode(errors="surrogatepass")
        return urlsafe_b64encode(hmac.digest(self._secret, signed, sha256)).decode().rstrip("=")


def _named(name: str) -> str:
    """It is not signed: a link opens without it, and at a worker of another release."""
    return f"&try={quote(name, safe='')}" if name else ""
