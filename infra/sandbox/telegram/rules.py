"""What the sandbox's Telegram allows, and how it says no."""

from dataclasses import dataclass

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
QUERY_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
OTHER_POLLER = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
WEBHOOK_SET = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
SHUT_OUT = "Conflict: terminated by setWebhook request"

MEGABYTE = 1024 * 1024
PHOTO_BYTES = 10 * MEGABYTE
FILE_BYTES = 50 * MEGABYTE
DOWNLOAD_BYTES = 20 * MEGABYTE
TEXT_LENGTH = 4096
CAPTION_LENGTH = 1024
TOAST_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Rules:
    """The figures that Telegram does not document, or that a test wants otherwise."""

    answer_window_seconds: float = 30
    callback_lifetime_seconds: float = 150
    update_lifetime_seconds: float = 86_400
    answers_once: bool = True
    limits: bool = True
    overall_per_second: int = 30
    chat_burst: int = 3
    chat_per_second: float = 1
    group_per_minute: int = 20


class BotApiError(Exception):
    """Telegram's no: the code, the words and the parameters that the caller is to see.

    https://core.telegram.org/bots/api#responseparameters
    """

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


class StageError(Exception):
    """The stage direction cannot be played: no such chat, person or button."""


def bad_request(reason: str) -> BotApiError:
    """Name what is wrong with the call as Telegram does."""
    return BotApiError(400, f"Bad Request: {reason}")


def too_many_requests(retry_after: int) -> BotApiError:
    """Ask the bot to come back later."""
    return BotApiError(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)


def moved(chat_id: int) -> BotApiError:
    """Refuse the old id of a group that became a supergroup, and name the new one."""
    return BotApiError(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat_id)
