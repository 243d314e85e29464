"""What Instagram answered instead of doing what was asked, as the log may keep it: its words without any secret."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from actors.errors import Answered
from infra.instagram.replies import GraphError
from infra.instagram.wire import Ask, GraphReply

HIDDEN = "***"
LONGEST_WORDS = 300
SECRETS = ("access_token", "client_secret", "fb_exchange_token", "image_url", "input_token", "video_url")
# Meta repeats what it was given: a token that it cannot parse, the link of a file that it could not fetch. A link may
# be cut, escaped or without its scheme, so that anything that is as long as a secret, and no word, is hidden, too.
LINK = re.compile(r"\b[a-z][a-z0-9+.-]*:(?:/|\\/|%2f){2}\S*", re.IGNORECASE)
OPAQUE = re.compile(r"[A-Za-z0-9_\-|%.=+/]{24,}")
NAME = re.compile(r"[A-Za-z]{1,40}")
USAGE_HEADERS = ("x-app-usage", "x-business-use-case-usage")
COUNTERS = ("call_count", "total_cputime", "total_time", "estimated_time_to_regain_access")
MOST = 1_000_000  # per cent, or minutes: a number of 400 digits fits no float
TRACE = re.compile(r"[A-Za-z0-9_\-+/=]{1,64}")


def said(ask: Ask, reply: GraphReply, error: GraphError | None = None) -> Answered:
    """Keep what an operator needs to ask Meta about it."""
    if error is None:
        return Answered(reply.code, url=ask.url, usage=usage(reply.headers))
    words = error.error_user_msg or error.message
    trace = error.fbtrace_id or ""
    return Answered(
        status=reply.code,
        code=error.code,
        subcode=error.error_subcode,
        trace_id=trace if TRACE.fullmatch(trace) else None,
        words=None if words is None else told(words, ask),
        url=ask.url,
        kind=error.type if error.type is not None and NAME.fullmatch(error.type) else None,
        is_transient=error.is_transient,
        usage=usage(reply.headers),
    )


def usage(headers: Mapping[str, str]) -> tuple[tuple[str, float], ...]:
    """Return how much of Meta's limits is used, in per cent by counter; an answer without the headers tells of none.

    developers.facebook.com/docs/graph-api/overview/rate-limiting: one counter of the app, several of each business,
    which is named by an id that is left out here.
    """
    found: dict[str, float] = {}
    for header in USAGE_HEADERS:
        for name, value in _numbers(headers.get(header, "")):
            found[name] = max(value, found.get(name, 0.0))
    return tuple(sorted(found.items()))


def _numbers(text: str) -> Iterator[tuple[str, float]]:
    try:
        left: list[object] = [json.loads(text)] if text else []
    except (ValueError, RecursionError):
        return
    while left:
        match left.pop():
            case dict() as found:
                known = [(name, found[name]) for name in COUNTERS if isinstance(found.get(name), int | float)]
                yield from ((name, float(min(value, MOST))) for name, value in known)
                left.extend(found.values())
            case list() as found:
                left.extend(found)


def told(words: str, ask: Ask | None = None) -> str:
    """Return words of Instagram's on one line, without what was sent with this call and what looks like a secret."""
    line = " ".join(words.split())
    for secret in () if ask is None else _sent(ask):
        line = line.replace(secret, HIDDEN)
    line = OPAQUE.sub(HIDDEN, LINK.sub(HIDDEN, line))
    printable = "".join(char for char in line if char.isprintable())
    return printable if len(printable) <= LONGEST_WORDS else f"{printable[:LONGEST_WORDS]}…"


def _sent(ask: Ask) -> list[str]:
    given = {**ask.query, **(ask.form or {})}
    values = [ask.token or "", *(given.get(name, "") for name in SECRETS)]
    return [part for value in values for part in _parts(value) if part]


def _parts(value: str) -> list[str]:
    """A whole link, its query, and each part of that: Meta may repeat any of them."""
    query = value.partition("?")[2]
    return [value, query, *(query.split("&") if query else ())]
