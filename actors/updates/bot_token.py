"""Whether Telegram takes our token, as it answered last; a probe reads it, from memory."""

from __future__ import annotations

import structlog

from actors.errors import BotTokenRefused

log = structlog.get_logger()


class BotToken:
    """`refusal` is the sentence for the operator while Telegram refuses the token; each change is logged once."""

    def __init__(self) -> None:
        self.refusal: str | None = None

    def is_refused(self, error: BotTokenRefused) -> None:
        """Telegram refused a call because of the token."""
        if self.refusal is None:
            log.error("telegram.token_refused", reason=str(error))
        self.refusal = str(error)

    def is_taken(self) -> None:
        """Telegram answered as it does to its bots."""
        if self.refusal is not None:
            log.info("telegram.token_taken")
        self.refusal = None
