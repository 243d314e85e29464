"""Everything outside, as Protocols: the database, the chat, the publisher, the media, the updates, the clock.

An adapter raises nothing but `PortError`: `Unreachable` (nothing happened, try again), `Refused` (nothing happened, do
not try again), `AnswerLost` (it may have happened).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol, TypeVar

from actors.domain.account import Account, Container, DoubtHints, FreshToken, Quota, StoryInsights
from actors.domain.group_ids import Group
from actors.domain.item import Item, Story
from actors.domain.taps import Question
from actors.domain.updates import Update
from actors.operations.operation import Operation

T = TypeVar("T")


class Clock(Protocol):
    """The wall clock, for what people read; durations come from the event loop's clock."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        ...


class Session(Protocol):
    """One connection, for the length of one message."""

    async def run(self, operation: Operation[T]) -> T:
        """Run the operation in one round trip and one commit."""
        ...


class Pool(Protocol):
    """Connections to the database; only the DB actor sees it."""

    size: int

    def session(self) -> AbstractAsyncContextManager[Session]:
        """Acquire a connection, release it at the end; a release never raises after the work was done."""
        ...

    def notifications(self) -> AbstractAsyncContextManager[AsyncIterator[None]]:
        """Listen for "something was queued"; a hint only, and it may end at any time (`Unreachable`)."""
        ...

    async def close(self) -> None:
        """Close what is open, within a bound."""
        ...


@dataclass(frozen=True, slots=True)
class Face:
    """What one message of an item shall show.

    Drawn from `row`, or, for an item that is not loaded, from `seen`, the caption that the person saw. `line` is
    added below; `asking` puts "Are you sure?" beside the buttons. Of an item that is not loaded, `mark` is the one
    that its buttons bear, and `in_doubt` says that it is in doubt, as far as its button tells.
    """

    chat_id: int
    message_id: int
    item_id: int
    version: int
    row: Item | None = None
    seen: str | None = None
    line: str | None = None
    asking: Question | None = None
    retired: bool = False
    in_doubt: bool = False
    mark: str | None = None


@dataclass(frozen=True, slots=True)
class SentCard:
    """A message that the chat accepted."""

    message_id: int
    file_id: str | None


@dataclass(slots=True, eq=False)
class Sending:
    """A file on its way, as far as its sender is told; `moved` is called whenever a part of it has left.

    `kept_back`: the end of it has not left, so it cannot have arrived, whatever becomes of the call.
    """

    moved: Callable[[], None] = lambda: None
    kept_back: bool = False


class Chat(Protocol):
    """The team's group. A file takes as long as its line needs: its sender sees it move, and gives it up by cancelling.

    The files of a chat leave one by one, cards apart from originals; one whose turn does not come is `Unreachable`.
    """

    async def answer(self, press_id: str, text: str) -> None:
        """Show a toast; `Refused` when the query is too old or was answered before."""
        ...

    async def send_card(self, row: Item, sending: Sending | None = None) -> SentCard:
        """Send the picture or video with caption and buttons. Not idempotent: `AnswerLost` may mean a second card.

        `ChatRefused`: the chat takes none now; any other `Refused`: it is this story that cannot be shown.
        """
        ...

    async def edit_card(self, face: Face) -> None:
        """Redraw one message; "not modified" is success; `MessageGone` when it is gone for good.

        Any other `Refused` passes: the bot was removed, muted, or asked for what a later version does right.
        """
        ...

    async def send_original(self, row: Item, reply_to: int, sending: Sending | None = None) -> None:
        """Send the uncompressed file of the item as an answer to its card."""
        ...

    async def send_text(self, chat_id: int, text: str, topic: int | None = None) -> None:
        """Say something in a chat, or in a topic of it: plain text.

        Not idempotent: after `AnswerLost` it may stand there.
        """
        ...

    async def own_name(self) -> str:
        """Return the name by which commands call the bot; its owner may change it at any time."""
        ...

    async def show_menu(self, menu: Sequence[tuple[str, str]]) -> None:
        """Have the platform show these commands, each with its description, unless it shows them already."""
        ...


class Conflict(Exception):
    """Another poller took over the updates (HTTP 409)."""


class Updates(Protocol):
    """What Telegram holds for us until we confirm it."""

    async def get(self, offset: int | None, timeout_seconds: float) -> Sequence[object]:
        """Confirm all below `offset` and wait for more: raw updates, oldest first.

        Raises `Conflict`, and `ShutOut` while another program's webhook is left alone for a moment; then it is ended.
        """
        ...

    def identify(self, raw: object) -> int:
        """Read the update id alone, cheaply: an update comes again and again until it is confirmed. Negative: none."""
        ...

    def parse(self, raw: object, at: float, redelivered: bool) -> Update:
        """Read one raw update; never raises, an unreadable one is `Poison`."""
        ...


class Groups(Protocol):
    """What the platform says of chats, for who sets one up."""

    async def look_up(self, chat_id: int) -> Group | None:
        """Ask about a chat; None: the bot knows none of that id, yet. Raises `ChatMoved`, too."""
        ...


class Receipt(Enum):
    """What Telegram is told about an update that it brought to us."""

    DONE = "forget it: its effect is durable, or was visibly refused"
    LATER = "bring it again"
    UNREADABLE = "it has no id, so no worker can serve it"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How Telegram brings us updates: whether it does, how many wait there, and what went wrong last."""

    is_ours: bool
    waiting: int
    trouble: str | None


class Webhook(Protocol):
    """Our address, to which Telegram brings updates instead of keeping them for `Updates.get`."""

    async def register(self) -> None:
        """Have updates brought to us, those included that wait."""
        ...

    async def look(self) -> Delivery:
        """Ask Telegram how that goes."""
        ...


class Instagram(Protocol):
    """The Graph API. The text of each error is a sentence for the team: what is wrong, and if refused what to do.

    Besides what every adapter raises, each call may raise `TokenGone`. `answered` holds what Instagram said.
    """

    async def create_container(self, account: Account, story: Story, link_name: str) -> str:
        """Have Instagram fetch the story's file; returns the container's id. Harmless if it is lost or made twice.

        The file's link is made under `link_name`, and differs from that under any other name: Instagram remembers for
        minutes, and for that link alone, that it could not fetch a file.
        """
        ...

    async def container(self, account: Account, container_id: str) -> Container:
        """Read a container. `Refused`: it cannot be read, which says nothing of what became of it."""
        ...

    async def publish(self, account: Account, container_id: str) -> str:
        """Publish a container; returns the media id. `Refused` or `Unreachable` only if nothing can have happened.

        Every other failure, an error reply included, is `AnswerLost`: the story may be live.
        """
        ...

    async def permalink(self, account: Account, media_id: str) -> str | None:
        """Return the address of a published story, if it can be had."""
        ...

    async def insights(self, account: Account, media_id: str) -> StoryInsights:
        """Read how a story is seen, while it is live; `Refused`: Instagram does not tell."""
        ...

    async def quota(self, account: Account) -> Quota:
        """Read how many publishes are left today."""
        ...

    async def hints(self, account: Account, since: datetime) -> DoubtHints:
        """Read what may help people to decide; never raises but `TokenGone`."""
        ...

    async def renew(self, account: Account) -> FreshToken:
        """Have a new token for this account, while the present one is good."""
        ...


class MediaSource(Protocol):
    """Where the files of the stories live."""

    async def shown(self, story: Story) -> bytes:
        """Return what goes live, which is what a card shows; `Refused` when it is missing."""
        ...

    async def thumbnail(self, story: Story) -> bytes | None:
        """Return a JPEG of a film's picture, 320 pixels and 200 kB at most; None if there is none."""
        ...

    async def original(self, story: Story) -> bytes:
        """Return the uncompressed file, without what it tells of place and device; `Refused` when it is missing."""
        ...
