"""The name by which the program can be typed here; what a person is told to type begins with it."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Sequence
from contextvars import ContextVar
from pathlib import Path

NAME = "everytap"
VERSION = "0.1.0"  # as in pyproject.toml, which the image has not
PROGRAM: ContextVar[str] = ContextVar("PROGRAM", default="")
# A command of ours in a sentence, as it stands behind the name of the program: `queue list --all`.
COMMAND = re.compile(r"`(?=(?:chat|media|queue|member|account|why|migrate|health|run|demo|doctor)\b)")


def name_to_type(words: Sequence[str], script: str, executable: str) -> str:
    """Return what was typed before the command; the short name, where the shell finds that of this environment.

    `words` is the whole line as the system has it, with the interpreter.
    """
    found = shutil.which(NAME)
    if found is not None and Path(found).parent.resolve() == Path(executable).parent.resolve():
        return NAME
    begun = list(words[: words.index(script) + 1]) if script in words else ["python", script]
    return shlex.join(begun)


def in_full(sentence: str) -> str:
    """Put the name before each command that a sentence tells a person to type."""
    program = PROGRAM.get()
    return COMMAND.sub(lambda _: f"`{program} ", sentence) if program else sentence


def examples(*lines: str) -> str:
    """The last part of a help text: lines that can be typed like this."""
    program = PROGRAM.get() or NAME
    return "\n\n".join(["For example:", *(f"$ {program} {line}" for line in lines)])
