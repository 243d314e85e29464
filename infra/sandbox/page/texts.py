"""Log lines in plain words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from string import Formatter
from typing import Any

from infra.sandbox.demo.log_tail import LogLine

TOLD = {
    "worker.started": "Started",
    "worker.stopping": "Asked to stop ({signal})",
    "worker.stopped": "Stopped in order",
    "tree.started": "Runs: all of its parts",
    "tree.stopped": "Stopped: all of its parts, in order",
    "child.started": "{child} runs again",
    "child.crashed": "{child} crashed; its supervisor starts it again",
    "child.killed": "{child} did not stop within {grace_seconds} s and was ended",
    "lease.held": "Reads the taps from Telegram now",
    "lease.not_released": "Could not hand over the reading of taps; the next worker takes it when the lease runs out",
    "hints.lost": "Lost the line on which new stories are announced; looks by itself until it is back",
    "hints.missing": "New stories are not announced here; looks by itself",
    "database.unreachable": "The database does not answer: taps are answered and held ({reason})",
    "database.recovered": "The database answers again, after {seconds} s",
    "database.alarm": "The database refused {operation}: {reason}",
    "intake.conflict": "Another worker reads the taps; this one stands by",
    "intake.unreachable": "Telegram does not answer ({reason})",
    "intake.not_confirmed": "Could not say goodbye to Telegram; the last taps are delivered once more",
    "update.poison": "Put an unreadable update aside: {reason}",
    "tap.kept": "The tap is kept at Telegram until there is room for it",
    "tap.not_answered": "The toast did not get through: {reason}",
    "card.gone": "The card is gone from the chat",
    "recover.found": "Found cards to redraw after an outage: {behind}",
    "recover.stopped": "Stopped while redrawing cards: {left} left",
    "schedule.stopped": "Stopped while presenting: {left} left",
    "interactions.dropped": "Lines of the interaction log dropped: {lines}",
    "publish.step": "Publish: {state}{calls}",
    "item": "Story {item_id} {change} ({cause})",
    "name.learnt": "Goes by @{name}",
    "publish.card_left": "The card shows the end of the publish when a worker runs again",
    "publish.left": "The publish goes on when a worker runs again",
    "publish.outlived_its_lease": "A publish call took longer than its lease: another worker may have looked meanwhile",
    "actor.crashed": "The actor of {key} crashed and starts again from its row",
    "actor.quarantined": "The actor of {key} is out of order for {seconds} s",
    "dead_letter.unhandled": "A message to {key} could not be delivered: {reason}",
    "output": "{text}",
}
ENDS = {
    "recorded": ("saved", "good"),
    "stale": ("too late", "late"),
    "forbidden": ("not allowed", "bad"),
    "gone": ("story is gone", "late"),
    "refused": ("not saved, and said so", "bad"),
    "busy": ("not taken, and said so", "late"),
    "asked": ("asked “sure?”", "quiet"),
    "kept": ("kept", "quiet"),
    "original_sent": ("file sent", "quiet"),
    "original_not_sent": ("file not sent", "bad"),
    "original_lost": ("file perhaps sent", "bad"),
    "unknown_button": ("none of this queue's buttons", "late"),
}
UNDER_WAY = ("under way …", "open")
# What is saved of these taps is what was asked for: how it ends is told by the steps of its publish.
PUBLISHING = {"auto_post", "it_is_not"}
PUBLISHES = {
    "published": ("live", "good"),
    "refused": ("not posted", "bad"),
    "in_doubt": ("in doubt", "late"),
    "cancelled": ("called off", "quiet"),
}
ACCEPTED = ("accepted", "quiet")
ON_ITS_WAY = ("publishing …", "open")
CHANGES = {
    "queued": "is queued",
    "presented": "is due: its card is sent",
    "card_sent": "has its card in the chat",
    "card_not_sent": "has no card yet",
    "card_lost": "may have lost its card",
    "published": "is live",
    "expired": "is over",
    "requeued": "comes again",
    "withdrawn": "is taken out of the queue",
    "moved": "went with its chat",
}
DEEDS = {
    "stale": "The database refuses it: another person was first. One round trip, nothing changed.",
    "forbidden": "The database refuses it: this person may not tap here.",
    "gone": "The database knows no such story any more.",
}
PHASES = {
    "creating": "Instagram is asked to fetch the file",
    "container": "Instagram prepares it",
    "ready": "it is ready",
    "publishing": "marked as being published, before the call",
    "published": "it is live",
    "refused": "Instagram refuses it",
    "in_doubt": "it cannot be told: people are asked",
    "cancelled": "called off in time",
}
COMMON = {"event", "level", "timestamp", "tap_id", "item_id", "chat_id", "user_id"}


def told(line: LogLine) -> str:
    """Say a line in one sentence; an event that is not known here shows its figures."""
    if line["event"] == "publish.step":
        line = _step(line)
    elif line["event"] == "item":
        line = {**line, "change": CHANGES.get(line["change"], line["change"])}
    pattern = TOLD.get(line["event"])
    if pattern is None:
        figures = [f"{name}={value}" for name, value in line.items() if name not in COMMON]
        return " ".join([line["event"], *figures])
    return Formatter().vformat(pattern, (), _Gaps(line))


def ending(line: LogLine | None) -> tuple[str, str]:
    """Return how a tap ended in two or three words, and the colour of it."""
    return UNDER_WAY if line is None else ENDS.get(line["outcome"], (line["outcome"], "quiet"))


def publish_ending(state: str | None) -> tuple[str, str]:
    """Return how far a publish is; one that is only rehearsed has no steps."""
    return ACCEPTED if state is None else PUBLISHES.get(state, ON_ITS_WAY)


def figures(line: LogLine | None) -> str:
    """Return how long a tap took, part by part."""
    if line is None:
        return ""
    parts = (("toast", "toast_ms"), ("saved", "recorded_ms"), ("card", "card_ms"))
    return " · ".join(f"{word} {seconds(line[name])}" for word, name in parts if line.get(name) is not None)


def deed(line: LogLine) -> str:
    """Say what the database made of a tap."""
    known = DEEDS.get(line["outcome"], "Saved: one round trip, one commit.")
    attempts = line.get("db_attempts") or 1
    return known if attempts == 1 else f"{known} It took {attempts} attempts, with the same key."


def written_at(line: LogLine, otherwise: float) -> float:
    """Return when a line was written."""
    try:
        return datetime.fromisoformat(line["timestamp"]).timestamp()
    except (KeyError, ValueError):
        return otherwise


def seconds(milliseconds: float) -> str:
    """Write a duration as people say it."""
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def _step(line: LogLine) -> LogLine:
    """Say what a step of a publish committed, and what Instagram answered before it."""
    if "call" in line:
        return {**line, "state": f"{line['call']}: {line['outcome']}", "calls": f" ({line.get('reason', '…')})"}
    state = str(line.get("state", "…"))
    words = "another worker goes on with it" if line.get("outcome") == "fenced out" else PHASES.get(state, state)
    calls = ", ".join(map(str, line.get("calls", ())))
    return {**line, "state": words, "calls": f" ({calls})" if calls else ""}


class _Gaps(dict[str, Any]):
    """What a line does not say is left open."""

    def __init__(self, line: Mapping[str, Any]) -> None:
        super().__init__(line)

    def __missing__(self, name: str) -> str:
        return "…"
