"""Coalesces pending edits of a message: the newest waits for the one in flight, and none is lost to a lesser one."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Any

import anyio

from actors.cards.acknowledgements import IsLogged
from actors.cards.rate_limit import Rank
from actors.domain.item import FINAL, State
from actors.item import texts
from actors.operations.cards import UNKNOWN, Shown
from actors.peers import Drawn
from actors.ports import Face


@dataclass(slots=True, eq=False)
class EditCompletion:
    """Awaited to learn when an edit, or a newer one in its place, was made, and what that took.

    `logged`: whether the log says by now what the tap came to that asked for it.
    """

    logged: IsLogged | None = None
    done: anyio.Event = field(default_factory=anyio.Event)
    drawn: Drawn = field(default_factory=Drawn)

    def __await__(self) -> Generator[Any, Any, Drawn]:
        yield from self.done.wait().__await__()
        return self.drawn


@dataclass(slots=True, eq=False)
class PendingEdit:
    """One desired state of a message: a card of its row, `shown` by then, or (None) a line that no row stores."""

    face: Face
    rank: Rank
    shown: Shown | None
    waiters: list[EditCompletion] = field(default_factory=list)
    edits: int = 0
    gone: bool = False
    refused: bool = False

    @property
    def is_mere_progress(self) -> bool:
        """Tell whether it is a line that may be dropped: what follows says more."""
        return self.shown is None and self.rank.may_be_dropped

    @property
    def logged(self) -> tuple[IsLogged, ...]:
        """Those whose log lines come before it is stored that it is shown."""
        return tuple(waiter.logged for waiter in self.waiters if waiter.logged is not None)

    def completed(self) -> None:
        """Tell those that wait; those whom another edit took over wait on."""
        for waiter in self.waiters:
            unseen = self.gone or self.refused
            waiter.drawn = replace(waiter.drawn, edits=0 if unseen else self.edits, gone=unseen)
            waiter.done.set()

    def waits(self, *, limited: bool) -> None:
        """It is held back: by a limit of Telegram, or else after an edit that came to nothing."""
        for waiter in self.waiters:
            waiter.drawn = replace(waiter.drawn, limited=waiter.drawn.limited or limited)

    def was_in_trouble(self) -> None:
        """An edit came to nothing."""
        for waiter in self.waiters:
            waiter.drawn = replace(waiter.drawn, troubled=True)

    def take_over(self, other: PendingEdit) -> None:
        """Let the waiters of the other one wait for this one."""
        self.waiters += other.waiters
        other.waiters = []


@dataclass(slots=True, eq=False)
class MessageEdits:
    """A message with something to show, or one whose last edit is not confirmed yet."""

    newest: PendingEdit | None = None
    in_flight: PendingEdit | None = None
    last: PendingEdit | None = None
    failures: int = 0
    not_before: float = 0.0
    unconfirmed: int = 0

    @property
    def is_done(self) -> bool:
        """Tell whether nothing of it needs to be remembered."""
        return self.newest is None and self.in_flight is None and not self.unconfirmed

    def put(self, edit: PendingEdit) -> None:
        """Keep the edit in place of the waiting one, unless a newer row is drawn or that one must not be lost to it."""
        if self.in_flight is not None and _is_of_older_row(edit, self.in_flight):
            self.in_flight.take_over(edit)
        elif self.newest is None:
            self.newest = edit
        elif _is_behind(edit, self.newest):
            if edit.shown is None and not edit.is_mere_progress:
                # A line does not replace a card that its row wants shown: it is drawn below it.
                self.newest.face = replace(self.newest.face, line=edit.face.line, asking=edit.face.asking)
                self.newest.rank = min(self.newest.rank, edit.rank)
            self.newest.take_over(edit)
        else:
            self._replace(self.newest, edit)
            self.newest = edit

    @staticmethod
    def _replace(waiting: PendingEdit, edit: PendingEdit) -> None:
        """Let a newer edit stand for the waiting one; a refusal that is not shown yet is not lost with it."""
        refusal = waiting.face.line if waiting.shown is None and not waiting.is_mere_progress else None
        if refusal is not None and edit.face.line is not None and edit.face.line != refusal:
            waiting.gone = True  # a message shows one line: the other one is said in the chat
            waiting.completed()
            return
        lasts = refusal is not None and not refusal.startswith(texts.PENDING)
        if lasts and edit.shown is not None and edit.face.version == waiting.face.version:
            edit.face = replace(edit.face, line=refusal)
            edit.rank = min(edit.rank, waiting.rank)
        if edit.rank in {Rank.VIEW, Rank.COURTESY}:
            edit.rank = min(edit.rank, waiting.rank)  # it shows the decision that waits, too
        edit.take_over(waiting)

    def put_back(self, edit: PendingEdit) -> None:
        """Keep an edit that did not go through; what was asked for meanwhile is put on top of it."""
        self.in_flight = None
        newer, self.newest = self.newest, edit
        if newer is not None:
            self.put(newer)


def urgency(message: MessageEdits) -> int:
    """In which order the messages of a chat are drawn; the smaller goes first."""
    return message.newest.rank if message.newest else 99


def rank_of(face: Face) -> Rank:
    """What a row's card is worth: settled first, then doubt; progress can be dropped, and is drawn by what follows."""
    assert face.row is not None
    if face.row.state in FINAL:
        return Rank.FINAL
    if face.row.state is State.IN_DOUBT:
        return Rank.IN_DOUBT
    return Rank.PROGRESS if face.row.state is State.PUBLISHING else Rank.REFRESH


def unknown(face: Face) -> Shown | None:
    """Say that it is not known what this card shows; None: it is no card of a row that we know."""
    cards = face.row.cards if face.row is not None else ()
    card = next((card for card in cards if card.message_id == face.message_id), None)
    return None if card is None else Shown(card, face.item_id, UNKNOWN)


def _is_of_older_row(edit: PendingEdit, other: PendingEdit) -> bool:
    return edit.shown is not None and other.shown is not None and edit.shown.revision < other.shown.revision


def _is_behind(edit: PendingEdit, waiting: PendingEdit) -> bool:
    if waiting.shown is None:
        return edit.is_mere_progress and not waiting.is_mere_progress
    return edit.shown is None or _is_of_older_row(edit, waiting)
