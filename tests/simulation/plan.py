"""What shall happen in one simulated world, as plain values: drawn from a seed, and smaller once it is shrunk."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Profile(Enum):
    """How trouble is looked for."""

    PLAIN = "plain"  # episodes at random moments, tasks in random order
    PRIORITY = "priority"  # the same, and tasks by priorities that change a few times (PCT)
    AIMED = "aimed"  # faults that wait for the dangerous moments of an operation
    WEBHOOK = "webhook"  # plain or aimed, and updates are brought instead of being polled
    SCRIPTED = "scripted"  # one order of events that does harm, in a world that is quiet otherwise


class Kind(Enum):
    """What an episode does."""

    DATABASE_AWAY = "database away"
    DATABASE_SILENT = "database silent"
    DATABASE_LOSSY = "database lossy"
    DATABASE_SLOW = "database slow"
    ROW_LOCKED = "row locked"
    TELEGRAM_AWAY = "telegram away"
    TELEGRAM_LOSSY = "telegram lossy"
    TELEGRAM_SLOW = "telegram slow"
    TELEGRAM_FLOOD = "telegram flood"
    INSTAGRAM_AWAY = "instagram away"
    INSTAGRAM_LOSSY = "instagram lossy"
    INSTAGRAM_SLOW = "instagram slow"
    KILL = "worker killed"
    DEPLOY = "worker deployed"
    STOP = "worker stopped"
    FREEZE = "worker frozen"
    CLOCK = "clock jumps"
    PAUSE = "chat paused"
    SWITCH = "account switched"
    HAMMER = "somebody hammers"
    REMOVE = "item removed"
    DELETE = "message deleted"
    DEAF = "hints lost"
    REVOKED = "token revoked"


class Deed(Enum):
    """What a trigger does at its moment."""

    KILL = "kill"
    FREEZE = "freeze"
    TAKE_OVER = "freeze and take over"
    LOSE_REQUEST = "lose the request"
    LOSE_REPLY = "lose the reply"
    LATE = "let it take effect late"
    SILENCE = "swallow the reply"
    OUTAGE = "begin an outage"
    CUT_OFF = "lose the reply and begin a long outage"
    KILL_AND_CUT_OFF = "kill and begin a long outage"
    HOLD_BACK = "hold it back beyond a long outage"
    LOCK_OUT = "lose the reply and lock every row for long"
    LATE_AND_KILL = "let it take effect late and kill at that moment"
    SWITCH = "switch the account"
    REFUSE = "refuse the request"
    LOSE_AND_KILL = "lose the request and kill before it is sent again"
    THAW = "thaw whoever is frozen"
    RUSH = "begin a long outage while many tap"
    LEAVE = "let everybody go home"
    NOTHING = "let nothing happen but what follows it"
    NEXT = "let somebody ask for the next card"
    TURN_AWAY = "refuse the connection"
    HELD_UP = "let the request take long"
    SLOW = "let the reply take long"
    CREEP = "let a file leave slowly"
    STALL = "let a file stand still"
    STOP = "stop the worker"
    SKIP = "let somebody skip the newest card"
    PUBLISH = "let somebody publish the newest card of the group that publishes"
    REHEARSE = "let somebody rehearse in the quiet group"
    NEIGHBOUR = "let somebody command another bot"
    SPEAK_LATE = "let come what somebody wrote hours ago"
    REVOKE = "revoke the bot's token for a while"
    INVITE = "let a stranger bring the bot into a group of theirs, and again"
    WAVER = "let somebody ask there whether to reject"
    REPLACE = "kill for good, if another worker is there"
    FORGE = "let somebody press what is no button of the card"
    FLOOD = "let somebody flood a group with commands and taps"
    SPOIL = "let the platform refuse the pictures of some stories for ever"
    CLOSE = "let the platform take nothing of the bot in its groups for a while"
    DISCONNECT = "let Instagram take the token of an account no more"
    RECONNECT = "let the operator connect the account again"
    QUEUE = "let the operator queue another story for each group"
    CHANGE_RIGHTS = "let the owner of a group take rights from the bot, throw it out, and bring it in again"
    TRESPASS = "let people without the right press everything, and more"


@dataclass(frozen=True, slots=True)
class Episode:
    """Trouble for a while; `at` and `seconds` count from the world's start, `strength` is 0 to 1."""

    number: int
    kind: Kind
    at: float
    seconds: float
    strength: float


@dataclass(frozen=True, slots=True)
class Trigger:
    """A deed at the `nth` time (from 1) that something passes this point, as `reply RecordTap` or `sent edit_card`.

    `sent StepPublish` is any step of a publish, `sent StepPublish ready` the one to that state; `log publish.step` is
    that line of the log. It counts from the world's start, or, if `after` is the number of another trigger, from that
    one's moment; and so many seconds later.
    """

    number: int
    point: str
    nth: int
    deed: Deed
    seconds: float
    after: int = 0
    not_before: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """One world: who is in it and what goes wrong; the seed decides all that is not written here."""

    seed: int
    profile: Profile
    people: int
    items: int
    workers: int
    seconds: float
    episodes: tuple[Episode, ...]
    triggers: tuple[Trigger, ...]


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken: which, when (seconds of the world), and in one sentence how."""

    invariant: str
    at: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a world. `faults` counts what really went wrong, by kind; a cell is (state, message, fault)."""

    plan: Plan
    violations: tuple[Violation, ...]
    taps: int
    simulated_seconds: float
    steps: int
    faults: dict[str, int]
    cells: frozenset[tuple[str, str, str]]
    trace: str
    transcript: tuple[str, ...]
