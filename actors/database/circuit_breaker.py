"""A circuit breaker with one probe: when a database that is away is tried at all. Pure.

Closed (`since` is None): every request may try. The first one that gets no connection opens it. Open: requests wait in
their lanes and end at their own deadlines; the breaker fails none of them. Once the pause is over, one request tries
for all. If the database answers, also by a refusal, the breaker closes for all requests at once; if not, the next try
comes after a longer pause.

Whether the database is away is told by the phase of a failure, not by its kind: no connection could be had. A locked
row or a cut link on an open connection puts off its own request alone, except that a probe whose answer is lost has
shown nothing. A failure to connect that trying will not mend (a wrong password) keeps the pauses short: it is mended by
a person, and then no request should wait.

Back-off for each request alone was rejected: a thousand held taps would storm a database that is just coming back, and
a tap of now would wait for a pause that the failures of others have made long.
"""

from __future__ import annotations

from random import Random

from actors.runtime.backoff import Backoff

PAUSES = Backoff.doubling(0.05, 2.0, spread=(0.5, 1.0))


class CircuitBreaker:
    """While the database is away one request tries at a time; the first that gets through opens the gate for all."""

    def __init__(self, pauses: Backoff, random: Random) -> None:
        self._pauses = pauses
        self._random = random
        self._failures = 0
        self._probing = False  # read only during an outage, which sets it
        self._probe_at = 0.0
        self.since: float | None = None

    def next_moment(self) -> float | None:
        """When the next try may begin; nothing while there is no outage, or a try is under way."""
        return None if self.since is None or self._probing else self._probe_at

    def lets_pass(self, now: float) -> bool:
        """Say whether a request may be tried now."""
        return self.since is None or (not self._probing and now >= self._probe_at)

    def began_try(self) -> bool:
        """Count a request as tried now; True if it is the one that probes."""
        self._probing = self.since is not None
        return self._probing

    def failed(self, now: float, *, probe: bool, hopeless: bool = False) -> bool:
        """The database was not reached; True if this begins an outage. A hopeless failure is no reason to slow down."""
        begins = self.since is None
        if begins:
            self.since = now
        if begins or probe:
            self._probing = False
            self._failures = 1 if hopeless else self._failures + 1
            self._probe_at = now + self._pauses.at_random(self._failures, self._random)
        return begins

    def probe_ended(self) -> None:
        """The probe learned nothing: the next request may try."""
        self._probing = False

    def ended(self, now: float) -> float | None:
        """The database answered; return how long it was away, if it was."""
        if self.since is None:
            return None
        seconds = now - self.since
        self.since = None
        self._failures = 0
        return seconds
