"""Log lines: one object each, one shape for ours and the libraries', free of secrets."""

import html
import json
import logging
import math
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from datetime import date, timedelta
from enum import Enum
from functools import lru_cache
from typing import Any, Literal, TextIO
from urllib.parse import quote, quote_plus

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from actors.domain.escaping import escaped

HIDDEN = "***"
LONGEST_TEXT = 16_384  # characters; the traceback of a deep exception group is cut there
DEEPEST_VALUE = 6
MOST_NAMES = 512
TRACEBACKS = {"exception", "stack"}
SHORTEST_SECRET = 8  # a shorter one ("postgres") would eat our own words; SHAPES finds it where it stands

# Of names that end alike the end stands here: X-Amz-Signature, aws_secret_access_key.
NAMES = (
    "access_token|app_secret|appsecret_proof|authorization|client_secret|fb_exchange_token|input_token|link_secret|"
    "password|secret_access_key|secret_keys|secret[-_]token|security-token|signature|telegram_token"
)
SECRET_NAME = re.compile(NAMES, re.IGNORECASE)
BOT_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]{30,}")
ESCAPE = re.compile(r"%[0-9A-F]{2}")

# Every shape in which a secret comes; group 1 stays, it says what was hidden.
SHAPES = (
    re.compile(r"(/bot)\d+(?::|%3A)[^/\s\"'?]+", re.IGNORECASE),  # Telegram's URLs carry the bot's token
    re.compile(r"()(?<!\d)\d+(?::|%3A)[A-Za-z0-9_-]{30,}", re.IGNORECASE),
    re.compile(r"(://[^\s:/@\"']{0,64}:)[^\s\"']{1,256}(?=@)"),  # a URL's password, with a raw @ or / in it too
    re.compile(r"((?:Bearer|OAuth|Basic)\s+)[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(rf"((?:{NAMES})[\"']?\s*(?:[=:]|%3D)\s*[\"']?)[^\s&\"',;)}}]+", re.IGNORECASE),
    re.compile(r"()\b(?:EAA|IG[QA])[A-Za-z0-9_-]{30,}"),  # Meta's access tokens
)
# A text without any of these fits no shape. Most texts of a line are short words and end here.
HINT = re.compile(r"[:=]|%3[AD]|EAA|IG[QA]|Bearer|OAuth|Basic", re.IGNORECASE)


def _parts(secret: str) -> tuple[str, ...]:
    """The secret, and of a bot's token its second half, which alone is the secret part."""
    return (secret, secret.partition(":")[2]) if BOT_TOKEN.fullmatch(secret) else (secret,)


def _spellings(secret: str) -> set[str]:
    """As it is, and as it stands in Python's, JSON's and HTML's text, in an address and in a form."""
    quoted = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    lower = {ESCAPE.sub(lambda found: found[0].lower(), text) for text in quoted}
    in_json = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    in_html = {html.escape(secret), html.escape(secret, quote=False)}
    return {secret, repr(secret)[1:-1], *quoted, *lower, *in_json, *in_html}


class Redaction:
    """Makes any value plain JSON that holds no secret: the known ones, and whatever has the shape of one."""

    def __init__(self, secrets: Iterable[str]) -> None:
        spellings = {form for secret in secrets for part in _parts(secret) for form in _spellings(part)}
        # The longest first: a secret that begins like another one goes as a whole.
        known = sorted((text for text in spellings if len(text) >= SHORTEST_SECRET), key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None
        self._known_name = lru_cache(MOST_NAMES)(self._name)  # the same few names stand in every line

    def text(self, text: str) -> str:
        """Return the text without secrets, cut to LONGEST_TEXT."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        if HINT.search(text):
            for shape in SHAPES:
                text = shape.sub(rf"\g<1>{HIDDEN}", text)
        return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"

    def value(self, value: object, depth: int = 0) -> object:
        """Return the value as JSON can say it; what JSON has no word for becomes its repr."""
        if type(value) is str:
            return self.text(value)
        match value:
            case None | bool() | int():
                return value
            case float():
                return value if math.isfinite(value) else str(value)
            case str():
                return self.text(value)
            case Enum():
                return self.text(value.value if isinstance(value.value, str) else value.name)
            case date() | timedelta():
                return value.isoformat() if isinstance(value, date) else value.total_seconds()
            case Mapping() | Sequence() | Set() if depth < DEEPEST_VALUE and not isinstance(value, bytes | bytearray):
                return self._collection(value, depth + 1)
            case _:
                return self.text(str(value) if isinstance(value, BaseException) else repr(value))

    def pairs(self, values: Mapping[Any, object], depth: int = 0) -> dict[str, object]:
        """Return the pairs with plain values; a name that means a secret keeps none of its text."""
        plain: dict[str, object] = {}
        for name, value in values.items():
            shown, is_secret = self._known_name(name) if type(name) is str else self._name(str(name))
            plain[shown] = HIDDEN if is_secret and isinstance(value, str | bytes) else self.value(value, depth)
        return plain

    def _name(self, name: str) -> tuple[str, bool]:
        return self.text(name), SECRET_NAME.fullmatch(name) is not None

    def _collection(self, values: Mapping[Any, object] | Sequence[object] | Set[object], depth: int) -> object:
        if isinstance(values, Mapping):
            return self.pairs(values, depth)
        return [self.value(value, depth) for value in values]


class LineWriter:
    """Writes finished lines. A log that cannot be written must not end an actor, so the line is given up."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, level: str) -> Callable[[str], None]:
        # structlog asks for one method a level; all of them are the same here.
        return self._write

    def _write(self, line: str) -> None:
        try:
            self._stream.write(f"{line}\n")
            self._stream.flush()
        except UnicodeEncodeError:
            self._write(line.encode("ascii", "backslashreplace").decode("ascii"))
        except (OSError, ValueError):  # the disk is full, the reader has gone, the stream is closed
            return


class LibraryRecords(logging.Handler):
    """Sends what libraries log through the same pipeline, as event `library`."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log one record; one whose arguments do not fit its message is logged as it stands."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            message = str(record.msg)
        logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
        logger.log(record.levelno, "library", logger=record.name, message=message, exc_info=record.exc_info)


def configure_logs(
    log_format: Literal["json", "console"], level: str, secrets: Sequence[str] = (), stream: TextIO | None = None
) -> None:
    """Log from `level` on to the stream (default: stdout); libraries are heard from WARNING on. May be called again."""
    stream = sys.stdout if stream is None else stream
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _plain(Redaction(secrets)),
            *([_seen] if log_format == "console" else []),
            _renderer(log_format, stream),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: LineWriter(stream),
        cache_logger_on_first_use=False,  # a cached logger would go on writing to the stream of the call before
    )
    root = logging.getLogger()
    for ours in [handler for handler in root.handlers if isinstance(handler, LibraryRecords)]:
        root.removeHandler(ours)
    root.addHandler(LibraryRecords(logging.WARNING))
    # Below WARNING the HTTP clients log every URL, and Telegram's carry the token.
    root.setLevel(logging.WARNING)


def dropped_line(lines: int) -> str:
    """Return the line that says how many lines are missing where it stands, shown at any level."""
    line: str = structlog.wrap_logger(structlog.ReturnLogger()).error("log.dropped", lines=lines)
    return f"{line}\n"


def _plain(redaction: Redaction) -> Processor:
    def plain(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        first = {name: event[name] for name in ("event", "level", "timestamp") if name in event}
        return redaction.pairs({**first, **event})

    return plain


def _seen(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """For a terminal: nothing that it would obey, and new lines in tracebacks alone."""
    return {
        name: escaped(value, "\n\t" if name in TRACEBACKS else "") if isinstance(value, str) else value
        for name, value in event.items()
    }


def _renderer(log_format: Literal["json", "console"], stream: TextIO) -> Processor:
    if log_format == "json":
        # ASCII only: U+2028 in a caption would end the line for some readers.
        return structlog.processors.JSONRenderer(serializer=json.dumps)
    plain_traceback = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(
        colors=stream.isatty(), sort_keys=False, exception_formatter=plain_traceback, pad_event_to=0
    )
