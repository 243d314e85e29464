"""Orders of events that do harm: each world of this kind plays one of them, by turns, and is quiet otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tests.simulation.dice import Dice
from tests.simulation.plan import Deed, Episode, Kind, Plan, Profile, Trigger

Span = tuple[float, float]

MOMENT: Span = (0.3, 0.3)
BRIEF: Span = (0.3, 8.0)
NOT_LONG: Span = (1.0, 3.5)  # less than a request of the database may take
AWHILE: Span = (10.0, 25.0)
LATE: Span = (6.0, 20.0)
READ: Span = (8.0, 9.5)  # almost as long as an answer of Telegram is waited for
A_LOOK: Span = (35.0, 60.0)  # longer than a request of whoever looks after things is tried
CREEPING: Span = (90.0, 140.0)  # longer than a claim lasts
LONG: Span = (112.0, 128.0)  # longer than a tap is held
MINUTES: Span = (225.0, 240.0)  # longer than the first pauses between edits that are refused
LEASE: Span = (78.0, 100.0)  # longer than a publish is leased
REVOKED: Span = (95.0, 120.0)  # a poll under way is 25 s old, and the refused one is asked again after 30 s
ONCE_MORE = 50.0  # from its start a worker draws every card once more
RETRIES = 9  # of a request that is not answered, until whoever asks gives up


@dataclass(frozen=True, slots=True)
class Act:
    """A deed at a moment between the first and the last time that its point is passed, maybe some times in a row.

    `after`: counted from the act of that number (the first is 1), from so many seconds after it on (`not_before`).
    """

    point: str
    times: tuple[int, int]
    deed: Deed
    seconds: Span = BRIEF
    in_a_row: int = 1
    after: int = 0
    not_before: float = 0.0


@dataclass(frozen=True, slots=True)
class Script:
    """What happens, one after the other, and to whom."""

    acts: tuple[Act, ...]
    seconds: float = 200.0
    people: int = 4  # of two, the one in the group that publishes mostly does
    items: int = 12
    workers: int = 1
    weather: tuple[tuple[Kind, float], ...] = ()


def _left_alone(*acts: Act, people: int = 4) -> Script:
    """Once the first act is over nobody taps any more: what it did wrong, no next tap puts right."""
    leave = Act("sent poll", (1, 1), Deed.LEAVE, after=1)
    return Script((*acts, leave), people=people)


def _late_card(deed: Deed, workers: int = 1) -> Script:
    """A card of a publish changes every few seconds, so that what comes late comes over something newer."""
    leave = Act("reply create_container", (1, 3), Deed.LEAVE, not_before=ONCE_MORE)
    return Script((leave, Act("sent edit_card", (1, 1), deed, LATE, after=1)), people=2, workers=workers)


def _skipped_behind(act: int) -> tuple[Act, Act]:
    """What a standby draws of a card after this act comes later than what the poller draws, who had it skipped."""
    held_up = Act("sent edit_card", (1, 1), Deed.HELD_UP, READ, after=act)
    return held_up, Act("sent HoldLease", (1, 1), Deed.SKIP, after=act + 1, not_before=0.5)


SCRIPTS = (
    # A tap is stored, or may be, and its worker learns nothing of it for as long as it holds a tap.
    Script((Act("effect RecordTap", (3, 8), Deed.KILL_AND_CUT_OFF, LONG),), 260.0, people=3),
    _left_alone(Act("sent RecordTap", (2, 7), Deed.HOLD_BACK, LONG)),
    Script((Act("effect RecordTap", (3, 8), Deed.LOCK_OUT, LONG),), 260.0, people=3),
    Script((Act("effect RecordTap", (2, 6), Deed.RUSH, LONG),), 220.0, people=6),
    # A publish call is lost, nobody can say what became of it, and people decide; or its worker sleeps, or is cut off.
    Script(
        (
            Act("effect publish", (1, 1), Deed.LOSE_REPLY),
            # All looks until people are asked, and those that follow their answer.
            Act("sent container", (1, 1), Deed.REFUSE, in_a_row=45, after=1, not_before=59.0),
        ),
        340.0,
        people=2,
    ),
    Script(
        (
            Act("reply StepPublish publishing", (1, 2), Deed.LEAVE),
            Act("sent edit_card", (1, 1), Deed.TAKE_OVER, LEASE, after=1),
        ),
        220.0,
        people=2,
    ),
    _left_alone(Act("effect StepPublish", (1, 5), Deed.CUT_OFF, A_LOOK), people=2),
    # A card shows something old, or nothing, and whoever could know is dead.
    _left_alone(Act("sent edit_card", (6, 16), Deed.LOSE_REQUEST, in_a_row=6)),
    _late_card(Deed.LATE),
    _late_card(Deed.LATE_AND_KILL),
    _late_card(Deed.LATE_AND_KILL, workers=2),
    _left_alone(
        Act("sent edit_card", (6, 16), Deed.LOSE_AND_KILL, MOMENT),
        Act("sent Recover", (1, 1), Deed.SILENCE, in_a_row=2 * RETRIES, after=1),
    ),
    Script(
        (
            Act("reply StoreFinding", (1, 4), Deed.FREEZE, AWHILE, not_before=ONCE_MORE),
            Act("sent poll", (1, 1), Deed.LEAVE, after=1, not_before=9.0),
        ),
        people=6,
        workers=2,
        weather=((Kind.DEAF, 1.0),),
    ),
    # A look at the schedule is lost, or a card that it sent.
    Script((Act("effect ClaimDue", (2, 5), Deed.LOSE_REPLY, in_a_row=9),)),
    _left_alone(Act("sent ClaimDue", (3, 8), Deed.SILENCE, in_a_row=RETRIES)),
    Script((Act("effect send_card", (2, 4), Deed.LOSE_REPLY, in_a_row=6),)),
    _left_alone(Act("reply send_card", (2, 6), Deed.OUTAGE, AWHILE)),
    Script((Act("sent send_card", (2, 5), Deed.NEXT, in_a_row=4),), weather=((Kind.TELEGRAM_SLOW, 0.4),)),
    Script(
        (
            Act("sent send_card", (2, 5), Deed.LEAVE),
            Act("sent send_card", (1, 1), Deed.SILENCE, after=1),
            Act("effect send_card", (1, 1), Deed.TAKE_OVER, LONG, after=2),
            Act("sent send_card", (1, 1), Deed.THAW, after=2, not_before=59.9),
        ),
    ),
    # A film leaves slower than anything is waited for that stands still; one does stand still, before its end has left.
    Script((Act("leave send_card", (1, 3), Deed.CREEP, CREEPING, in_a_row=6),), 300.0, workers=2),
    Script((Act("leave send_card", (1, 3), Deed.STALL, in_a_row=6),), 300.0),
    # A toast takes long, and its worker dies before anything is said in the log.
    Script(
        (
            Act("sent poll", (3, 6), Deed.LEAVE),
            Act("sent poll", (1, 1), Deed.SKIP, after=1),
            Act("effect answer", (1, 1), Deed.LOSE_REPLY, in_a_row=6, after=2),
            Act("reply AcknowledgeCards", (1, 1), Deed.KILL, MOMENT, after=3),
        ),
        people=1,
    ),
    # What one worker knows is older than what another one wrote, or than what its own other request brought.
    Script(
        (
            Act("sent poll", (1, 2), Deed.TAKE_OVER, LEASE, not_before=ONCE_MORE),
            Act("sent poll", (1, 1), Deed.REHEARSE, after=1, not_before=16.0),
            Act("sent poll", (1, 1), Deed.THAW, after=2, not_before=2.0),
            Act("sent Recover", (1, 1), Deed.SILENCE, in_a_row=3 * RETRIES, after=3),
            Act("sent poll", (1, 1), Deed.REPLACE, MOMENT, after=3, not_before=1.0),
            Act("sent poll", (2, 2), Deed.WAVER, after=5, not_before=5.0),
        ),
    ),
    Script((Act("sent Recover", (1, 1), Deed.SLOW, NOT_LONG, in_a_row=2, not_before=44.0),), 90.0, people=8),
    Script(
        (
            Act("reply create_container", (1, 2), Deed.LEAVE, not_before=ONCE_MORE),
            Act("sent edit_card", (1, 1), Deed.TURN_AWAY, in_a_row=5, after=1),
        ),
        people=2,
        weather=((Kind.TELEGRAM_SLOW, 1.0),),
    ),
    Script(
        (
            Act("reply StoreFinding", (1, 1), Deed.LEAVE, not_before=ONCE_MORE),
            *_skipped_behind(1),
            Act("reply StoreFinding", (1, 1), Deed.NOTHING, after=3, not_before=10.0),
            *_skipped_behind(4),
            Act("reply StoreFinding", (1, 1), Deed.NOTHING, after=6, not_before=10.0),
            *_skipped_behind(7),
        ),
        people=1,
        workers=2,
        weather=((Kind.DEAF, 1.0),),
    ),
    # A step of a publish comes late, its call does, its answer is lost, its worker sleeps, the account changes.
    Script(
        (
            Act("sent StepPublish ready", (1, 2), Deed.LATE, BRIEF),
            Act("sent StepPublish ready", (1, 1), Deed.LATE, BRIEF, after=1, not_before=1.0),
            Act("sent StepPublish ready", (1, 1), Deed.LATE, BRIEF, after=2, not_before=1.0),
        ),
        people=2,
        weather=((Kind.INSTAGRAM_SLOW, 0.5),),
    ),
    Script((Act("sent publish", (1, 2), Deed.LATE, LATE),), people=2),
    Script((Act("effect publish", (1, 1), Deed.LOSE_REPLY, in_a_row=3),)),
    Script((Act("effect RecordTap auto_post", (1, 2), Deed.SWITCH, in_a_row=5),), people=2),
    Script((Act("log publish.step publishing", (1, 2), Deed.TAKE_OVER, LEASE),), 220.0, people=2),
    # A rehearsal that has ended ends once more, while the next one of its card is under way.
    Script(
        (
            Act("sent poll", (3, 6), Deed.REHEARSE),
            Act("sent StoreOutcome", (1, 1), Deed.LATE, AWHILE, after=1),
            Act("sent poll", (1, 1), Deed.REHEARSE, after=2, not_before=1.0),
            Act("sent StoreOutcome", (1, 1), Deed.LOSE_REQUEST, in_a_row=30, after=3),
        ),
        people=1,
    ),
    # What is noted of a tap is stored, and its worker never hears of it; it is told to stop while it holds one.
    Script((Act("effect WriteInteractions", (2, 5), Deed.LOSE_REPLY, in_a_row=30),)),
    Script(
        (
            Act("sent poll", (3, 6), Deed.REHEARSE),
            Act("sent RecordTap", (1, 1), Deed.LOSE_REQUEST, in_a_row=20, after=1),
            Act("reply RecordTap", (2, 2), Deed.STOP, after=2),
        ),
        people=1,
    ),
    # Telegram refuses connections, a message is gone, or the only poller is.
    Script((Act("sent poll", (3, 8), Deed.TURN_AWAY, in_a_row=12),)),
    Script((), weather=((Kind.DELETE, 1.0),)),
    Script((Act("sent poll", (2, 6), Deed.TAKE_OVER, LONG),), 220.0),
    # Who starts does not know yet what it is called, and somebody commands another bot of the group.
    Script(
        (
            Act("sent own_name", (1, 1), Deed.SILENCE, in_a_row=2),
            Act("sent poll", (1, 3), Deed.NEIGHBOUR),
            Act("sent poll", (2, 8), Deed.KILL, after=2),
            Act("sent own_name", (1, 1), Deed.LOSE_REQUEST, in_a_row=3, after=3),
            Act("sent poll", (1, 1), Deed.NEIGHBOUR, after=3),
        ),
    ),
    # What people wrote while nobody listened comes to who starts, whom it kills before all of it is answered.
    Script(
        (
            Act("sent own_name", (1, 1), Deed.SPEAK_LATE),
            Act("effect SetAside", (1, 3), Deed.KILL, after=1),
            Act("sent poll", (2, 6), Deed.SPEAK_LATE, after=2),
        ),
    ),
    # Somebody presses what is no button of the card, warm and cold, and while the database is away.
    Script(
        (
            Act("sent poll", (4, 8), Deed.FORGE),
            Act("sent poll", (1, 3), Deed.OUTAGE, AWHILE, after=1, not_before=20.0),
            Act("sent answer", (1, 1), Deed.FORGE, after=2),
            Act("sent poll", (1, 1), Deed.FORGE, after=1, not_before=75.0),
            Act("sent poll", (1, 1), Deed.FORGE, after=4, not_before=20.0),
        ),
        people=2,
    ),
    # Somebody floods a group, and Telegram asks for pauses.
    Script(
        (
            Act("sent poll", (4, 8), Deed.FLOOD),
            Act("sent poll", (1, 2), Deed.FLOOD, after=1, not_before=80.0),
        ),
        people=2,
        weather=((Kind.TELEGRAM_FLOOD, 0.1), (Kind.TELEGRAM_SLOW, 0.4)),
    ),
    # The bot's token is revoked while taps, cards and publishes are under way, and given back.
    Script((Act("effect RecordTap", (2, 5), Deed.REVOKE, REVOKED),), 280.0),
    # A stranger brings the bot into a group, and again; meanwhile its worker dies over the first of it.
    Script((Act("sent poll", (3, 6), Deed.INVITE),)),
    Script((Act("sent poll", (3, 6), Deed.INVITE), Act("effect LookAtChat", (1, 1), Deed.KILL, after=1))),
    # People without the right press everything, and more, warm, while the database is away, and cold.
    Script(
        (
            Act("sent poll", (4, 8), Deed.TRESPASS),
            Act("sent poll", (1, 3), Deed.OUTAGE, AWHILE, after=1, not_before=25.0),
            Act("sent answer", (1, 1), Deed.TRESPASS, after=2),
            Act("sent poll", (1, 1), Deed.KILL, BRIEF, after=3, not_before=40.0),
            Act("sent poll", (1, 1), Deed.TRESPASS, after=4),
            Act("sent RecordTap", (3, 9), Deed.SLOW, NOT_LONG, in_a_row=9, after=5),
        ),
    ),
    # Telegram refuses the pictures of some stories for ever: the others come.
    Script((Act("sent poll", (1, 2), Deed.SPOIL),)),
    # In the groups it takes nothing of the bot for a while, and tells when it does again; meanwhile people tap.
    Script(
        (
            Act("sent RecordTap", (3, 8), Deed.CLOSE, MINUTES),
            Act("sent edit_card", (3, 3), Deed.LEAVE, after=1),
        ),
        290.0,
    ),
    Script(
        (
            Act("sent poll", (1, 2), Deed.SPOIL),
            Act("effect RecordTap", (2, 6), Deed.CLOSE, A_LOOK),
            Act("sent edit_card", (1, 6), Deed.KILL, BRIEF, after=2),
        ),
    ),
    # Instagram takes the token of an account no more, for good, or until the operator connects it again.
    Script(
        (
            Act("sent poll", (1, 1), Deed.LEAVE),
            Act("sent poll", (1, 3), Deed.DISCONNECT, after=1, not_before=100.0),
            Act("sent poll", (1, 1), Deed.PUBLISH, after=2),
        ),
        people=1,
    ),
    Script(
        (
            Act("effect RecordTap auto_post", (1, 2), Deed.DISCONNECT),
            Act("sent poll", (1, 1), Deed.RECONNECT, after=1, not_before=90.0),
        ),
        260.0,
    ),
    # The operator queues more; who looks at it first dies over that.
    Script((Act("sent poll", (2, 6), Deed.QUEUE),)),
    Script((Act("sent poll", (2, 6), Deed.QUEUE), Act("effect ClaimDue", (1, 1), Deed.KILL, after=1)), workers=2),
    # The owner of a group takes rights from the bot, throws it out and brings it in; its worker dies over that, or not.
    Script((Act("sent poll", (3, 6), Deed.CHANGE_RIGHTS),)),
    Script((Act("sent poll", (3, 6), Deed.CHANGE_RIGHTS), Act("effect LookAtChat", (1, 2), Deed.KILL, after=1))),
)


def draw_script(seed: int, turn: int) -> Plan:
    """Draw a world in which the script whose turn it is is played."""
    script = SCRIPTS[turn % len(SCRIPTS)]
    dice = Dice(seed).of("script")
    episodes = [
        Episode(number, kind, 1.0, script.seconds, strength)
        for number, (kind, strength) in enumerate(script.weather, 1)
    ]
    return Plan(
        seed=seed,
        profile=Profile.SCRIPTED,
        people=script.people,
        items=script.items,
        workers=script.workers,
        seconds=script.seconds,
        episodes=tuple(episodes),
        triggers=tuple(_triggers(dice, script, len(episodes))),
    )


def _triggers(dice: Random, script: Script, number: int) -> Iterator[Trigger]:
    first: dict[int, int] = {0: 0}  # by act: its first trigger
    for act_number, act in enumerate(script.acts, 1):
        nth, seconds = dice.randint(*act.times), round(dice.uniform(*act.seconds), 3)
        first[act_number] = number + 1
        for time in range(nth, nth + act.in_a_row):
            number += 1
            yield Trigger(number, act.point, time, act.deed, seconds, first[act.after], act.not_before)
