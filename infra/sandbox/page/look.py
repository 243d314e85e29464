"""People and messages as the page shows them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup

from infra.sandbox.telegram.files import FileStore
from infra.sandbox.telegram.markup import Formatted, to_html
from infra.sandbox.telegram.model import ChatMessage, Content, GroupChat, Json, User
from infra.sandbox.telegram.rules import BotApiError

# Marks of direction and our own invisible ones: a title is shown inside an element that isolates it.
INVISIBLE = re.compile("[\u200e\u200f\u2063\u2066-\u2069]")
COLOURS = 7
EXCERPT_LENGTH = 60


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person's name, initial and colour."""

    id: int
    name: str
    initial: str
    colour: int


@dataclass(frozen=True, slots=True)
class File:
    """What hangs on a message."""

    url: str
    name: str
    size: str


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message, ready for its template."""

    chat_id: int
    id: int
    sender: PersonView
    by_bot: bool
    kind: str
    title: str
    html: Markup
    file: File | None
    rows: tuple[tuple[Json, ...], ...]
    time: str
    edited: bool
    reply_to: str | None


def face(person: User) -> PersonView:
    """Show a person; the colour stays the same everywhere."""
    return PersonView(person.id, person.name, person.name[:1].upper(), person.id % COLOURS)


def look(chat: GroupChat, message: ChatMessage, files: FileStore) -> MessageView:
    """Show a message as it is now."""
    content = message.content
    answered = chat.messages.get(message.reply_to or 0)
    return MessageView(
        chat_id=chat.id,
        id=message.id,
        sender=face(message.sender),
        by_bot=message.sender.is_bot,
        kind=content.kind,
        title=title(message),
        html=Markup(to_html(Formatted(content.text, content.entities))),  # noqa: S704 - to_html escapes all text
        file=_file(content, files),
        rows=content.keyboard,
        time=clock_time(message.history[0].at)[:5],
        edited=message.edits > 0,
        reply_to=title(answered) if answered else None,
    )


def title(message: ChatMessage) -> str:
    """Name a message by its first line."""
    first = INVISIBLE.sub("", message.content.text).partition("\n")[0].strip()
    return first[:EXCERPT_LENGTH] or message.content.kind


def clock_time(at: float) -> str:
    """Show a moment as a clock in UTC does, like the cards of a new chat."""
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")


def _file(content: Content, files: FileStore) -> File | None:
    if content.kind == "text":
        return None
    shown = content.media[-1] if content.kind == "photo" else content.media
    try:
        path = files.wire(shown["file_id"])["file_path"]
    except BotApiError:
        path = ""
    return File(f"/sandbox/files/{path}", shown.get("file_name", ""), _size(shown.get("file_size", 0)))


def _size(count: int) -> str:
    return f"{count / 1_048_576:.1f} MB" if count >= 1_048_576 else f"{max(1, round(count / 1024))} kB"
