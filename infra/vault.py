"""Seals what must not be read in the database: a token is stored only as this vault wrote it."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from actors.errors import Unreachable

# Not TokenGone: the token may be good, and is, once the key is back.
NO_KEYS = "SECRET_KEYS is not set here, so no account's token can be read or stored: tell the operator."
OTHER_KEYS = (
    "No key in SECRET_KEYS opens its token: tell the operator to put the right one back, or to connect it again."
)


class BadKey(ValueError):
    """A key is no Fernet key; the text says what one looks like, and never the key."""


class Vault:
    """Seals with the first key and reads with any of them; see cryptography.io/en/latest/fernet, MultiFernet."""

    def __init__(self, keys: Sequence[str]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys]) if keys else None
        except ValueError:
            raise BadKey("a key is 32 random bytes in URL-safe base64, as `account new-key` prints one") from None

    def seal(self, token: str) -> bytes:
        """Seal a token; raises Unreachable without keys."""
        return self._opened().encrypt(token.encode())

    def unseal(self, sealed: bytes) -> str:
        """Read a sealed token; raises Unreachable, with a sentence for people, if no key of ours fits."""
        try:
            return self._opened().decrypt(sealed).decode()
        except InvalidToken:
            raise Unreachable(OTHER_KEYS) from None

    def renew(self, sealed: bytes) -> bytes:
        """Seal the same token with the first key."""
        try:
            return self._opened().rotate(sealed)
        except InvalidToken:
            raise Unreachable(OTHER_KEYS) from None

    def _opened(self) -> MultiFernet:
        if self._fernet is None:
            raise Unreachable(NO_KEYS)
        return self._fernet


def new_key() -> str:
    """Make a key."""
    return Fernet.generate_key().decode()
