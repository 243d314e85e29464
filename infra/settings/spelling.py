"""Names that are close to one of ours, and are none: what was meant is not set, and nothing would say so."""

from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches

# Below, names meet by chance: PORT and PORTS, HOST and HOSTS are other programs' business.
SHORTEST = 7
CLOSE = 0.86


def misspelt(found: Iterable[str], ours: Collection[str], unset: Collection[str]) -> Iterator[str]:
    """Yield a sentence for each name that was found and is like one of `unset`, as long as it is none of `ours`."""
    meant = [name for name in unset if len(name) >= SHORTEST]
    for name in sorted({name.upper() for name in found} - set(ours)):
        for like in get_close_matches(name, meant, n=1, cutoff=CLOSE):
            yield f"There is no setting {name}, so nothing reads it: did you mean {like}?"
