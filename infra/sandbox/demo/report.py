"""What the people saw: counted from their taps and from what their screens showed, without asking the bot."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from infra.sandbox.instagram.facade import SandboxInstagram
from infra.sandbox.telegram.model import ChatMessage, Content
from infra.sandbox.telegram.world import World

DECISIONS = ("Auto Post", "Posted", "Skip", "Reject")
CONFIRM = "Yes, reject"
CANCEL = "No, keep it"
VERDICT = re.compile(r"\b(posted|skipped|rejected)\b.*\bby (?!hand\b)([^,\n]+)", re.IGNORECASE)
PATIENCE_SECONDS = 150.0  # by then a tap that was held has been decided, if nothing else breaks
Figure = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Tapped:
    """One tap as the person who made it remembers it."""

    query_id: str
    user_id: int
    chat_id: int
    message_id: int
    button: str
    at: float


def first_verdict(text: str) -> str | None:
    """Return who did what, as a settled card says it: the first line that names a verb and a person."""
    found = VERDICT.search(text)
    return f"{found.group(1)} by {found.group(2).strip()}".casefold() if found else None


@dataclass(frozen=True, slots=True)
class Judgement:
    """How the screens are read: how long people wait, and which words say that an item is settled."""

    patience_seconds: float = 10
    verdict: Callable[[str], str | None] = first_verdict


@dataclass(frozen=True, slots=True)
class Report:
    """The count. `lost` taps never got a toast nor a change of their card, `waiting` ones may still get it.

    `duplicates` counts every verdict on an item beyond its first.
    """

    items: int
    taps: int
    answered: int
    settled: int
    duplicates: int
    lost: int
    waiting: int
    toasts: int
    toast_p50_ms: float | None
    toast_p99_ms: float | None
    answer_p99_ms: float | None

    def wire(self) -> dict[str, Any]:
        """Return it as one JSON object."""
        return asdict(self)


def count(taps: Iterable[Tapped], world: World, now: float, judgement: Judgement | None = None) -> Report:
    """Count what became of the taps up to `now`."""
    judgement = judgement or Judgement()
    tapped = list(taps)
    seen = [first_sight(tap, world) for tap in tapped]
    unanswered = [tap for tap, at in zip(tapped, seen, strict=True) if at is None]
    lost = sum(1 for tap in unanswered if now - tap.at >= judgement.patience_seconds)
    toasts = [at - tap.at for tap in tapped if (at := toast_at(tap, world)) is not None]
    answers = [at - tap.at for tap, at in zip(tapped, seen, strict=True) if at is not None]
    items = cards_by_item(world)
    verdicts = [_verdicts(cards, judgement) for cards in items.values()]
    return Report(
        items=len(items),
        taps=len(tapped),
        answered=len(answers),
        settled=sum(1 for cards in items.values() if all(_is_settled(card.content, judgement) for card in cards)),
        duplicates=sum(len(each) - 1 for each in verdicts if each),
        lost=lost,
        waiting=len(unanswered) - lost,
        toasts=len(toasts),
        toast_p50_ms=_percentile_ms(toasts, 0.5),
        toast_p99_ms=_percentile_ms(toasts, 0.99),
        answer_p99_ms=_percentile_ms(answers, 0.99),
    )


def first_sight(tap: Tapped, world: World) -> float | None:
    """Return when the person first saw that the tap did something: a toast, or a change of the card."""
    sights = [at for at in (toast_at(tap, world), _card_changed_at(tap, world)) if at is not None]
    return min(sights, default=None)


def toast_at(tap: Tapped, world: World) -> float | None:
    """Return when a toast with words in it was shown."""
    query = world.queries.by_id.get(tap.query_id)
    seen = query.seen() if query else None
    return seen.at if seen and seen.text else None


def cards_by_item(world: World) -> dict[tuple[str, ...], list[ChatMessage]]:
    """Group the cards that offered a decision; two with the same first buttons are cards of one item."""
    items: defaultdict[tuple[str, ...], list[ChatMessage]] = defaultdict(list)
    for chat in world.chats.values():
        for message in chat.messages.values():
            first = message.history[0].content
            if message.deleted_at is None and offers_decision(first):
                items[tuple(button.get("callback_data", "") for button in first.buttons())].append(message)
    return items


def offers_decision(content: Content) -> bool:
    """Tell whether a card still asks the people for something."""
    return any(says(button["text"], label) for button in content.buttons() for label in (*DECISIONS, CONFIRM))


def says(text: str, label: str) -> bool:
    """Tell whether a button's text is this label, whatever emoji stands before it."""
    return re.sub(r"^\W+|\W+$", "", text).casefold() == label.casefold()


def _card_changed_at(tap: Tapped, world: World) -> float | None:
    message = world.chats[tap.chat_id].messages[tap.message_id]
    return next((shown.at for shown in message.history[1:] if shown.at > tap.at), None)


def _is_settled(content: Content, judgement: Judgement) -> bool:
    return not offers_decision(content) and judgement.verdict(content.text) is not None


def _verdicts(cards: list[ChatMessage], judgement: Judgement) -> set[str]:
    shown = [each.content for card in cards for each in card.history if not offers_decision(each.content)]
    return {verdict for content in shown if (verdict := judgement.verdict(content.text)) is not None}


def _percentile_ms(seconds: list[float], share: float) -> float | None:
    if not seconds:
        return None
    return round(sorted(seconds)[math.ceil(len(seconds) * share) - 1] * 1000, 1)


@dataclass(frozen=True, slots=True)
class Score:
    """The figures of a play; `doubled` are second verdicts on a card and second stories of an item."""

    report: Report
    doubled: int

    def figures(self) -> list[Figure]:
        """Name, figure and colour of each."""
        report = self.report
        return [
            ("taps", str(report.taps), ""),
            ("answered", str(report.answered), ""),
            ("settled", f"{report.settled} of {report.items}", ""),
            ("lost", str(report.lost), "bad" if report.lost else "good"),
            ("doubled", str(self.doubled), "bad" if self.doubled else "good"),
        ]


def score(world: World, instagram: SandboxInstagram, whole_since: float, now: float) -> Score:
    """Count up to now.

    A tap is lost when it is unanswered long after everything worked again: until then Telegram still has it, or a
    worker is at it. `whole_since` is when that was; infinity, while something is broken.
    """
    waited = now - whole_since
    tapped = [
        Tapped(query.id, query.person.id, query.chat_id, query.message_id, query.callback_data, query.at)
        for query in world.queries.by_id.values()
    ]
    patience = PATIENCE_SECONDS if waited >= PATIENCE_SECONDS else math.inf
    report = count(tapped, world, now, Judgement(patience_seconds=patience))
    return Score(report, report.duplicates + len(instagram.doubles()))
