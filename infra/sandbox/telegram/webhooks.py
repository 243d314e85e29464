"""The webhook as Telegram knows it: where it is, what proves who calls, and what went wrong there last.

https://core.telegram.org/bots/api#setwebhook
"""

import re
from dataclasses import dataclass, field

from infra.sandbox.telegram.arguments import Arguments
from infra.sandbox.telegram.model import Json
from infra.sandbox.telegram.rules import bad_request

SECRET = re.compile(r"[A-Za-z0-9_-]{0,256}")
USUAL_CONNECTIONS = 40
MOST_CONNECTIONS = 100


# WebhookActor.cpp:279-305, 493-523, 619-645, 691-703 and WebhookActor.h:76 in tdlib/telegram-bot-api.
ACTIVE_SECONDS, NEW_CONNECTIONS, NEW_EVERY_SECONDS = 10.0, 10, 0.5
LINES_A_CONNECTION = 2
LONGEST_ASKED_SECONDS = 3600.0
GONE_SECONDS = 23 * 3600.0


@dataclass(slots=True, eq=False)
class Connections:
    """How many requests there may be at once: one, unless something was taken within the last 10 s.

    Then ten new ones may be opened each half second.
    """

    most: int
    busy: int = 0
    _taken_at: float = float("-inf")
    _active_since: float = 0.0

    def has_room(self, now: float) -> bool:
        """Tell whether one more may be under way."""
        return self.busy < self._allowed(now)

    def took(self, now: float) -> None:
        """Note that something was taken."""
        if now - self._taken_at >= ACTIVE_SECONDS:
            self._active_since = now
        self._taken_at = now

    def _allowed(self, now: float) -> int:
        if now - self._taken_at >= ACTIVE_SECONDS:
            return 1
        return min(NEW_CONNECTIONS * (1 + int((now - self._active_since) / NEW_EVERY_SECONDS)), self.most)


def pause_after(attempt: int, longest_seconds: float, asked: str = "") -> float:
    """Return how long to pause after a failed try, the first one is 0: at once, 2, 4, 8 … s, or as was asked for."""
    if asked.isdecimal():
        return min(float(asked), LONGEST_ASKED_SECONDS)
    return 0.0 if attempt == 0 else min(float(2**attempt), longest_seconds)


@dataclass(slots=True, eq=False)
class WebhookState:
    """One registration."""

    url: str
    secret: str = ""
    max_connections: int = USUAL_CONNECTIONS
    allowed: frozenset[str] | None = None
    failed_at: float | None = None
    failure: str = ""
    gone_since: float | None = None
    connections: Connections = field(init=False)

    def __post_init__(self) -> None:
        self.connections = Connections(self.max_connections)

    def is_as(self, other: "WebhookState") -> bool:
        """Tell whether setting the other one would change nothing."""
        mine, others = (self.url, self.secret, self.max_connections), (other.url, other.secret, other.max_connections)
        return mine == others

    def fail(self, now: float, failure: str) -> None:
        """Remember what went wrong."""
        self.failed_at, self.failure = now, failure

    def heard(self, code: int, now: float) -> None:
        """Note what it answered: 410 for 23 h ends it."""
        self.gone_since = (self.gone_since or now) if code == 410 else None

    def is_over(self, now: float) -> bool:
        """Tell whether it has said for so long that it is gone."""
        return self.gone_since is not None and now - self.gone_since >= GONE_SECONDS

    def wire(self) -> Json:
        """Write what getWebhookInfo tells of it."""
        known: Json = {"url": self.url, "has_custom_certificate": False, "max_connections": self.max_connections}
        if self.failed_at is None:
            return known
        return known | {"last_error_date": int(self.failed_at), "last_error_message": self.failure}


def read_webhook(arguments: Arguments) -> WebhookState | None:
    """Read what setWebhook asks for; None: no webhook. Plain HTTP is allowed, as by a Bot API server of one's own."""
    url, secret = arguments.text("url"), arguments.text("secret_token")
    if not url:
        return None
    if not url.startswith(("http://", "https://")):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if SECRET.fullmatch(secret) is None:
        raise bad_request("secret token contains unallowed characters")
    connections = arguments.integer("max_connections", USUAL_CONNECTIONS)
    kinds = arguments.structure("allowed_updates")
    allowed = frozenset(map(str, kinds)) if isinstance(kinds, list) else None
    return WebhookState(url, secret, min(max(connections, 1), MOST_CONNECTIONS), allowed)
