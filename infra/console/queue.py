"""`queue`: what waits for a decision, and when it comes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from actors.domain.local_times import comes_twice, never_comes
from actors.domain.time_zones import is_known, zone
from infra.console import arguments
from infra.console.admin_calls import ask
from infra.console.exit_codes import OneSentence, WrongInput
from infra.console.ports import Admin, ConsoleDependencies, Lines
from infra.console.printing import Columns, Line, show_lines, show_sentence, show_table
from infra.console.program import examples
from infra.console.times import by_clock, common, shown

All = Annotated[bool, typer.Option("--all", help="The settled ones too.")]


def _columns(zone: str) -> Columns:
    return {
        "id": lambda line: line["id"],
        "state": _state,
        f"due ({zone})": lambda line: shown(line["due_at"], zone),
        "chat": lambda line: line["chat_title"],
        "story": lambda line: line["title"],
        "media": lambda line: line["media_id"],
        "decided by": lambda line: line["settled_by"],
        "decided at": lambda line: shown(line["settled_at"], zone),
    }


def _state(line: Line) -> str:
    if line.get("set_aside"):
        return f"set aside: {line['set_aside']}"
    held = " (its chat takes no cards)" if line.get("chat_refused") else ""
    return str(line["state"]).replace("_", " ") + held


def commands(opened: ConsoleDependencies) -> typer.Typer:
    """Build the group."""
    app = typer.Typer(cls=OneSentence, help="What waits for a decision, and when it comes.")
    _put_add_and_list(app, opened)
    _put_remove_and_requeue(app, opened)
    return app


def _put_add_and_list(app: typer.Typer, opened: ConsoleDependencies) -> None:
    @app.command(epilog=examples("queue add --chat -1001234567890 --media 1 --due 2026-12-01T18:30"))
    def add(  # noqa: PLR0913, PLR0917 - what can be typed
        chat: arguments.InChat,
        media: arguments.MediaId,
        due: arguments.DueMoment,
        force: arguments.Force = False,
        as_json: arguments.AsJson = False,
    ) -> None:
        """Queue a story."""

        async def put(admin: Admin) -> Lines:
            return await admin.add_item(chat, media, await due_in_chat(admin, chat, due), force)

        line = ask(opened, put)[0]
        _show(line, f"Item {line['id']}: {line['title']} {_slot(line, opened.clock.now())}.", as_json)

    @app.command(name="list")
    def show_all(chat: arguments.OfChat = None, settled_too: All = False, as_json: arguments.AsJson = False) -> None:
        """Show the queue."""
        lines = ask(opened, lambda admin: admin.list_items(chat, settled_too))
        if as_json:
            show_lines(lines)
        elif lines:
            show_table(lines, _columns(common(line["timezone"] for line in lines)))
        else:
            show_sentence("The queue is empty: `queue add` puts a story into it.")


def _put_remove_and_requeue(app: typer.Typer, opened: ConsoleDependencies) -> None:
    @app.command()
    def remove(item_id: arguments.ItemId, as_json: arguments.AsJson = False) -> None:
        """Take an item out of the queue; its card will say so."""
        line = ask(opened, lambda admin: admin.remove_item(item_id))[0]
        _show(line, f"Item {line['id']} ({line['title']}) is taken out of the queue.", as_json)

    @app.command(epilog=examples("queue requeue 12", "queue requeue 12 --due 2026-12-01T18:30"))
    def requeue(
        item_id: arguments.ItemId,
        due: arguments.LaterDue = None,
        force: arguments.Force = False,
        as_json: arguments.AsJson = False,
    ) -> None:
        """Bring a skipped or expired item back, with a new card; try one again that was set aside."""

        async def put_back(admin: Admin) -> Lines:
            return await admin.requeue_item(item_id, await due_of_item(admin, item_id, due), force)

        line = ask(opened, put_back)[0]
        again = f"Item {line['id']} ({line['title']}) is in the queue again and"
        _show(line, f"{again} {_slot(line, opened.clock.now())}.", as_json)


def _slot(line: Line, now: datetime) -> str:
    at = by_clock(line, "due_at")
    if datetime.fromisoformat(line["due_at"]) > now:
        return f"is due on {at}"
    return f"is due since {at}: its card comes as soon as the chat's gap allows"


def _show(line: Line, sentence: str, as_json: bool) -> None:
    if as_json:
        show_lines([line])
    else:
        show_sentence(sentence)


# A time that was typed without an offset is meant by its chat's clock. One that this clock never shows, or shows twice,
# is not guessed: which was meant only the operator knows.
async def due_in_chat(admin: Admin, chat_id: int, typed: datetime) -> datetime:
    """Read a time by the clock of a chat; that of an unknown chat does not matter."""
    return _read_due(typed, await admin.list_chats(), chat_id) if typed.tzinfo is None else typed


async def due_of_item(admin: Admin, item_id: int, typed: datetime | None) -> datetime | None:
    """Read a time by the clock of an item's chat."""
    return _read_due(typed, await admin.why(item_id), item_id) if typed and typed.tzinfo is None else typed


def _read_due(typed: datetime, lines: Lines, wanted_id: int) -> datetime:
    named = [line["timezone"] for line in lines if line.get("id") == wanted_id and "timezone" in line]
    return read_by_clock(typed, named[0]) if named else typed.replace(tzinfo=UTC)


def read_by_clock(typed: datetime, name: str) -> datetime:
    """Return when the clock of this zone shows this time."""
    written = typed.isoformat(timespec="minutes")
    if not is_known(name):
        raise WrongInput(f"The chat's time zone {name!r} is not known here: give an offset, like {written}+01:00.")
    first = typed.replace(tzinfo=zone(name), fold=0)
    second = first.replace(fold=1)
    if never_comes(first):
        raise WrongInput(f"{written} does not come in {name}: the clocks skip it that day; take another time.")
    if comes_twice(first):
        both = f"{first.isoformat(timespec='minutes')} or {second.isoformat(timespec='minutes')}"
        raise WrongInput(f"{written} comes twice in {name} that day: write {both}.")
    return first.astimezone(UTC)
