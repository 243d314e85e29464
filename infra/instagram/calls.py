"""A call to the Graph API and what its end means to us: an answer that we can read, or an error of the port."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import TypeVar

import aiohttp
from pydantic import BaseModel, ValidationError

from actors.errors import AnswerLost, DoubtfulRefusal, PortError, Refused, TokenGone, Unreachable
from infra.instagram import texts
from infra.instagram.replies import Envelope
from infra.instagram.said import said
from infra.instagram.settings import GraphSettings
from infra.instagram.verdicts import ErrorMeaning, ErrorVerdict, verdict_on
from infra.instagram.wire import AnswerBroken, Ask, CallNotSent, GraphReply, call, is_token

M = TypeVar("M", bound=BaseModel)

LONGEST_PAUSE_SECONDS = 86_400.0
MINUTES_LEFT = "estimated_time_to_regain_access"
USAGE = "x-business-use-case-usage"


class CallEffect(Enum):
    """What a call does there, and so what it means if its answer is lost."""

    NONE = "none"
    HARMLESS = "harmless"
    PUBLISH = "publish"


class Calls:
    """Makes calls, each with its time; raises errors of the port only."""

    def __init__(self, session: aiohttp.ClientSession, settings: GraphSettings) -> None:
        self.settings = settings
        self._session = session

    async def read(self, ask: Ask, shape: type[M], seconds: float | None = None) -> M:
        """Ask for something that changes nothing: it can always be asked again."""
        reply = await self._sent(ask, CallEffect.NONE, seconds or self.settings.read_seconds)
        return _understood(ask, reply, shape, CallEffect.NONE)

    async def make(self, ask: Ask, shape: type[M]) -> M:
        """Have something made that does no harm if it is never referenced."""
        reply = await self._sent(ask, CallEffect.HARMLESS, self.settings.read_seconds)
        return _understood(ask, reply, shape, CallEffect.HARMLESS)

    async def publish(self, ask: Ask, shape: type[M]) -> M:
        """Have a story published: whatever does not certainly mean that nothing happened is `AnswerLost`."""
        reply = await self._sent(ask, CallEffect.PUBLISH, self.settings.publish_seconds)
        return _understood(ask, reply, shape, CallEffect.PUBLISH)

    async def _sent(self, ask: Ask, effect: CallEffect, seconds: float) -> GraphReply:
        if ask.token is not None and not is_token(ask.token):
            raise TokenGone(texts.NOT_A_TOKEN)
        try:
            return await call(self._session, ask, seconds, self.settings.proxy(ask.url))
        except CallNotSent as error:
            raise Unreachable(str(error)) from error
        except AnswerBroken as error:
            raise _unanswered(effect, str(error)) from error


def _understood(ask: Ask, reply: GraphReply, shape: type[M], effect: CallEffect) -> M:
    refusal = _read(reply, Envelope)
    if refusal is not None:
        error = refusal.error
        verdict = verdict_on(error.code, error.error_subcode, error.is_transient, error.message or "")
        raise failure_of(verdict, effect, reply.headers).having(said(ask, reply, error))
    found = _read(reply, shape) if 200 <= reply.code < 300 else None
    if found is None:
        raise _unanswered(effect, _unreadable(reply), _asked_pause(reply.headers)).having(said(ask, reply))
    return found


def _unreadable(reply: GraphReply) -> str:
    if reply.code >= 500:
        return texts.has_a_problem(reply.code)
    return texts.unreadable(reply.code)


def _read(reply: GraphReply, shape: type[M]) -> M | None:
    try:
        return shape.model_validate_json(reply.body)
    except ValidationError:
        return None


def _unanswered(effect: CallEffect, words: str, seconds: float | None = None) -> PortError:
    return Unreachable(words, seconds) if effect is CallEffect.NONE else AnswerLost(words, seconds)


def failure_of(verdict: ErrorVerdict, effect: CallEffect, headers: Mapping[str, str]) -> PortError:
    """Return what an error means to the port, by what the call may have done."""
    if effect is CallEffect.PUBLISH and not verdict.before_effect:
        if verdict.means is ErrorMeaning.REFUSED and not verdict.again:
            return DoubtfulRefusal(verdict.sentence)
        return AnswerLost(verdict.sentence, _asked_pause(headers))
    match verdict.means:
        case ErrorMeaning.REFUSED:
            return Refused(verdict.sentence)
        case ErrorMeaning.GONE:
            return TokenGone(verdict.sentence)
        case ErrorMeaning.LATER:
            return Unreachable(verdict.sentence, _asked_pause(headers) or verdict.seconds)


def _asked_pause(headers: Mapping[str, str]) -> float | None:
    """Return the pause that a reply asks for: developers.facebook.com/docs/graph-api/overview/rate-limiting."""
    asked = [60.0 * minutes for minutes in _minutes(headers.get(USAGE, ""))]
    after = headers.get("retry-after", "")
    if after.isascii() and after.isdigit():
        asked.append(float(after))
    longest = max(asked, default=0.0)
    return min(longest, LONGEST_PAUSE_SECONDS) if longest > 0 else None


def _minutes(usage: str) -> Iterator[float]:
    """Yield every time to wait, in minutes, wherever it stands: a list for each business."""
    try:
        left: list[object] = [json.loads(usage)] if usage else []
    except (ValueError, RecursionError):
        return
    while left:
        found = left.pop()
        if isinstance(found, dict):
            minutes = found.get(MINUTES_LEFT)
            if isinstance(minutes, int | float) and minutes > 0:
                yield float(min(minutes, LONGEST_PAUSE_SECONDS))  # one of 400 digits fits no float
            left.extend(found.values())
        elif isinstance(found, list):
            left.extend(found)
