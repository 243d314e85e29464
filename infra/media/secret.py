"""The secret behind signed links, where the operator sets none: made once, and kept beside the files it guards."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from actors.errors import Unreachable

NAME = "link-secret"
SHORTEST = 16  # as of LINK_SECRET
OTHERS = 0o077


def kept_secret(folder: Path) -> str:
    """Return the folder's secret; the first to ask makes it, and only its owner may read it. Blocks.

    Raises `Unreachable` for one that others may have read or that is guessed at once: an empty one signs links, too.
    """
    path = folder / NAME
    try:
        if not path.exists():
            _make(path)
        with path.open(encoding="ascii") as file:
            mode, secret = os.fstat(file.fileno()).st_mode, file.read().strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise Unreachable(f"{path} cannot be used ({why}): set LINK_SECRET instead") from error
    if len(secret) < SHORTEST:
        raise Unreachable(f"{path} is too short to keep strangers out: remove it, and a new one is made")
    if mode & OTHERS:
        raise Unreachable(
            f"{path} may be read by others of this machine: remove it (a new one is made), or set LINK_SECRET"
        )
    return secret


def _make(path: Path) -> None:
    """Write it aside and link it into place: two workers that start at once end with the same one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{NAME}.{secrets.token_hex(4)}")
    try:
        with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32))
            file.flush()
            os.fsync(file.fileno())
        os.link(aside, path)
    except FileExistsError:
        return  # another one was first
    finally:
        aside.unlink(missing_ok=True)
