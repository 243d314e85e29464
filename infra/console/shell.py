"""How a command ends: 0 done, 1 it failed, 2 the input was wrong; and not 0 with one sentence on stderr."""

from __future__ import annotations

import select
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, TextIO

import typer
from typer.core import TyperCommand, TyperGroup

from actors.errors import QueueError

SAY_SECONDS = 3.0


class WrongInput(typer.TyperException):
    """What was typed cannot be done; the text says why, and what to type instead."""

    exit_code = 2


class Failed(typer.TyperException):
    """What was typed is right, and could not be done."""

    exit_code = 1


class OneSentence(TyperGroup):
    """A group whose errors, its framework's included, are one sentence each, without usage and without traceback."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Ask for a command if none was given."""
        if not args:
            raise WrongInput(f"{ctx.info_name} needs a command: {', '.join(self.commands)}; --help explains them.")
        return super().parse_args(ctx, args)

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command and exit."""
        try:
            code = super().main(*args, **{**extra, "standalone_mode": False})
        except typer.TyperException as error:
            say(error.format_message().replace(": Value error, ", ": "))
            sys.exit(error.exit_code)
        except QueueError as error:
            say(str(error))
            sys.exit(Failed.exit_code)
        sys.exit(code if isinstance(code, int) else 0)


class TakesChatId(TyperCommand):
    """A command with a CHAT_ID of its own: -1001234567890 is a group there, not a row of options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Leave to the arguments what no option is, and say ourselves what none of them wanted."""
        ctx.ignore_unknown_options = ctx.allow_extra_args = True
        left = super().parse_args(ctx, args)
        if left:
            raise WrongInput(unexpected(left[0]))
        return left


def unexpected(word: str) -> str:
    """The sentence for a word that means nothing where it stands."""
    what = f"There is no option {word}" if word.startswith("-") else f"{word!r} is one word too many"
    return f"{what}; --help shows what can be typed here."


def warn(sentences: Iterable[str]) -> None:
    """Write what is done, and not right yet, to stderr; the exit status stays 0."""
    for sentence in sentences:
        say(f"Warning: {sentence}")


def say(sentence: str) -> None:
    """Write one sentence to stderr; one that nobody takes within a few seconds is given up, and so is its reader."""
    text = " ".join(sentence.split())
    if _is_taken(sys.stderr):
        with suppress(OSError):
            typer.echo(text if text.endswith((".", "?")) else f"{text}.", err=True)


def _is_taken(stream: TextIO) -> bool:
    """Wait until something fits into the pipe behind a stream; what is no pipe takes everything."""
    try:
        return bool(select.select([], [stream], [], SAY_SECONDS)[1])
    except (OSError, ValueError):
        return True
