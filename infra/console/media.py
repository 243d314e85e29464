"""`media`: the stories that can be queued."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from actors.domain.item import Longer
from actors.errors import Refused
from infra.console import arguments
from infra.console.adding import MEGABYTE, Adding, StoryWords
from infra.console.admin_calls import ask, run
from infra.console.exit_codes import OneSentence, WrongInput
from infra.console.ports import ConsoleDependencies
from infra.console.printing import Columns, Line, show_lines, show_sentence, show_table
from infra.console.program import examples
from infra.console.times import common, shown

MOST_MENTIONS = 20  # of a post, by Meta's reference of IG User media; of a story it says nothing
YOUNGEST = timedelta(hours=1)  # a younger file may be on its way to its row

Paths = Annotated[
    list[Path], typer.Argument(metavar="PATH...", help="Pictures and films, as phones and editors make them.")
]
FirstMinute = Annotated[bool, typer.Option("--first-minute", help="Of a film that is longer, take its first 60 s.")]
Parts = Annotated[bool, typer.Option("--parts", help="Make stories of 60 s each of a film that is longer.")]
Mentions = Annotated[
    list[str] | None,
    typer.Option(
        "--mention",
        metavar="NAME",
        parser=arguments.mention,
        help="Mention this account of Instagram; may be repeated.",
    ),
]
MadeByAi = Annotated[bool, typer.Option("--ai", help="Have Instagram label it as made with AI.")]
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
        first_minute: FirstMinute = False,
        parts: Parts = False,
        mention: Mentions = None,
        made_by_ai: MadeByAi = False,
        as_json: arguments.AsJson = False,
    ) -> None:
        """Make files fit for a story and take them in for a group; a file that it has already stays what it is."""
        if first_minute and parts:
            raise WrongInput("--first-minute and --parts mean two things: choose one.")
        longer = Longer.PARTS if parts else Longer.FIRST_MINUTE if first_minute else Longer.REFUSED
        mentions = tuple(dict.fromkeys(mention or ()))
        if len(mentions) > MOST_MENTIONS:
            raise WrongInput(f"A story mentions {MOST_MENTIONS} accounts at most, and these are {len(mentions)}.")
        words = StoryWords(title, caption, mentions, made_by_ai)
        adding = Adding(opened, chat, longer, words, as_json)
        if run(lambda: adding.add_all(paths)):
            raise typer.Exit(WrongInput.exit_code)

    @app.command()
    def clean() -> None:
        """Remove files that no story of this database has: a `media add` that was killed left them."""
        lines = ask(opened, lambda admin: admin.list_media(None))
        before = opened.clock.now() - YOUNGEST
        number, size = run(lambda: _remove_strays(opened, [line["path"] for line in lines], before))
        show_sentence(f"Removed {number} files, {size / MEGABYTE:.1f} MB." if number else "Nothing to remove.")

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


async def _remove_strays(opened: ConsoleDependencies, kept: Sequence[str], before: datetime) -> tuple[int, int]:
    try:
        return await opened.library().remove_strays(kept, before)
    except Refused as error:
        raise WrongInput(str(error)) from error
