"""Everything an item can ask for; the shell performs it and tells the outcome as a message."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from actors.domain.item import Action, Item
from actors.domain.taps import Press, Pressed, Question, Tap


class Outcome(Enum):
    """How a tap ended, as its canonical log line says it."""

    RECORDED = "recorded"
    STALE = "stale"
    FORBIDDEN = "forbidden"
    GONE = "gone"
    REFUSED = "refused"
    BUSY = "busy"
    ASKED = "asked"
    NOT_YOURS = "not_yours"
    KEPT = "kept"
    ORIGINAL_SENT = "original_sent"
    ORIGINAL_NOT_SENT = "original_not_sent"
    ORIGINAL_LOST = "original_lost"
    UNKNOWN_BUTTON = "unknown_button"


@dataclass(frozen=True, slots=True)
class AnswerTap:
    """Show a toast to the person, before and without any database work; at most once a tap.

    `alone`: no row and no card tells it, so the chat has to if the toast cannot; `seldom`: once in a while.
    """

    press: Press
    text: str
    alone: bool = False
    seldom: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """Store the tap, in one round trip, again and again until its deadline."""

    tap: Tap


@dataclass(frozen=True, slots=True)
class CloseUnconfirmedTap:
    """Decide for ever a tap whose attempts are unknown: refused, or what its key already holds."""

    tap: Tap


@dataclass(frozen=True, slots=True)
class WatchRecording:
    """Tell `StillRecording` in 400 ms."""

    tap: Tap


@dataclass(frozen=True, slots=True)
class AbandonRecording:
    """Let the open recording of this tap end now."""

    press: Press


@dataclass(frozen=True, slots=True)
class ShowCard:
    """Draw every card of the item from its row; `press` is the tap that waits for it, if one does."""

    row: Item
    press: Press | None
    cause: str


@dataclass(frozen=True, slots=True)
class ShowLine:
    """Add a line to the card that was tapped.

    `needed`: a refusal, which is tried until it is shown; else it is progress, dropped when edits are short.
    `check`: it stands on what memory says; have the card checked once it is shown, which may be long after. `in_doubt`:
    without a row it has the buttons of a doubt. `view`: it is about a press that decides nothing,
    and comes after what was decided.
    """

    press: Press
    row: Item | None
    line: str
    needed: bool
    check: bool = False
    in_doubt: bool = False
    view: bool = False


@dataclass(frozen=True, slots=True)
class SayInChat:
    """Tell the group: nothing may be drawn on the message that was pressed.

    `seldom`: a person hears it once in a while, for presses can be forged by the hundred.
    """

    press: Press
    text: str
    seldom: bool = False


@dataclass(frozen=True, slots=True)
class VerifyButton:
    """Ask the row whose card this is, before anything is shown on it: tell `Vouched`, `NotOurs` or `Unvouched`."""

    pressed: Pressed


@dataclass(frozen=True, slots=True)
class ShowQuestion:
    """Put "Are you sure?" beside the other buttons, or take it away again."""

    press: Press
    row: Item | None
    asking: Question | None


@dataclass(frozen=True, slots=True)
class WatchQuestion:
    """Tell `AskExpired` in 60 s."""

    press: Press


@dataclass(frozen=True, slots=True)
class CheckCard:
    """The tapped message was drawn from memory, or from what the person saw: tell `Checked` what its row says.

    `line` is the refusal that stands on it and shall stay, if it is still true; `drawn` the revision of the row there.
    """

    press: Press
    line: str | None = None
    drawn: int | None = None


@dataclass(frozen=True, slots=True)
class SendFile:
    """Send the uncompressed file below the card; a row that is not known is read first."""

    press: Press
    row: Item | None


@dataclass(frozen=True, slots=True)
class SendCard:
    """Put the card into the chat and save its message."""

    row: Item


@dataclass(frozen=True, slots=True)
class ReportLost:
    """Tell the operator and the chat that a card is lost, and why as far as is known."""

    row: Item
    reason: str


@dataclass(frozen=True, slots=True)
class ReportRefused:
    """Tell the operator and the chat that the platform takes no card of this story, in its words."""

    row: Item
    reason: str


@dataclass(frozen=True, slots=True)
class ReportChatClosed:
    """Tell the operator, and the chat if text gets through, that the platform takes no card there now, in its words."""

    row: Item
    reason: str


@dataclass(frozen=True, slots=True)
class StartPublish:
    """Let the saga of this row's publish begin, or go on; each of its steps comes back as `Changed`."""

    row: Item


@dataclass(frozen=True, slots=True)
class RecordOutcome:
    """Store how a rehearsal ended, unless a person decided otherwise meanwhile."""

    row: Item
    action: Action
    sentence: str


@dataclass(frozen=True, slots=True)
class LogInteraction:
    """Hand one line to the interaction logger."""

    press: Press
    kind: str


@dataclass(frozen=True, slots=True)
class Conclude:
    """The tap is decided: its log line may be written once its toast and its card are through."""

    press: Press
    action: str
    outcome: Outcome
    cause: str
    version: int


class After(Enum):
    """What must be through before Telegram may forget an update."""

    NOTHING = "nothing"  # its effect is durable
    ANSWER = "answer"  # its toast is out; where that failed, what is shown in its place
    SHOWN = "shown"  # everything that it started, for what was accepted and did not take effect is visibly refused


@dataclass(frozen=True, slots=True)
class ConfirmUpdate:
    """Telegram may forget this update, `after` what keeps the press from being lost with its worker."""

    press: Press
    after: After


Effect = (
    AnswerTap
    | AbandonRecording
    | ShowLine
    | SayInChat
    | VerifyButton
    | ShowQuestion
    | CheckCard
    | SendFile
    | LogInteraction
    | Conclude
    | ConfirmUpdate
    | Record
    | CloseUnconfirmedTap
    | WatchRecording
    | WatchQuestion
    | ShowCard
    | SendCard
    | ReportLost
    | ReportRefused
    | ReportChatClosed
    | StartPublish
    | RecordOutcome
)
