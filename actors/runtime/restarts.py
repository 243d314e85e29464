"""How often something that crashes is started again, after which pause, and when it is left alone."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class RestartLimit:
    """At most so many restarts within so many seconds; the next crash is one too many."""

    restarts: int = 5
    seconds: float = 30.0


class RestartIntensity(Generic[K]):
    """What each key has left of a restart limit; it remembers only keys that crashed within the limit's seconds."""

    def __init__(self, limit: RestartLimit) -> None:
        self._limit = limit
        self._crashes: OrderedDict[K, list[float]] = OrderedDict()  # the key that crashed last stands last

    def spend(self, key: K, now: float) -> bool:
        """Count one crash; False if it exceeds the limit."""
        since = now - self._limit.seconds
        self._forget_before(since)
        recent = [at for at in self._crashes.pop(key, []) if at > since]
        recent.append(now)
        self._crashes[key] = recent[-self._limit.restarts - 1 :]
        return len(recent) <= self._limit.restarts

    def _forget_before(self, since: float) -> None:
        while self._crashes:
            key = next(iter(self._crashes))
            if self._crashes[key][-1] > since:
                return
            del self._crashes[key]


class Quarantine(Generic[K]):
    """The keys that are left alone for a time; all equally long, so the first one in is the first one out."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: OrderedDict[K, float] = OrderedDict()

    def __bool__(self) -> bool:
        """False if no key can be held."""
        return bool(self._until)

    def admit(self, key: K, now: float) -> None:
        """Hold the key from now on, and forget those whose time is over."""
        while self._until and next(iter(self._until.values())) <= now:
            self._until.popitem(last=False)
        self._until[key] = now + self._seconds
        self._until.move_to_end(key)

    def holds(self, key: K, now: float) -> bool:
        """True until the key's time is over."""
        return self._until.get(key, now) > now
