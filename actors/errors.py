"""Every exception that crosses a border between two parts of everytap; the name says the situation."""

from dataclasses import dataclass
from typing import Any, Self


class QueueError(Exception):
    """The root of the hierarchy; never raised itself."""


class _Undelivered(QueueError):
    """Hands the message back to its sender, so that the person behind it can still be answered."""

    def __init__(self, message: Any) -> None:
        super().__init__(f"{type(message).__name__} was not delivered")
        # Any, not object: who catches this told the message, and knows its type.
        self.message: Any = message


class MailboxClosed(_Undelivered):
    """The actor has stopped; the message is `.message`."""


class MailboxFull(_Undelivered):
    """The actor is too far behind; the message is `.message`."""


class RestartLimitReached(QueueError):
    """A child crashed more often than its limit allows; the crash itself is `__cause__`."""

    def __init__(self, child: str) -> None:
        super().__init__(f"{child} crashed more often than its restart limit allows")
        self.child = child


@dataclass(frozen=True, slots=True)
class Answered:
    """What the other side answered instead of doing it, free of secrets: for a log; its numbers may be shown in a chat.

    `words` are the platform's own, `url` has no query. `kind` is its name for the sort of error, `is_transient` what it
    says of a repetition; `usage` is how much of its limits is used, in per cent, by the name of the counter.
    """

    status: int
    code: int | None = None
    subcode: int | None = None
    trace_id: str | None = None
    words: str | None = None
    url: str | None = None
    kind: str | None = None
    is_transient: bool | None = None
    usage: tuple[tuple[str, float], ...] = ()


class PortError(QueueError):
    """The outside failed; raised only in infra/, always `raise ... from error`.

    `answered` is what the other side said; None: it said nothing, or it was not kept.
    """

    answered: Answered | None = None

    def having(self, answered: Answered | None) -> Self:
        """Keep what was answered."""
        self.answered = answered
        return self


class Unreachable(PortError):
    """Nothing happened outside: try again, after `retry_after_seconds` if the other side named a time."""

    def __init__(self, reason: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_seconds = retry_after_seconds


class Locked(Unreachable):
    """A row was in another one's hands for too long; nothing happened."""


class ShutOut(Unreachable):
    """Telegram brings the updates to a webhook, so that they cannot be asked for."""


class BotTokenRefused(Unreachable):
    """Telegram takes no call with this bot's token. No story is at fault, so all wait until it takes one again."""


class Refused(PortError):
    """Nothing happened outside, and trying again would not change that."""


class ChatRefused(Refused):
    """The chat takes nothing of the bot's now (removed, no right, topic closed). No story is at fault; it passes."""


class MessageGone(Refused):
    """This message cannot be edited any more, for good: it was deleted, or is none of the bot's."""


class ChatMoved(Refused):
    """The group became a supergroup; `chat_id` is its new id."""

    def __init__(self, reason: str, chat_id: int) -> None:
        super().__init__(reason)
        self.chat_id = chat_id


class TokenGone(Refused):
    """Instagram takes this token no more: the account has to be connected again."""


class AnswerLost(PortError):
    """The request left and its answer did not come: it may have happened.

    An answer that proves nothing is no better; then `retry_after_seconds` is the pause that it asks for, if it does.
    """

    def __init__(self, reason: str = "", retry_after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_seconds = retry_after_seconds


class DoubtfulRefusal(AnswerLost):
    """It was refused in plain words, which are known to come although it was done: look, and do not try again."""
