"""What Telegram's errors mean: nothing happened, it may have happened, or another program polls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from telegram import error as ptb

from actors.errors import (
    AnswerLost,
    BotTokenRefused,
    ChatMoved,
    ChatRefused,
    MessageGone,
    PortError,
    Refused,
    ShutOut,
    Unreachable,
)
from actors.ports import Conflict
from infra.telegram.caption_text import clip, one_line
from infra.telegram.http import NotSent, PauseAsked

NOT_MODIFIED = "message is not modified"
TOKEN_REFUSED_SECONDS = 30.0
MISPLACED_SECONDS = 30.0  # another kind of server stands at TELEGRAM_API_URL
SHUT_OUT_SECONDS = 30.0  # so long a webhook that was set while we polled is left alone: a new version that takes over

# Whose a refusal is, in the words of Bot API servers (tdlib/telegram-bot-api, Client.cpp, and tdlib/td) and of the
# server behind them. A message is gone for good by these three alone.
GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")
TOKEN = ("logged out", "unallowed token")
# Every 403 is the chat's, too: "bot was kicked from …", "bot is not a member of …", "the group chat was deleted".
CHAT = (
    "chat not found",
    "not enough rights",
    "have no rights to send",
    "need administrator rights",
    "chat_write_forbidden",
    "chat_restricted",
    "chat_admin_required",
    "chat_send_",  # CHAT_SEND_PHOTOS_FORBIDDEN and its like
    "channel_private",
    "peer_id_invalid",
    "user_banned_in_channel",
    "group chat was deactivated",
    "message thread not found",
    "topic_closed",
    "topic_deleted",
    "topic is closed",
)

# What python-telegram-bot raises over a reply that is JSON, but not the object that it expects.
UNREADABLE = (TypeError, KeyError, IndexError, AttributeError, ValueError, ArithmeticError, RecursionError, OSError)


def says(error: ptb.TelegramError, words: str) -> bool:
    """Say whether Telegram's description holds these words; python-telegram-bot changes its capitals."""
    return words in error.message.lower()


@contextmanager
def port_errors() -> Iterator[None]:
    """Raise errors of the port for those of python-telegram-bot."""
    try:
        yield
    except PauseAsked as error:
        raise Unreachable("Telegram asks for a pause", error.seconds) from error
    except NotSent as error:
        raise Unreachable(_reason(error)) from error
    except ptb.Conflict as error:
        if says(error, "webhook"):
            raise ShutOut(_reason(error), SHUT_OUT_SECONDS) from error
        raise Conflict(_reason(error)) from error
    except ptb.ChatMigrated as error:
        raise ChatMoved(_reason(error), error.new_chat_id) from error
    except ptb.InvalidToken as error:
        raise _unknown_token(error) from error
    except (ptb.BadRequest, ptb.Forbidden) as error:  # before NetworkError: BadRequest is one
        raise _refusal(error) from error
    except ptb.TelegramError as error:  # timed out, 5xx, broken body, broken connection: all after it had left
        raise AnswerLost(_reason(error)) from error
    except UNREADABLE as error:
        raise AnswerLost(f"Telegram's answer could not be read: {type(error).__name__}") from error


def _refusal(error: ptb.BadRequest | ptb.Forbidden) -> PortError:
    """Say whose it is: the token's, a message's, the chat's; what no other's words mean is this request's own."""
    reason = _reason(error)
    if any(says(error, words) for words in TOKEN):
        return _token_refused(reason)
    if any(says(error, words) for words in GONE):
        return MessageGone(reason)
    if isinstance(error, ptb.Forbidden) or any(says(error, words) for words in CHAT):
        return ChatRefused(reason)
    return Refused(reason)


def _unknown_token(error: ptb.InvalidToken) -> PortError:
    """401, 421, or 404: so a token is answered that has no token's shape, but also a server of another kind."""
    if says(error, "method not found") or says(error, "parsing the server response"):
        return Unreachable(f"No Bot API server answers at TELEGRAM_API_URL ({_reason(error)})", MISPLACED_SECONDS)
    return _token_refused(_reason(error))


def _token_refused(reason: str) -> BotTokenRefused:
    return BotTokenRefused(
        f"Telegram refuses the token in TELEGRAM_TOKEN ({reason}): "
        "set it to the one that @BotFather shows for the bot, and start again.",
        TOKEN_REFUSED_SECONDS,
    )


def _reason(error: ptb.TelegramError) -> str:
    return clip(one_line(error.message), 200)
