"""Seals what must not be read in the database: a token is stored only as this vault wrote it, and for one account.

A sealed token is `everytap2.` and, in URL-safe base64, the nonce and the box of AES-256-GCM (RFC 5116), whose
associated data names the account: in the row of another one it does not open. Releases before wrote a Fernet token,
bound to nothing. Such a one is read as long as its key is there, and `account rotate-keys` leaves none behind.
"""

from __future__ import annotations

import secrets
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from contextlib import suppress

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from actors.errors import Unreachable

# Not TokenGone: the token may be good, and is, once the key is back.
NO_KEYS = "SECRET_KEYS is not set here, so no account's token can be read or stored: tell the operator."
OTHER_KEYS = (
    "No key in SECRET_KEYS opens its token for this account: tell the operator to put the right key back, "
    "or to connect the account again."
)
BOUND = b"everytap2."
NONCE_BYTES = 12
PURPOSE = b"everytap: tokens of accounts"  # one key, two ciphers: each has a key of its own made of it


class BadKey(ValueError):
    """A key is no Fernet key; the text says what one looks like, and never the key."""


class _Key:
    """One of SECRET_KEYS: for what is bound, and for what a release before has left."""

    def __init__(self, key: str) -> None:
        self._unbound = Fernet(key)
        self._bound = AESGCM(HKDF(SHA256(), 32, salt=None, info=PURPOSE).derive(urlsafe_b64decode(key)))

    def seal(self, token: str, whose: str) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return BOUND + urlsafe_b64encode(nonce + self._bound.encrypt(nonce, token.encode(), whose.encode()))

    def open(self, sealed: bytes, whose: str) -> str:
        """Read a token; raises InvalidTag, InvalidToken or ValueError."""
        if not sealed.startswith(BOUND):
            return self._unbound.decrypt(sealed).decode()
        box = b64decode(sealed.removeprefix(BOUND), altchars=b"-_", validate=True)
        return self._bound.decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], whose.encode()).decode()


class Vault:
    """Seals with the first key and reads with any of them; `whose` is the account for which a token is."""

    def __init__(self, keys: Sequence[str]) -> None:
        try:
            self._keys = [_Key(key) for key in keys]
        except ValueError:
            raise BadKey("a key is 32 random bytes in URL-safe base64, as `account new-key` prints one") from None

    def seal(self, token: str, whose: str) -> bytes:
        """Seal a token; raises Unreachable without keys."""
        return self._all()[0].seal(token, whose)

    def unseal(self, sealed: bytes, whose: str) -> str:
        """Read a sealed token; raises Unreachable, with a sentence for people, if no key of ours opens it for this."""
        for key in self._all():
            with suppress(InvalidTag, InvalidToken, ValueError):
                return key.open(sealed, whose)
        raise Unreachable(OTHER_KEYS)

    def renew(self, sealed: bytes, whose: str) -> bytes:
        """Seal the same token with the first key, for this account alone."""
        return self.seal(self.unseal(sealed, whose), whose)

    def _all(self) -> Sequence[_Key]:
        if not self._keys:
            raise Unreachable(NO_KEYS)
        return self._keys


def new_key() -> str:
    """Return a new key at random, in base64, as SECRET_KEYS takes it."""
    return Fernet.generate_key().decode()
