"""The command line, put together; main adds `run` and `demo` to it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from infra.console import accounts, chats, media, members, queue, why
from infra.console.admin_calls import run
from infra.console.exit_codes import Failed, OneSentence, WrongInput
from infra.console.ports import ConsoleDependencies
from infra.console.printing import show_sentence
from infra.console.program import NAME, PROGRAM, VERSION, examples

HELP = "everytap: a review queue for Instagram Stories in a Telegram group that never loses a tap."


SET_UP, EVERY_DAY, RUNNING = "Set up", "Every day", "Run and look after"
FIRST = (
    'chat add -1001234567890 --title "Our team"',
    "media add sunset.jpg --chat -1001234567890",
    "queue add --chat -1001234567890 --media 1 --due 2026-12-01T18:30",
    "why 1",
)


ORDER = ("demo", "chat", "account", "member", "media", "queue", "why", "run")
COMPLETION = ("--install-completion", "--show-completion")


class EveryCommand(OneSentence):
    """All commands, in the order in which a newcomer needs them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Name them for the help text."""
        named = super().list_commands(ctx)
        return sorted(named, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """A shell completes what one word begins: where that is not `everytap`, there is nothing to install."""
        if PROGRAM.get() not in {"", NAME} and args[:1] and args[0] in COMPLETION:
            raise WrongInput("Only the name everytap can be completed: type `. .venv/bin/activate` first, then use it.")
        return super().parse_args(ctx, args)


def _show_version(asked: bool) -> None:
    if asked:
        show_sentence(f"{NAME} {VERSION}")
        raise typer.Exit


def build(opened: ConsoleDependencies) -> typer.Typer:
    """Return the application; calling it runs what was typed and exits."""
    app = typer.Typer(
        cls=EveryCommand,
        help=HELP,
        epilog=examples(*FIRST),
        add_completion=PROGRAM.get() in {"", NAME},
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    app.callback()(_root)
    app.add_typer(chats.commands(opened), name="chat", rich_help_panel=SET_UP)
    app.add_typer(media.commands(opened), name="media", rich_help_panel=EVERY_DAY)
    app.add_typer(queue.commands(opened), name="queue", rich_help_panel=EVERY_DAY)
    app.add_typer(members.commands(opened), name="member", rich_help_panel=SET_UP)
    app.add_typer(accounts.commands(opened), name="account", rich_help_panel=SET_UP)
    why.add_to(app, opened)
    _add_upkeep(app, opened)
    return app


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """What may be said before any command."""


def _add_upkeep(app: typer.Typer, opened: ConsoleDependencies) -> None:
    @app.command(rich_help_panel=RUNNING)
    def migrate() -> None:
        """Bring the database's schema up to date."""
        applied = run(lambda: _migrate(opened))
        show_sentence(f"Applied {', '.join(applied)}." if applied else "Nothing to do: the schema is up to date.")

    @app.command(rich_help_panel=RUNNING)
    def health() -> None:
        """Ask the worker on this machine how it is."""
        well, sentence = run(lambda: _health(opened))
        if not well:
            raise Failed(sentence)
        show_sentence(sentence)


async def _migrate(opened: ConsoleDependencies) -> list[str]:
    return list(await opened.migrate())


async def _health(opened: ConsoleDependencies) -> tuple[bool, str]:
    return await opened.check_health()
