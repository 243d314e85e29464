"""The command line, put together; main adds `run` and `demo` to it."""

from __future__ import annotations

import typer

from infra.console import accounts, chats, media, members, queue, why
from infra.console.asking import run
from infra.console.opened import Opened
from infra.console.printing import show_sentence
from infra.console.shell import Failed, OneSentence

HELP = "everytap: a review queue for Instagram Stories in a Telegram group that never loses a tap."


def build(opened: Opened) -> typer.Typer:
    """Return the application; calling it runs what was typed and exits."""
    app = typer.Typer(cls=OneSentence, help=HELP, add_completion=False, pretty_exceptions_enable=False)
    app.add_typer(chats.commands(opened), name="chat")
    app.add_typer(media.commands(opened), name="media")
    app.add_typer(queue.commands(opened), name="queue")
    app.add_typer(members.commands(opened), name="member")
    app.add_typer(accounts.commands(opened), name="account")
    why.add_to(app, opened)

    @app.command()
    def migrate() -> None:
        """Bring the database's schema up to date."""
        applied = run(lambda: _migrate(opened))
        show_sentence(f"Applied {', '.join(applied)}." if applied else "Nothing to do: the schema is up to date.")

    @app.command()
    def health() -> None:
        """Ask the worker on this machine how it is."""
        well, sentence = run(lambda: _health(opened))
        if not well:
            raise Failed(sentence)
        show_sentence(sentence)

    return app


async def _migrate(opened: Opened) -> list[str]:
    return list(await opened.migrate())


async def _health(opened: Opened) -> tuple[bool, str]:
    return await opened.check_health()
