"""What can go wrong between a worker and Telegram or Instagram, switched on by a test or from the page."""

from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from random import Random


class FaultKind(Enum):
    """One way of failing; before and after speak of the call's effect."""

    DELAY = "delay"
    SLOW_LINE = "slow_line"
    TOO_MANY = "too_many"
    SERVER_ERROR = "server_error"
    SERVER_ERROR_AFTER = "server_error_after"
    BROKEN_BODY = "broken_body"
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    HANG_BEFORE = "hang_before"
    HANG_AFTER = "hang_after"
    LATE = "late"
    NETWORK_OFF = "network_off"
    REVOKED = "revoked"
    DUPLICATE = "duplicate"
    REDELIVER = "redeliver"
    POISON = "poison"
    GRAPH_ERROR = "graph_error"
    GRAPH_ERROR_AFTER = "graph_error_after"


DELIVERY = frozenset({FaultKind.DUPLICATE, FaultKind.REDELIVER})
APART = DELIVERY | {FaultKind.SLOW_LINE, FaultKind.REVOKED}  # from the failures of a call


@dataclass(frozen=True, slots=True)
class Fault:
    """What fails, where, and for how long.

    `seconds` is the delay, the retry_after or the lateness; `code` is HTTP's, or the Graph API's with its `subcode`.
    A slow line takes files in at `bytes_per_second`, before it is known for which chat they are.
    Without `times` and `lasts_seconds` the fault stays until it is cleared.
    """

    kind: FaultKind
    method: str = "*"
    chat_id: int | None = None
    times: int | None = None
    chance: float = 1
    seconds: float = 0
    code: int = 502
    lasts_seconds: float | None = None
    subcode: int | None = None
    bytes_per_second: int = 0


@dataclass(slots=True)
class Armed:
    """A fault that is switched on."""

    number: int
    fault: Fault
    left: int | None
    ends_at: float | None

    def wire(self) -> dict[str, object]:
        """Write what a spectator sees of it."""
        fault = self.fault
        place: dict[str, object] = {
            "method": fault.method,
            "chat_id": fault.chat_id,
            "chance": fault.chance,
            "seconds": fault.seconds,
            "bytes_per_second": fault.bytes_per_second,
        }
        return {"number": self.number, "kind": fault.kind.value, "left": self.left, "ends_at": self.ends_at} | place


@dataclass(frozen=True, slots=True)
class Strike:
    """What happens to one call."""

    delay_seconds: float = 0
    fault: Fault | None = None


class Faults:
    """Everything that is switched on, in the order in which it was."""

    def __init__(self, random: Random) -> None:
        self.armed: list[Armed] = []
        self.clearings = 0
        self._random = random
        self.between = random.uniform
        self._last_number = 0

    def set(self, fault: Fault, now: float) -> int:
        """Switch a fault on and return its number."""
        self._last_number += 1
        ends_at = None if fault.lasts_seconds is None else now + fault.lasts_seconds
        self.armed.append(Armed(self._last_number, fault, fault.times, ends_at))
        return self._last_number

    def clear(self, number: int | None = None) -> None:
        """Switch one fault off, or all; calls that hang let go."""
        self.armed = [armed for armed in self.armed if number is not None and armed.number != number]
        self.clearings += 1

    def network_is_off(self, now: float) -> bool:
        """Tell whether nothing at all gets through."""
        return self._is_on(FaultKind.NETWORK_OFF, now)

    def token_is_revoked(self, now: float) -> bool:
        """Tell whether the bot's owner has another token by now."""
        return self._is_on(FaultKind.REVOKED, now)

    def strike(self, method: str, chat_id: int | None, now: float) -> Strike:
        """Decide what happens to a call: delays add up, of everything else the first counts."""
        self._forget_ended(now)
        delay_seconds = 0.0
        for armed in list(self.armed):
            if armed.fault.kind in APART or not self._hits(armed, method, chat_id):
                continue
            if armed.fault.kind is not FaultKind.DELAY:
                return Strike(delay_seconds, armed.fault)
            delay_seconds += armed.fault.seconds
        return Strike(delay_seconds)

    def bytes_per_second(self, method: str, now: float) -> int | None:
        """Tell how fast the files of a call come in; None: as fast as they can."""
        self._forget_ended(now)
        slow = [armed for armed in list(self.armed) if armed.fault.kind is FaultKind.SLOW_LINE]
        return min((armed.fault.bytes_per_second for armed in slow if self._hits(armed, method, None)), default=None)

    def strike_delivery(self, now: float) -> frozenset[FaultKind]:
        """Decide what happens to a batch of updates that is about to leave."""
        self._forget_ended(now)
        delivery = [armed for armed in list(self.armed) if armed.fault.kind in DELIVERY]
        return frozenset(armed.fault.kind for armed in delivery if self._hits(armed, "getUpdates", None))

    def _is_on(self, kind: FaultKind, now: float) -> bool:
        self._forget_ended(now)
        return any(armed.fault.kind is kind for armed in self.armed)

    def _hits(self, armed: Armed, method: str, chat_id: int | None) -> bool:
        fault = armed.fault
        if not fnmatchcase(method, fault.method) or fault.chat_id not in (None, chat_id):
            return False
        if fault.chance < 1 and self._random.random() >= fault.chance:
            return False
        if armed.left is not None:
            armed.left -= 1
            if armed.left <= 0:
                self.armed.remove(armed)
        return True

    def _forget_ended(self, now: float) -> None:
        self.armed = [armed for armed in self.armed if armed.ends_at is None or armed.ends_at > now]
