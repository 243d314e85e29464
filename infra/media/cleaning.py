"""What goes out of a file that was kept: nothing that it tells beside what is seen and heard. Pure.

Files of earlier releases were kept, and published, with the place where they were taken.
"""

from __future__ import annotations

from actors.domain.item import MediaKind
from infra.media import bare_films, bare_pictures
from infra.media.formats import BROKEN, Unfit
from infra.media.originals import shown

MOST_REMEMBERED = 10_000


def remember(path: str, clean: set[str]) -> None:
    """Note a file that need not be looked at again; a full memory begins anew, which costs a look and nothing else."""
    if len(clean) >= MOST_REMEMBERED:
        clean.clear()
    clean.add(path)


def published(kind: MediaKind, content: bytes) -> bytes:
    """Return the file that Instagram is given; raises ValueError for one of which it cannot be said what it tells."""
    return bare_films.bare(content) if kind is MediaKind.VIDEO else bare_pictures.bare(content)


def for_the_team(kind: MediaKind, content: bytes) -> bytes:
    """Return what the team sees: the same film or picture; one that cannot be read at all stays as it is."""
    try:
        return bare_films.bare(content) if kind is MediaKind.VIDEO else shown(content)
    except (*BROKEN, Unfit, MemoryError):
        return content
