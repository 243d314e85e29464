"""What Instagram answered instead of doing what was asked, as the log may keep it: its words without any secret."""

from __future__ import annotations

import re

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
TRACE = re.compile(r"[A-Za-z0-9_\-+/=]{1,64}")


def said(ask: Ask, reply: GraphReply, error: GraphError | None = None) -> Answered:
    """Keep what an operator needs to ask Meta about it."""
    if error is None:
        return Answered(reply.code, url=ask.url)
    words = error.error_user_msg or error.message
    trace = error.fbtrace_id or ""
    return Answered(
        status=reply.code,
        code=error.code,
        subcode=error.error_subcode,
        trace_id=trace if TRACE.fullmatch(trace) else None,
        words=None if words is None else told(words, ask),
        url=ask.url,
    )


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
    return [part for value in values for part in (value, value.partition("?")[2]) if part]
