"""The queue of updates that the bot has not confirmed yet."""

import json
from collections import deque
from collections.abc import Collection, Hashable
from dataclasses import dataclass

from infra.sandbox.telegram.model import Json
from infra.sandbox.telegram.rules import Rules

FIRST_UPDATE_ID = 700_000_001
LONGEST_POLL_SECONDS = 50
MOST_AT_ONCE = 100
# TQueue.cpp:87 in tdlib/td, Client.cpp:16979 in tdlib/telegram-bot-api: what is beyond is dropped.
MOST_KEPT, LARGEST_BYTES = 100_000, 65_536
POISON: Json = {"id": "1", "from": {"id": 1}, "data": "poison"}


@dataclass(slots=True, eq=False)
class QueuedUpdate:
    """An update that waits; it is numbered for good once it was delivered."""

    id: int
    kind: str
    payload: Json
    expires_at: float
    delivered: bool = False
    repeated: bool = False

    @property
    def line(self) -> Hashable:
        """What is brought to a webhook one by one: the taps of a person, the rest of a chat, what the bot is there."""
        match self.payload:
            case {"from": {"id": int() as person}} if self.kind == "callback_query":
                return "person", person
            case {"chat": {"id": int() as chat}}:
                return self.kind == "my_chat_member", chat
            case _:
                return "update", self.id

    def wire(self) -> Json:
        """Write an Update."""
        return {"update_id": self.id, self.kind: self.payload}


@dataclass(frozen=True, slots=True)
class Poll:
    """One getUpdates call after the rules for impatient callers were applied to it."""

    offset: int
    limit: int
    timeout_seconds: float


class UpdateQueue:
    """Delivers in order, again and again, until the bot asks for what comes after."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.next_id = FIRST_UPDATE_ID
        self.allowed: frozenset[str] = frozenset()
        self.expired = 0
        self.poison_armed = 0
        self._queue: deque[QueuedUpdate] = deque()
        self._last_offset: int | None = None
        self._last_poll_at = 0.0

    def __len__(self) -> int:
        return len(self._queue)

    def allow(self, kinds: Collection[str]) -> None:
        """Deliver only these kinds from now on; what waits already stays. None at all means the usual ones."""
        self.allowed = frozenset(kinds)

    def push(self, kind: str, payload: Json, now: float) -> int | None:
        """Queue an update and return its id; None if the bot did not ask for this kind, or it is too much."""
        if self.allowed and kind not in self.allowed:
            return None
        if len(self._queue) >= MOST_KEPT or len(json.dumps(payload)) > LARGEST_BYTES:
            return None
        taps = kind == "callback_query"
        lifetime_seconds = self.rules.callback_lifetime_seconds if taps else self.rules.update_lifetime_seconds
        self._queue.append(QueuedUpdate(self.next_id, kind, payload, now + lifetime_seconds))
        self.next_id += 1
        return self.next_id - 1

    def open_poll(self, asked: Poll, now: float) -> Poll:
        """Apply Telegram's brake: the same offset within 3 s waits 3 s, within 0.5 s gets one update only."""
        timeout_seconds = min(max(asked.timeout_seconds, 0), LONGEST_POLL_SECONDS)
        limit = min(max(asked.limit, 1), MOST_AT_ONCE)
        if asked.offset == self._last_offset:
            timeout_seconds = max(timeout_seconds, 3) if now < self._last_poll_at + 3 else timeout_seconds
            limit = 1 if now < self._last_poll_at + 0.5 else limit
        self._last_offset, self._last_poll_at = asked.offset, now
        return Poll(asked.offset, limit, timeout_seconds)

    def take(self, poll: Poll, now: float) -> list[Json]:
        """Forget what the offset confirms and return what waits after it."""
        self._expire(now)
        self._confirm(poll.offset)
        self._insert_poison()
        batch = [self._queue[index] for index in range(min(poll.limit, len(self._queue)))]
        for update in batch:
            update.delivered = True
        return [update.wire() for update in batch]

    def open_push(self, now: float) -> list[QueuedUpdate]:
        """Return all that waits, in order, to be brought to a webhook."""
        self._expire(now)
        self._insert_poison()
        return list(self._queue)

    def holds(self, update: QueuedUpdate, now: float) -> bool:
        """Tell whether it still waits."""
        self._expire(now)
        return update in self._queue

    def forget(self, update: QueuedUpdate) -> None:
        """Forget what a webhook took."""
        if update in self._queue:
            self._queue.remove(update)

    def drop(self, update: QueuedUpdate) -> None:
        """Give up what no webhook took, and would not before it expires."""
        if update in self._queue:
            self._queue.remove(update)
            self.expired += 1

    def repeat(self, batch: list[Json]) -> None:
        """Queue these updates once more under new ids; a repetition is not repeated."""
        ids = {update["update_id"] for update in batch}
        for update in [queued for queued in self._queue if queued.id in ids and not queued.repeated]:
            update.repeated = True
            self._queue.append(
                QueuedUpdate(self.next_id, update.kind, update.payload, update.expires_at, repeated=True)
            )
            self.next_id += 1

    def clear(self) -> None:
        """Forget everything that waits."""
        self._queue.clear()

    def _expire(self, now: float) -> None:
        kept = deque(update for update in self._queue if update.expires_at > now)
        self.expired += len(self._queue) - len(kept)
        self._queue = kept

    def _confirm(self, offset: int) -> None:
        while offset < 0 and len(self._queue) > -offset:
            self._queue.popleft()
        # An offset from the future confirms nothing, as at Telegram.
        while 0 < offset <= self.next_id and self._queue and self._queue[0].id < offset:
            self._queue.popleft()

    def _insert_poison(self) -> None:
        fresh = [update for update in self._queue if not update.delivered]
        if not (self.poison_armed and fresh):
            return
        self.poison_armed -= 1
        middle = fresh[len(fresh) // 2]
        place = self._queue.index(middle)
        self._queue.insert(place, QueuedUpdate(middle.id, "callback_query", dict(POISON), middle.expires_at))
        for update in list(self._queue)[place + 1 :]:
            update.id += 1
        self.next_id += 1
