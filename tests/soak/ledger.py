"""What became of each tap and of each item, by what the rows and the chat say. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from actors.item import texts

NOT_SAVED = "was not saved, tap again"
TOO_LATE = "too late"
LOOKS_SETTLED = "It looks "
AT_IT = "⏳"
MOST_NOTED = 50
LONGEST_NOTE = 1500
DEEDS = {"posted": "Posted", "skipped": "Skipped", "rejected": "Rejected"}


class Verdict(Enum):
    """What became of a tap."""

    SETTLED = "it settled its item"
    TOLD = "its row says that it came too late"
    BUSY = "its toast said who was at it"
    REFUSED = "the chat said that it was not saved"
    OPEN = "nobody knows yet"
    WRONG = "its row says what cannot be"


@dataclass(frozen=True, slots=True)
class Tapped:
    """A tap; `number` counts all of the run, in the order in which Telegram queued them."""

    number: int
    tap_id: str
    item_id: int
    person: int
    name: str


@dataclass(frozen=True, slots=True)
class Told:
    """What the chat showed: the toast of one tap, and every text that its card has had, the newest last.

    `log`: the line of a tap that was not saved.
    """

    toast: str | None
    texts: tuple[str, ...]
    buttons: int = 0
    log: str | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What the rows say of an item: its state, who settled it, the tap of each of its decisions, and its events."""

    state: str
    name: str | None
    taps: tuple[str | None, ...]


def judge(tap: Tapped, outcome: str | None, told: Told) -> Verdict:
    """Say what became of a tap whose row has this outcome; None: it has no row."""
    match outcome:
        case "recorded":
            return Verdict.SETTLED
        case "stale":
            return Verdict.TOLD
        case "refused" | None:
            return _without_effect(tap, told)
        case _:
            return Verdict.WRONG


def _without_effect(tap: Tapped, told: Told) -> Verdict:
    toast = told.toast or ""
    overtaken = told.log is not None and not told.buttons  # its refusal gave way to the decision, which everybody sees
    if overtaken or toast == texts.BUSY or any(tap.name in line and NOT_SAVED in line for line in _lines(told.texts)):
        return Verdict.REFUSED
    return Verdict.BUSY if toast.startswith(AT_IT) else Verdict.OPEN


def heard_who_was_first(tap: Tapped, told: Told) -> bool:
    """Say whether a tap that came too late was told so, by its toast or by a line of the card."""
    toast = told.toast or ""
    return LOOKS_SETTLED in toast or any(tap.name in line and TOO_LATE in line for line in _lines(told.texts))


def is_true(card: Told, decided: Decided) -> bool:
    """Say whether a card shows how its item ended, and asks for nothing more."""
    deed = f"{DEEDS.get(decided.state)} by"
    outcome = next((line for line in card.texts[-1].splitlines() if deed in line), "")
    return bool(decided.name) and str(decided.name) in outcome and not card.buttons


def _lines(texts: Iterable[str]) -> list[str]:
    return [line for text in texts for line in text.splitlines()]


@dataclass
class Tally:
    """The sums of the run."""

    taps: int = 0
    items: int = 0
    settled: int = 0
    told: int = 0
    busy: int = 0
    refused: int = 0
    again: int = 0
    unheard: int = 0
    untoasted: int = 0
    lost: int = 0
    doubled: int = 0
    lies: int = 0
    wrong: list[str] = field(default_factory=list)
    noted: int = 0

    def take_wrong(self) -> list[str]:
        """What was wrong since the last look."""
        taken, self.wrong = self.wrong, []
        return taken

    def count(self, tap: Tapped, verdict: Verdict, told: Told) -> None:
        """Add a tap of which no more is to come."""
        self.taps += 1
        self.told += verdict is Verdict.TOLD
        self.busy += verdict is Verdict.BUSY
        self.refused += verdict is Verdict.REFUSED
        self.untoasted += told.toast is None
        if verdict is Verdict.TOLD and not heard_who_was_first(tap, told):
            self.unheard += 1
            self._note(f"tap {tap.tap_id} of item {tap.item_id}: nobody told {tap.name} who was first; {told}")
        if verdict in {Verdict.OPEN, Verdict.WRONG}:
            self.lost += 1
            self._note(f"tap {tap.tap_id} of item {tap.item_id}: {verdict.value}, tap {tap.number}; {told}")

    def close(self, item_id: int, decided: Decided, settlers: list[str], card: Told) -> None:
        """Add an item: exactly one decision, made by the one tap that says so, and a card that tells it."""
        self.items += 1
        self.settled += decided.state in DEEDS
        doubled = len(decided.taps) > 1 or len(settlers) > 1
        lost = len(set(settlers) - set(decided.taps)) + (decided.state not in DEEDS)
        lies = not is_true(card, decided)
        self.doubled += doubled
        self.lost += lost
        self.lies += lies
        if doubled or lost or lies or set(decided.taps) - set(settlers):
            self._note(f"item {item_id}: {decided}, settled by {settlers}, shows {card}")

    def _note(self, sentence: str) -> None:
        self.noted += 1
        if self.noted <= MOST_NOTED:
            self.wrong.append(sentence[:LONGEST_NOTE])
