"""`media`: the stories that can be queued."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Annotated, Any

import typer

from actors.errors import Refused
from infra.console import arguments
from infra.console.admin_calls import ask, run
from infra.console.exit_codes import OneSentence, WrongInput
from infra.console.ports import ConsoleDependencies
from infra.console.printing import Columns, Line, show_lines, show_sentence, show_table
from infra.console.program import examples
from infra.console.times import common, shown

MEGABYTE = 1024 * 1024

Paths = Annotated[
    list[Path], typer.Argument(metavar="PATH...", help="JPEG, PNG, WebP, MP4 or MOV files; videos of 3 to 60 s.")
]
Caption = Annotated[str, typer.Option(help="The text to copy when it is posted.")]


def _lock(line: Line, zone: str) -> str | None:
    if line["locked"] is None:
        return None
    until = "for ever" if line["locked_until"] is None else f"until {shown(line['locked_until'], zone)}"
    return f"{line['locked']}, {until}"


def _columns(zone: str) -> Columns:
    return {
        "id": lambda line: line["id"],
        "chat": lambda line: line["chat_id"],
        "kind": lambda line: line["kind"],
        "title": lambda line: line["title"],
        "file": lambda line: line["file_name"],
        "MB": lambda line: f"{line['bytes'] / MEGABYTE:.1f}",
        "posted": lambda line: line["posted"],
        "in the queue": lambda line: line["open_item"] and f"item {line['open_item']}",
        f"locked ({zone})": lambda line: _lock(line, zone),
    }


def commands(opened: ConsoleDependencies) -> typer.Typer:
    """Build the group."""
    app = typer.Typer(cls=OneSentence, help="The stories that can be queued.")

    @app.command(epilog=examples("media add sunset.jpg --chat -1001234567890", "media add *.jpg --chat -1001234567890"))
    def add(  # noqa: PLR0913, PLR0917 - what can be typed
        paths: Paths,
        chat: arguments.InChat,
        title: arguments.Title = None,
        caption: Caption = "",
        as_json: arguments.AsJson = False,
    ) -> None:
        """Take files in for a group; a file that it has already stays what it is."""
        stories = run(lambda: _take_in(opened, paths))
        for story in stories:
            story.update(title=title or PurePath(story["file_name"]).stem or story["file_name"], caption=caption)
        lines = ask(opened, lambda admin: admin.add_media(chat, stories))
        if as_json:
            show_lines(lines)
            return
        for line in lines:
            show_sentence(_added(line))

    @app.command(name="list")
    def show_all(chat: arguments.OfChat = None, as_json: arguments.AsJson = False) -> None:
        """Show the stories."""
        lines = ask(opened, lambda admin: admin.list_media(chat))
        if as_json:
            show_lines(lines)
        elif lines:
            show_table(lines, _columns(common(line["timezone"] for line in lines)))
        else:
            show_sentence("There are no stories yet: `media add PATH --chat CHAT_ID` takes one in.")

    return app


async def _take_in(opened: ConsoleDependencies, paths: list[Path]) -> list[dict[str, Any]]:
    """Check and keep all files before any of them becomes a story."""
    library = opened.library()
    try:
        kept = [await library.check_and_store(path) for path in paths]
    except Refused as error:
        raise WrongInput(str(error)) from error
    return [
        {
            "kind": file.kind.value,
            "path": file.path,
            "file_name": file.file_name,
            "bytes": file.bytes,
            "sha256": file.sha256,
            "width": file.dimensions.width,
            "height": file.dimensions.height,
            "seconds": file.dimensions.seconds,
        }
        for file in kept
    ]


def _added(line: Line) -> str:
    story = f"Media {line['id']}: {line['title']} ({line['kind']}, {line['bytes'] / MEGABYTE:.1f} MB)"
    return f"{story}." if line["new"] else f"{story} was there already."
