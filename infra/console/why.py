"""`why`: the whole life of an item, to see why a tap did what it did."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from infra.console import arguments
from infra.console.admin_calls import ask
from infra.console.ports import ConsoleDependencies
from infra.console.printing import Columns, Line, show_lines, show_sentence, show_table
from infra.console.program import examples
from infra.console.times import common, shown

FIGURES = ("views", "people", "replies", "exits")
WIDEST = 80
NUMBERS = {"version": "version", "message": "message_id", "tap": "tap_id"}
REFUSED = {
    "stale": "too late, or the card had changed",
    "forbidden": "may not tap in this chat",
    "gone": "the item was gone",
    "refused": "not saved in time, and told so",
}


MOST_LOST = 2  # sends of unknown end; then a person decides
FATES = {
    "not_sent": "nothing was sent",
    "refused": "refused by Telegram",
    "lost": "it may have come, or not",
}


def add_to(app: typer.Typer, opened: ConsoleDependencies) -> None:
    """Add the command."""

    @app.command(rich_help_panel="Every day", epilog=examples("why 12", "why 12 --json"))
    def why(item_id: arguments.ItemId, as_json: arguments.AsJson = False) -> None:
        """Tell the life of an item: every card, decision, refused tap and publish, with who and when."""
        lines = ask(opened, lambda admin: admin.why(item_id))
        if as_json:
            show_lines(lines)
            return
        item = lines[0]
        show_sentence(_headline(item))
        show_table(lines[1:], _columns(common([item["timezone"]])), WIDEST)
        for sentence in _remarks(lines):
            show_sentence(sentence)


def _headline(item: Line) -> str:
    state = item["state"].replace("_", " ")
    note = f" {item['note']}" if item["note"] else ""
    return f"Item {item['id']}, {item['title']} (media {item['media_id']}) in {item['chat_title']}: {state}.{note}"


def _columns(zone: str) -> Columns:
    return {
        f"when ({zone})": lambda line: shown(line["at"], zone, "%H:%M:%S"),
        "what": lambda line: _told(line, zone),
    }


def _told(line: Line, zone: str) -> str:
    """Who did what, what came of it, and by which numbers the log knows it."""
    who = f"{line['user_name']}: " if line.get("user_name") else ""
    numbers = [f"{name} {line[key]}" for name, key in NUMBERS.items() if line.get(key) is not None]
    last = f" ({', '.join(numbers)})" if numbers else ""
    came_to = _came_to(line, zone)
    return f"{who}{_what(line)}{': ' if came_to else ''}{came_to}{last}"


def _what(line: Line) -> str:
    match line["what"]:
        case "decision":
            return str(line["step"]).replace("_", " ")
        case "tap":
            return f"tapped {line['step'].replace('_', ' ')}"
        case "card":
            return "card in the chat"
        case "publish":
            return f"publish {line['state'].replace('_', ' ')}"
        case what:
            return str(what)


def _came_to(line: Line, zone: str) -> str:
    match line["what"]:
        case "decision":
            note = f": {line['note']}" if line["note"] else ""
            return f"{line['from']} → {line['to']}".replace("_", " ") + note
        case "tap":
            return f"refused: {REFUSED[line['outcome']]}"
        case "card":
            return _shows(line)
        case "publish":
            return _published(line)
        case "card not sent":
            return _not_sent(line)
        case _:
            return f"due {shown(line['due_at'], zone)}"


def _not_sent(failure: Line) -> str:
    """Why, and how often in all."""
    times = f", {failure['times']} times" if failure["times"] > 1 else ""
    return f"{FATES[failure['fate']]}: {failure['reason']}{times}"


def _published(step: Line) -> str:
    """What the calls to Instagram came to, and what the step keeps: no token and no address is ever stored with it."""
    facts = [
        *step["calls"],
        *filter(None, map(_answered, step.get("answers", ()))),
        f"container {step['container_id']}" if step["container_id"] else None,
        f"attempt {step['attempt']}" if step["attempt"] else None,
        step["sentence"],
        f"by {step['worker']}" if step["worker"] else None,
    ]
    return "; ".join(fact for fact in facts if fact)


def _answered(answer: Line) -> str | None:
    """What Instagram said, in its words, and the trace by which Meta finds it."""
    trace = f"trace {answer['trace_id']}" if answer.get("trace_id") else None
    words = f"“{answer['words']}”" if answer.get("words") else None
    usage = ", ".join(f"{name} {value:g}" for name, value in answer.get("usage", {}).items())
    said = ", ".join(part for part in (answer.get("kind"), words, trace, f"used {usage}" if usage else None) if part)
    return f"{answer['call']} was told {said}" if said else None


def _shows(card: Line) -> str:
    """What is known of a message: cards are projections, and may be behind."""
    if card["gone"]:
        return "deleted, or cannot be edited any more"
    old = "of an earlier round, " if card["retired"] else ""
    if card["shown"] < 0:
        return f"{old}not confirmed since its last change"
    return f"{old}up to date" if card["shown"] >= card["want"] else f"{old}behind, a worker will draw it"


def _remarks(lines: Sequence[Line]) -> list[str]:
    lost = lines[0]["lost_sends"]
    has_card = any(line["what"] == "card" and not (line["gone"] or line["retired"]) for line in lines[1:])
    card_lost = lines[0]["state"] == "in_review" and lost >= MOST_LOST and not has_card
    live = [line for line in lines[1:] if line["what"] == "publish" and line["state"] == "published"]
    return [
        *([f"{lost} of its cards may or may not have arrived."] if lost else []),
        *(["Its card is lost: it cannot be tapped. /next in the chat sends it again."] if card_lost else []),
        *_refusals(lines[0]),
        *(_story(line) for line in live),
    ]


def _refusals(item: Line) -> list[str]:
    aside, closed = item.get("set_aside"), item.get("chat_refused")
    return [
        *(
            [f"It is set aside: Telegram takes no card of it ({aside}). `queue requeue` tries it again."]
            if aside
            else []
        ),
        *(
            [f"Its chat takes no card now ({closed}): tried again with pauses, and when the bot's rights change."]
            if closed
            else []
        ),
    ]


def _story(published: Line) -> str:
    name = f"story {published['media_id']}" if published["media_id"] else "a story whose id was lost with the answer"
    where = f": {published['permalink']}" if published["permalink"] else ""
    return f"Live as {name} of {published['account']}{where}.{_seen(published.get('insights'))}"


def _seen(insights: Line | None) -> str:
    """How it was seen; a figure that Instagram withheld is not told, and never 0."""
    if insights is None:
        return ""
    if insights["outcome"] == "missed":
        return " How it was seen was not read in time: Instagram tells it for 24 hours."
    if insights["outcome"] == "not_told":
        return f" How it was seen is not told: {insights['sentence']}"
    figures = [f"{name} {'not told' if insights[name] is None else insights[name]}" for name in FIGURES]
    return f" Seen: {', '.join(figures)}."
