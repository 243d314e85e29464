"""Callback queries: a tap as Telegram knows it, and the toasts it was answered with."""

from dataclasses import dataclass, field

from infra.sandbox.telegram.model import Json, User
from infra.sandbox.telegram.rules import QUERY_TOO_OLD, TOAST_LENGTH, Rules, bad_request

QUERIES_KEPT = 20_000
FIRST_QUERY_ID = 4_382_000_000_000_000_001


@dataclass(frozen=True, slots=True)
class QueryAnswer:
    """One try to answer; `refusal` says why the person did not see it."""

    at: float
    text: str
    alert: bool
    refusal: str | None = None


@dataclass(slots=True)
class Query:
    """One tap of one person on one button."""

    id: str
    person: User
    chat_id: int
    message_id: int
    callback_data: str
    at: float
    answers: list[QueryAnswer] = field(default_factory=list)

    def seen(self) -> QueryAnswer | None:
        """Return the answer that the person saw."""
        return next((answer for answer in self.answers if answer.refusal is None), None)

    def wire(self) -> Json:
        """Write what a spectator sees of it."""
        seen = self.seen()
        return {
            "query_id": self.id,
            "user_id": self.person.id,
            "chat_id": self.chat_id,
            "message_id": self.message_id,
            "callback_data": self.callback_data,
            "tapped_at": self.at,
            "text": seen.text if seen else None,
            "alert": seen.alert if seen else False,
            "at": seen.at if seen else None,
            "attempts": len(self.answers),
        }


class Queries:
    """The last 20,000 taps by id."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.by_id: dict[str, Query] = {}
        self._next_id = FIRST_QUERY_ID

    def open(self, person: User, place: tuple[int, int], callback_data: str, now: float) -> Query:
        """Number a tap on the message at (chat id, message id)."""
        query = Query(str(self._next_id), person, *place, callback_data, now)
        self._next_id += 7
        self.by_id[query.id] = query
        if len(self.by_id) > QUERIES_KEPT:
            del self.by_id[next(iter(self.by_id))]
        return query

    def answer(self, query_id: str, answer: QueryAnswer) -> Query:
        """Show the toast; raises the 400 of a toast that is too long, too late, or for no query that is known."""
        query = self.by_id.get(query_id)
        refusal = self._refusal(query, answer)
        if query is not None:
            query.answers.append(QueryAnswer(answer.at, answer.text, answer.alert, refusal))
        if query is None or refusal is not None:
            raise bad_request(refusal or QUERY_TOO_OLD)
        return query

    def _refusal(self, query: Query | None, answer: QueryAnswer) -> str | None:
        if len(answer.text) > TOAST_LENGTH:
            return "MESSAGE_TOO_LONG"
        if query is None or answer.at > query.at + self.rules.answer_window_seconds:
            return QUERY_TOO_OLD
        if self.rules.answers_once and query.seen() is not None:
            return QUERY_TOO_OLD
        return None
