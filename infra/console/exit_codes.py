"""How a command ends: 0 done, 1 it failed, 2 the input was wrong; and not 0 with one sentence on stderr."""

from __future__ import annotations

import select
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from difflib import get_close_matches
from io import TextIOWrapper
from typing import Any, TextIO

import typer
from typer.core import TyperCommand, TyperGroup

from actors.domain.escaping import in_one_line
from actors.errors import QueueError
from infra.console.program import in_full

SAY_SECONDS = 3.0


class WrongInput(typer.TyperException):
    """What was typed cannot be done; the text says why, and what to type instead."""

    exit_code = 2


class Failed(typer.TyperException):
    """What was typed is right, and could not be done."""

    exit_code = 1


class Unexpected(WrongInput):
    """A word stands where it means nothing, as a parser of one word sees it; the command knows more to say."""

    def __init__(self, word: str) -> None:
        super().__init__(f"There is no option {word}.")
        self.word = word


class OneSentence(TyperGroup):
    """A group whose errors, its framework's included, are one sentence each, without usage and without traceback."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Ask for a command if none was given."""
        if not args and not ctx.resilient_parsing:
            told = f"`{ctx.command_path} --help` explains them."
            raise WrongInput(f"{ctx.command_path} needs a command: {', '.join(self.commands)}; {told}")
        return super().parse_args(ctx, args)

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command and exit."""
        _take_any_text()
        try:
            _refuse_what_is_no_text(extra.get("args") or sys.argv[1:])
            code = super().main(*args, **{**extra, "standalone_mode": False})
        except typer.TyperException as error:
            say(_sentence(error))
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
        known = [name for param in self.params for name in (*param.opts, *param.secondary_opts)]
        try:
            left = super().parse_args(ctx, args)
        except Unexpected as error:
            raise WrongInput(unexpected(error.word, ctx.command_path, known)) from error
        if left and not ctx.resilient_parsing:
            raise WrongInput(unexpected(left[0], ctx.command_path, known))
        return left


def _take_any_text() -> None:
    """Have the streams replace what they cannot show, and keep what they cannot read: neither is to end a command."""
    for stream, errors in ((sys.stdout, "replace"), (sys.stdin, "surrogateescape")):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=errors)


def _refuse_what_is_no_text(words: Sequence[str]) -> None:
    """A word may be any bytes, and names, titles and zones are kept as text; half a character cannot be."""
    for word in words:
        if any("\ud800" <= character <= "\udfff" for character in word):
            raise WrongInput(
                f"{word[:80]!r} has bytes that are no UTF-8: type it again, or give the file another name."
            )


def unexpected(word: str, command: str, known: Iterable[str] = ()) -> str:
    """The sentence for a word that means nothing where it stands."""
    what = f"There is no option {word}" if word.startswith("-") else f"{word!r} is one word too many"
    meant = get_close_matches(word, [name for name in known if name.startswith("--")], 1)
    if meant:
        return f"{what}. Did you mean {meant[0]!r}?"
    return f"{what}; `{command} --help` shows what can be typed here."


def _sentence(error: typer.TyperException) -> str:
    """What the framework found wrong, and where to look; what was probably meant, if that is known."""
    text = error.format_message().replace(": Value error, ", ": ")
    meant = get_close_matches(getattr(error, "option_name", ""), getattr(error, "possibilities", None) or (), 1)
    if meant:
        return f"{text.partition(' (Possible')[0]}. Did you mean {meant[0]!r}?"
    ctx = getattr(error, "ctx", None)
    if ctx is None or text.endswith("?"):
        return text
    return f"{text.removesuffix('.')}; `{ctx.command_path} --help` shows what can be typed here."


def warn(sentences: Iterable[str]) -> None:
    """Write what is done, and not right yet, to stderr; the exit status stays 0."""
    for sentence in sentences:
        say(f"Warning: {sentence}")


def say(sentence: str) -> None:
    """Write one sentence to stderr; one that is not read within a few seconds is given up, and so is its reader."""
    text = in_full(in_one_line(" ".join(sentence.split())))
    if _is_taken(sys.stderr):
        with suppress(OSError):
            sys.stderr.write(f"{text if text.endswith(('.', '?')) else f'{text}.'}\n")
            sys.stderr.flush()


def _is_taken(stream: TextIO) -> bool:
    """Wait until something fits into the pipe behind a stream; what is no pipe takes everything."""
    try:
        return bool(select.select([], [stream], [], SAY_SECONDS)[1])
    except (OSError, ValueError):
        return True
