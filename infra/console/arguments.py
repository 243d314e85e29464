"""What can be typed, and how it is read; what cannot be read is refused with an example of what can."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Annotated, TypeAlias

import typer

from infra.console.exit_codes import Unexpected, WrongInput

LIMITS = "Limits"
LARGEST_ID = 2**63 - 1
USERNAME = re.compile(r"[A-Za-z0-9._]{1,30}")


def chat_id(text: str) -> int:
    """Read Telegram's id of a chat: a group's is negative."""
    if text.startswith("-") and not text[1:].isdecimal():
        raise Unexpected(text)
    return _number(text, "a chat id, like -1001234567890")


def row_id(text: str) -> int:
    """Read an id of ours, or a person's."""
    number = _number(text, "an id: a whole number above 0")
    if number < 0:
        raise WrongInput(f"{text!r} is not an id: a whole number above 0.")
    return number


def due(text: str) -> datetime:
    """Read a moment by ISO 8601; one without an offset stays naive: it is meant by the chat's clock, see due.py."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise WrongInput(f"{text!r} is not a date and time; write it like 2026-01-31T18:30.") from None
    if ":" not in text and "T" not in text.upper():
        raise WrongInput(f"{text!r} has no time of day; write it like {at:%Y-%m-%d}T18:30.")
    if not 2000 <= at.year < 2200:
        raise WrongInput(f"{text!r} is in the year {at.year}, which is hardly meant.")
    return at if at.tzinfo is None else at.astimezone(UTC)


def zone(text: str) -> str:
    """Read a time zone's name, as the IANA database has it."""
    if text in _zones():
        return text
    near = _near(text)
    hint = f"is {near} meant?" if near else "write it like Europe/Berlin."
    raise WrongInput(f"{text!r} is not a time zone; {hint}")


def title(text: str) -> str:
    """Read a title: one line with something in it."""
    line = " ".join(text.split())
    if not line:
        raise WrongInput("A title needs at least one character.")
    return line


def account(text: str) -> str:
    """Read an Instagram account's name, with or without its @."""
    return text.strip().removeprefix("@")


def mention(text: str) -> str:
    """Read a name at Instagram, with or without its @: https://help.instagram.com/583107688369069."""
    name = account(text)
    if USERNAME.fullmatch(name) is None:
        raise WrongInput(f"{text!r} is not a name at Instagram: up to 30 letters, digits, periods and underscores.")
    return name.lower()


@cache
def _zones() -> frozenset[str]:
    """The package's list: a machine's own folder holds names, like localtime, that mean nothing elsewhere."""
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split()) - {"Factory"}


def _near(text: str) -> str | None:
    """The zone that a misspelt name means: by its letters, by its town, else by its looks; an offset means none.

    Etc/GMT+2 would be near to GMT+2, and is two hours west of Greenwich.
    """
    wanted = text.strip().replace(" ", "_").casefold()
    known = {name.casefold(): name for name in sorted(_zones())}
    towns = {name.rpartition("/")[2]: name for name in known}
    likely = (wanted, wanted.partition("/")[2], towns.get(wanted.rpartition("/")[2], ""))
    near = [name for name in likely if name in known]
    if not near and not any(map(str.isdigit, wanted)):
        near = get_close_matches(wanted, known, 1)
    return known[near[0]] if near else None


def _number(text: str, wanted: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise WrongInput(f"{text!r} is not {wanted}.") from None
    if number == 0 or abs(number) > LARGEST_ID:
        raise WrongInput(f"{text!r} is not {wanted}.")
    return number


ChatId: TypeAlias = Annotated[
    int, typer.Argument(parser=chat_id, metavar="CHAT_ID", help="The group's id in Telegram.")
]
InChat: TypeAlias = Annotated[int, typer.Option("--chat", parser=chat_id, metavar="CHAT_ID", help="The group.")]
OfChat: TypeAlias = Annotated[
    int | None, typer.Option("--chat", parser=chat_id, metavar="CHAT_ID", help="Of this group only.")
]
UserId: TypeAlias = Annotated[int, typer.Argument(parser=row_id, metavar="USER_ID", help="A person's id in Telegram.")]
ItemId: TypeAlias = Annotated[int, typer.Argument(parser=row_id, metavar="ITEM_ID", help="As `queue list` shows it.")]
AccountId: TypeAlias = Annotated[
    int, typer.Argument(parser=row_id, metavar="ACCOUNT_ID", help="As `account list` shows it.")
]
MediaId: TypeAlias = Annotated[
    int, typer.Option("--media", parser=row_id, metavar="MEDIA_ID", help="As `media list` shows it.")
]
DUE_HELP = "When its card is to come: 2026-01-31T18:30 by the chat's clock, or with an offset (+01:00, Z)."
DueMoment: TypeAlias = Annotated[datetime, typer.Option("--due", parser=due, metavar="ISO8601", help=DUE_HELP)]
LaterDue: TypeAlias = Annotated[
    datetime | None, typer.Option("--due", parser=due, metavar="ISO8601", help=f"{DUE_HELP} Otherwise now.")
]
Force: TypeAlias = Annotated[
    bool, typer.Option("--force", help="Also if the story was posted or skipped lately; never if it was rejected.")
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]

Title: TypeAlias = Annotated[str | None, typer.Option(parser=title, metavar="T", help="What it is called.")]
Zone: TypeAlias = Annotated[
    str | None, typer.Option("--timezone", parser=zone, metavar="TZ", help="Of the times on its cards: Europe/Berlin.")
]
Live: TypeAlias = Annotated[
    bool | None, typer.Option("--live/--dry-run", help="Whether Auto Post publishes, or only says what it would do.")
]
Restricted: TypeAlias = Annotated[
    bool | None, typer.Option("--restricted/--open", help="Whether a tap needs a role, see `member set`.")
]
Paused: TypeAlias = Annotated[
    bool | None, typer.Option("--pause/--resume", help="Whether no card comes for the time being.")
]
AccountName: TypeAlias = Annotated[
    str | None, typer.Option(parser=account, metavar="NAME", help="The Instagram account; '' for none.")
]
Topic: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--topic",
        min=0,
        max=LARGEST_ID,
        metavar="N",
        help="The topic in which its cards come, as a link to it ends; 0: General.",
    ),
]
Gap: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--gap-seconds", min=0, max=604_800, help="The shortest time between two cards.", rich_help_panel=LIMITS
    ),
]
Hours: TypeAlias = Annotated[
    int | None,
    typer.Option("--review-hours", min=1, max=8_760, help="How long a card waits for a tap.", rich_help_panel=LIMITS),
]
RepostDays: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--repost-days", min=0, max=36_500, help="How long a posted story may not come again.", rich_help_panel=LIMITS
    ),
]
SkipDays: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--skip-days", min=0, max=36_500, help="How long a skipped story may not come again.", rich_help_panel=LIMITS
    ),
]
