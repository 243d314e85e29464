"""`media add`: one file after the other is made fit and becomes a story; one that cannot spares the others."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from actors.domain.escaping import in_one_line
from actors.domain.item import Longer
from actors.errors import Refused
from infra.console.admin_calls import refusal
from infra.console.exit_codes import say
from infra.console.ports import AcceptedFile, ConsoleDependencies, Lines
from infra.console.printing import Line, show_lines, show_sentence

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoryWords:
    """What was typed of all files: a title (None: each has its name), the text to copy, mentions, a label."""

    title: str | None
    caption: str
    mentions: tuple[str, ...] = ()
    made_by_ai: bool = False


@dataclass(frozen=True, slots=True)
class Adding:
    """Files on their way into a chat."""

    opened: ConsoleDependencies
    chat: int
    longer: Longer
    words: StoryWords
    as_json: bool = False

    async def add_all(self, paths: Sequence[Path]) -> int:
        """Add each file, and say at once what became of it; returns how many were refused, one sentence on stderr each.

        Raises WrongInput for a chat that is not known, before a file is read, and what the database or the library
        raise when they cannot be used; what was added before stays.
        """
        await self._ask([])
        library, refused = self.opened.library(), 0
        for path in paths:
            try:
                with _bar(path) as told:
                    made = await library.take_in(path, self.longer, told)
            except Refused as error:
                refused += 1
                say(str(error))
                continue
            lines = await self._ask([self._story(one, number, len(made)) for number, one in enumerate(made, 1)])
            self._show(lines, made)
        return refused

    async def _ask(self, stories: Sequence[dict[str, Any]]) -> Lines:
        """Connect for each file: to make a film fit takes minutes, and no connection is held meanwhile."""
        async with self.opened.admin() as admin:
            lines = await admin.add_media(self.chat, stories)
        if lines and "refused" in lines[0]:
            raise refusal(lines[0])
        return lines

    def _story(self, file: AcceptedFile, number: int, of: int) -> dict[str, Any]:
        title = self.words.title or PurePath(file.file_name).stem or file.file_name
        return {
            "kind": file.kind.value,
            "path": file.path,
            "file_name": file.file_name,
            "bytes": file.bytes,
            "sha256": file.sha256,
            "width": file.dimensions.width,
            "height": file.dimensions.height,
            "seconds": file.dimensions.seconds,
            "title": title if of == 1 else f"{title} ({number} of {of})",
            "caption": self.words.caption,
            "mentions": list(self.words.mentions),
            "made_by_ai": self.words.made_by_ai,
        }

    def _show(self, lines: Lines, made: Sequence[AcceptedFile]) -> None:
        if self.as_json:
            show_lines(lines)
            return
        for line, file in zip(lines, made, strict=True):
            show_sentence(_added(line, file.notes))


@contextmanager
def _bar(path: Path) -> Iterator[Callable[[float], None]]:
    """Show how far a file is, where a person sees it; it goes when the file is done."""
    columns = TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn()
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(in_one_line(path.name), total=1.0)
        yield lambda done: progress.update(task, completed=done)


def _added(line: Line, notes: Sequence[str]) -> str:
    story = f"Media {line['id']}: {line['title']} ({line['kind']}, {line['bytes'] / MEGABYTE:.1f} MB)"
    if not line["new"]:
        return f"{story} was there already."
    return f"{story}, {', '.join(notes)}." if notes else f"{story}."
