"""The sentences with which commands are answered; plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from actors.bounds import SILENT_SECONDS
from actors.commands.parsing import Command, CommandVerb
from actors.domain.item import Item, State
from actors.domain.local_times import clock, local, moment
from actors.domain.time_zones import is_known, unknown
from actors.item.texts import DONE
from actors.operations.commands import ChatView, CommandOutcome, Told

TITLE_ROOM = 40
REASON_ROOM = 200
JOINER = "\u200d"  # holds an emoji together

MENU: tuple[tuple[str, str], ...] = (
    (CommandVerb.STATE.value, "what is next, what waits, and whether all works"),
    (CommandVerb.QUEUE.value, "the next stories"),
    (CommandVerb.NEXT.value, "show the next story now"),
    (CommandVerb.PAUSE.value, "show no more stories until /resume"),
    (CommandVerb.RESUME.value, "go on after a pause"),
    (CommandVerb.REQUEUE.value, "bring a skipped story back: /requeue 7"),
    (CommandVerb.HELP.value, "how this works"),
)
HOW = """When a story's slot comes, its card comes into this group. Tap Auto Post, Posted, Skip or Reject:
the first tap counts, and the card says whose it was."""
HELP = "\n".join([" ".join(HOW.split()), *(f"/{verb}: {what}" for verb, what in MENU)])
UNCLEAR = "Say /requeue 7, with the number of an item, or /requeue alone for the one that was settled last."
BUSY = """Too many commands at once: this one changed nothing, and neither will others of yours that get no answer.
Say it again in a minute."""
BROKEN = "That command is out of order. The operator was told; nothing else is affected."
STRANGER = "Hello! I work in the groups of teams that my operator has set up, and can do nothing here."
UNKNOWN_COMMAND = "I do not know this command; nothing was changed. /help says what I can do."
NO_MEDIA = """Nothing was queued: I take no stories from chats.
The operator of a team queues them with: python main.py media add, and then: python main.py queue add"""
FORBIDDEN = "only people with a role in this chat may do that; nothing was changed."
NO_ANSWER = "The database does not answer just now"
NOTHING_CHANGED = f"{NO_ANSWER}: nothing was changed. Say it again in a moment."
NOT_KNOWN_YET = f"{NO_ANSWER}: this may have been done, or not. I say it here once I know; /status looks, too."
EARLIER_NOT_KNOWN_YET = f"{NO_ANSWER}: earlier commands may have been done, or not. I say it here once I know."
NEVER_KNOWN = f"{NO_ANSWER}: a command of a while ago may have been done, or not. /status tells how things are."
CANNOT_LOOK = f"{NO_ANSWER}, so I cannot look. Say it again in a moment."


@dataclass(frozen=True, slots=True)
class Scene:
    """In which a command is answered: who said it, where, when; `silence_seconds` since Telegram answered a poll.

    None: this worker does not poll. `lacks`: what of the chat's set-up is not complete. `topic`: where it was said.
    """

    name: str
    chat_id: int
    private: bool
    now: datetime
    silence_seconds: float | None
    lacks: tuple[str, ...] = ()
    topic: int | None = None


def unanswered(command: Command, scene: Scene, certain: bool) -> str:
    """The database did not answer in time; `certain` if nothing can have been changed."""
    match command.verb:
        case CommandVerb.STATE:
            return _health(scene, database_answers=False)
        case CommandVerb.HELP:
            return HELP
        case CommandVerb.START | CommandVerb.QUEUE:
            return CANNOT_LOOK
        case _:
            return NOTHING_CHANGED if certain else NOT_KNOWN_YET


def seen(command: Command, scene: Scene, view: ChatView | None) -> str:
    """The answer of a command that changes nothing."""
    if view is None:
        return _not_set_up(scene)
    if command.verb in {CommandVerb.START, CommandVerb.HELP}:
        return HELP if command.verb is CommandVerb.HELP else f"This chat is set up. {HELP}"
    if not view.permitted:
        return "\n".join([f"{isolated(scene.name)}: {FORBIDDEN}", *_lacking(scene)])
    if command.unclear:
        return UNCLEAR
    return _queue(view, scene.now) if command.verb is CommandVerb.QUEUE else _state(view, scene)


def told(command: Command, scene: Scene, outcome: Told) -> str:
    """The answer of a command that changes something."""
    if outcome.verdict is CommandOutcome.UNKNOWN_CHAT:
        return _not_set_up(scene)
    if outcome.verdict is CommandOutcome.FORBIDDEN:
        return f"{isolated(scene.name)}: {FORBIDDEN}"
    if outcome.verdict is CommandOutcome.DONE:
        return _done(command, outcome.row)
    if outcome.verdict is CommandOutcome.CANNOT_REQUEUE and outcome.row is not None:
        return f"{story(outcome.row)} is {_now(outcome.row)}; only what was skipped or has expired can come back."
    if outcome.verdict is CommandOutcome.AS_IT_WAS:
        return "It is paused already." if command.verb is CommandVerb.PAUSE else "It is not paused."
    return REFUSED[outcome.verdict]


REFUSED: Mapping[CommandOutcome, str] = MappingProxyType(
    {
        CommandOutcome.OVERTAKEN: "A later command had decided that already; nothing was changed.",
        CommandOutcome.NOTHING_WAITING: "Nothing waits: the queue is empty.",
        CommandOutcome.BEING_SENT: "The next story is being sent this very moment.",
        CommandOutcome.NOTHING_TO_REQUEUE: (
            "There is nothing to bring back: nothing was skipped, and nothing has expired."
        ),
        CommandOutcome.UNKNOWN_ITEM: "There is no item of this number in this chat; nothing was changed.",
        CommandOutcome.CANNOT_REQUEUE: "Only what was skipped or has expired can come back; nothing was changed.",
        CommandOutcome.LOCKED: (
            "That story was posted or rejected meanwhile, and may not come again yet; nothing was changed."
        ),
        CommandOutcome.TOO_OLD: "That was sent too long ago; nothing was changed. Send it again if it is still wanted.",
        CommandOutcome.QUEUED_ALREADY: "That story is in the queue again already; nothing was changed.",
    }
)


def too_old(sent: Sequence[tuple[CommandVerb, datetime]], timezone: str, now: datetime) -> str:
    """What lay at the platform while no worker ran is not done any more; one sentence for all of it."""
    verbs = ", ".join(dict.fromkeys(f"/{verb.value}" for verb, _ in sent))
    first, last = (_sent(at, timezone, now) for at in (min(at for _, at in sent), max(at for _, at in sent)))
    if len(sent) == 1:
        return f"{verbs} was sent at {first}, not done: send it again if it is still wanted."
    when = f"at {first}" if first == last else f"between {first} and {last}"
    return f"{len(sent)} commands ({verbs}) were sent {when}, not done: send again what is still wanted."


def _sent(at: datetime, timezone: str, now: datetime) -> str:
    """The time alone if it was today, by the chat's clock."""
    here = local(at, timezone)
    return clock(here) if here.date() == local(now, timezone).date() else moment(at, timezone, now)


def story(row: Item) -> str:
    """An item as people know it."""
    return f"{isolated(row.story.title or row.story.file_name)} (item {row.id})"


def card_lost(row: Item, reason: str) -> str:
    """What a chat hears of a card that was sent twice, and may never have come."""
    return f"The card of {story(row)} may never come, it was sent twice: {reason}. /next sends it again."


def story_refused(row: Item, reason: str) -> str:
    """What a chat hears of a story whose card the platform takes no more."""
    return f"{story(row)} cannot be shown here, Telegram says {_quoted(reason)}. {_put_by(row)}"


def chat_closed(reason: str) -> str:
    """What a chat hears when the platform takes no cards there; text gets through."""
    return (
        f"I cannot send cards into this chat: Telegram says {_quoted(reason)}. No story is lost. I try again by "
        "myself, and at once when I am made an administrator here."
    )


def _put_by(row: Item) -> str:
    return f"It is set aside, and the next one comes. /requeue {row.id} tries it again."


def _quoted(reason: str) -> str:
    return f"“{isolated(reason, REASON_ROOM)}”"


def isolated(text: str, room: int = TITLE_ROOM) -> str:
    """A strange text on one line of ours, short, and unable to reorder the words beside it."""
    line = "".join(char for char in " ".join(text.split()) if char.isprintable() or char == JOINER)
    return f"\u2068{line if len(line) <= room else line[: room - 1].rstrip() + '…'}\u2069"


def unusable(scene: Scene, is_known: bool | None, *, media: bool) -> str:
    """What is said of a picture, or of a command that is none of ours; None: the set-up is not known."""
    if is_known is False and not (media and scene.private):
        return _not_set_up(scene)
    return " ".join(NO_MEDIA.split()) if media else UNKNOWN_COMMAND


def greeting(chat_id: int, is_known: bool | None) -> str:
    """What a group hears that the bot has come into, and what is to be done next; None: it is not known."""
    if is_known:
        return f"Hello! This chat is set up. {' '.join(HOW.split())} /help says more."
    hello = f"Hello! This chat's id is {chat_id}."
    if is_known is None:
        return f"{hello} {NO_ANSWER}, so I cannot look whether it is set up: /start says it in a moment."
    return f"{hello} It is not set up yet. My operator does that with: python main.py chat add {chat_id}"


def _not_set_up(scene: Scene) -> str:
    """A group learns how its operator makes it known; a stranger has no use for that."""
    if scene.private:
        return STRANGER
    there = f" --topic {scene.topic}" if scene.topic else ""
    return f"This chat is not set up. Its operator can do that with: python main.py chat add {scene.chat_id}{there}"


def _done(command: Command, row: Item | None) -> str:
    if command.verb is CommandVerb.PAUSE:
        return "Paused. No story comes by itself until /resume; /next still shows one."
    if command.verb is CommandVerb.RESUME:
        return "Going on. What is overdue comes one by one."
    assert row is not None, "what was done to an item names it"
    if command.verb is CommandVerb.REQUEUE:
        return f"Back in the queue: {story(row)}. It is due now."
    return f"Here comes {story(row)}."


def _now(row: Item) -> str:
    return DONE.get(row.state, row.state.value.replace("_", " "))


def _state(view: ChatView, scene: Scene) -> str:
    lines = [
        "Paused: no story comes by itself until /resume." if view.paused else None,
        None if view.refused is None else _closed(view, view.refused, scene.now),
        "Next: nothing waits." if view.next is None else f"Next: {story(view.next)}, {_due(view.next, scene.now)}.",
        f"Waiting: {view.waiting}. In review: {view.in_review}.",
        f"Set aside: {view.set_aside}, Telegram takes no card of them. /queue says why." if view.set_aside else None,
        f"Cards lost: {view.cards_lost}. /next sends one again." if view.cards_lost else None,
        None if view.settled is None else f"Last settled: {_settled(view.settled, scene.now)}.",
        None if view.live else "Dry run: Auto Post publishes nothing.",
        None if is_known(view.timezone) else unknown(view.timezone),
        *_lacking(scene),
        _health(scene, database_answers=True),
    ]
    return "\n".join(line for line in lines if line is not None)


def _closed(view: ChatView, reason: str, now: datetime) -> str:
    since = "" if view.refused_at is None else f" since {moment(view.refused_at, view.timezone, now)}"
    soon = view.tried_at is None or view.tried_at <= now
    again = "now" if soon or view.tried_at is None else f"at {moment(view.tried_at, view.timezone, now)}"
    return f"⚠️ No card can be sent here{since}: Telegram says {_quoted(reason)}. The next try is {again}."


def _lacking(scene: Scene) -> list[str]:
    return [f"⚠️ {reason}" for reason in scene.lacks]


def _health(scene: Scene, *, database_answers: bool) -> str:
    """How this worker is, as it knows itself without asking."""
    database = "answers" if database_answers else "does not answer just now"
    silence = scene.silence_seconds
    if silence is None:
        telegram = "another worker listens, or is about to"
    elif silence > SILENT_SECONDS:
        telegram = f"has not answered for {silence:.0f} s"
    else:
        telegram = f"answered {silence:.0f} s ago"
    return f"Database: {database}. Telegram: {telegram}."


def _due(row: Item, now: datetime) -> str:
    return "due now" if row.due_at <= now else moment(row.due_at, row.timezone, now)


def _settled(row: Item, now: datetime) -> str:
    assert row.settled is not None, "a final state was decided"
    by = f" by {isolated(row.settled.by.name)}" if row.settled.by else ""
    return f"{story(row)}, {DONE[row.state]}{by}, {moment(row.settled.at, row.timezone, now)}"


def _queue(view: ChatView, now: datetime) -> str:
    if not view.queue:
        return "The queue is empty."
    open_items = view.waiting + view.in_review
    rest = open_items - len(view.queue)
    lines = [f"{moment(row.due_at, row.timezone, now)}: {story(row)}{_place(row)}" for row in view.queue]
    return "\n".join([*lines, f"… and {rest} more"] if rest > 0 else lines)


def _comes_back(row: Item) -> str:
    return f"/requeue {row.id}" if row.state is State.WAITING else "/next"


def _place(row: Item) -> str:
    if row.set_aside is not None and row.state in {State.WAITING, State.IN_REVIEW}:
        return f", set aside: Telegram says {_quoted(row.set_aside)}; {_comes_back(row)} tries it again"
    if row.card_lost:
        return ", card lost: /next sends it again"
    return "" if row.state is State.WAITING else f", {_now(row)}"
