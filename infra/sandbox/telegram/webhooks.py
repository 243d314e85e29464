"""The webhook as Telegram knows it: where it is, what proves who calls, and what went wrong there last.

https://core.telegram.org/bots/api#setwebhook
"""

import re
from dataclasses import dataclass

from infra.sandbox.telegram.arguments import Arguments
from infra.sandbox.telegram.model import Json
from infra.sandbox.telegram.rules import bad_request

SECRET = re.compile(r"[A-Za-z0-9_-]{0,256}")
USUAL_CONNECTIONS = 40
MOST_CONNECTIONS = 100


@dataclass(slots=True, eq=False)
class WebhookState:
    """One registration."""

    url: str
    secret: str = ""
    max_connections: int = USUAL_CONNECTIONS
    allowed: frozenset[str] | None = None
    failed_at: float | None = None
    failure: str = ""

    def is_as(self, other: "WebhookState") -> bool:
        """Tell whether setting the other one would change nothing."""
        mine, others = (self.url, self.secret, self.max_connections), (other.url, other.secret, other.max_connections)
        return mine == others

    def fail(self, now: float, failure: str) -> None:
        """Remember what went wrong."""
        self.failed_at, self.failure = now, failure

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
        raise bad_request("bad webhook: secret token contains unallowed characters")
    connections = arguments.integer("max_connections", USUAL_CONNECTIONS)
    kinds = arguments.structure("allowed_updates")
    allowed = frozenset(map(str, kinds)) if isinstance(kinds, list) else None
    return WebhookState(url, secret, min(max(connections, 1), MOST_CONNECTIONS), allowed)
