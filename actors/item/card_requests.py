"""Requests edits of an item's cards while it decides, so that a later decision's come after; then sees them shown.

Each call requests at once and returns what to await in a task: tasks run in any order.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

import anyio

from actors.domain.item import FINAL, Item
from actors.domain.messages import RECOVERED
from actors.domain.taps import Press
from actors.item import texts
from actors.item.callback_answers import say_until_heard
from actors.item.dependencies import ItemDependencies
from actors.item.effects import Outcome, SayInChat, ShowCard, ShowLine, ShowQuestion
from actors.item.memory import Known
from actors.item.tap_log import OpenTaps
from actors.operations.cards import Shown
from actors.peers import Drawn
from actors.ports import Face
from actors.runtime.actor import EffectTask

LATE_SECONDS = 2.0
VIEW_SECONDS = 30.0
REFUSALS = {Outcome.STALE.value, Outcome.FORBIDDEN.value}


@dataclass(frozen=True, slots=True)
class CardRequests:
    """The edits of the cards of one item, and the open taps that wait for them."""

    dependencies: ItemDependencies
    open_taps: OpenTaps
    known: Callable[[], Known | None]

    def card(self, wanted: ShowCard) -> EffectTask:
        """Request an edit of every card of the row."""
        press = wanted.press
        logged = self.open_taps.of(press).is_logged if press is not None else None
        faces = _faces(wanted.row)
        late = wanted.cause in REFUSALS and wanted.row.state in FINAL
        draw = partial(self.dependencies.cards.draw, late=late)
        edits = {face.message_id: draw(face, shown, logged) for face, shown in faces}
        if press is None:
            return partial(self._drawn_again, edits, wanted)
        return partial(self._drawn_soon if late else self._drawn, edits, press)

    def line(self, wanted: ShowLine) -> EffectTask:
        """Request a line below the tapped card; one that is needed is a refusal."""
        face = self._face(wanted.press, wanted.row)
        face = replace(face, line=wanted.line, in_doubt=wanted.in_doubt)
        if wanted.view:
            return self._seen_soon(face, wanted.press, lambda edit: self._refused(edit, wanted))
        edit = self.dependencies.cards.add_line(face, wanted.needed)
        if wanted.needed:
            return partial(self._refused, edit, wanted)
        return partial(_through, edit)

    def question(self, wanted: ShowQuestion) -> EffectTask:
        """Request a question beside the buttons, or for its end."""
        asking = wanted.asking
        in_doubt = asking is not None and asking.action in texts.DOUBT_ACTIONS
        face = replace(self._face(wanted.press, wanted.row), asking=asking, in_doubt=in_doubt)
        return self._seen_soon(face, wanted.press, lambda edit: self._asked(edit, wanted.press))

    def _seen_soon(self, face: Face, press: Press, see: Callable[[Awaitable[Drawn]], Awaitable[None]]) -> EffectTask:
        """Request what decides nothing, which may take long: the line of the press waits less for it."""
        admitted = self.dependencies.views.admits((face.chat_id, press.person.id), anyio.current_time())
        edit = self.dependencies.cards.show_view(face, admitted)

        async def seen() -> None:
            with anyio.move_on_after(VIEW_SECONDS if admitted else LATE_SECONDS):
                await see(edit)

        return seen

    def _face(self, press: Press, row: Item | None) -> Face:
        """What the tapped message shall show; drawn from the row if it is known, else from what the person saw."""
        known = self.known()
        assert known is not None, "nothing is drawn on a message that may be no card of the item"
        version = row.version if row else press.version
        place = (press.chat_id, press.message_id, press.item_id, version)
        return Face(*place, row=row, seen=press.seen, mark=known.mark)

    async def _drawn(self, edits: dict[int, Awaitable[Drawn]], press: Press) -> None:
        if press.message_id in edits:
            self._shown(press, await edits.pop(press.message_id))
        for edit in edits.values():
            await edit

    async def _drawn_soon(self, edits: dict[int, Awaitable[Drawn]], press: Press) -> None:
        """A late tap was answered, and its line in the chat comes when there is room; ours waits no longer for it."""
        with anyio.move_on_after(LATE_SECONDS):
            await self._drawn(edits, press)

    async def _drawn_again(self, edits: dict[int, Awaitable[Drawn]], wanted: ShowCard) -> None:
        for edit in edits.values():
            await edit
        self.dependencies.look_ahead(wanted.row)
        if wanted.cause == RECOVERED:
            self.open_taps.recovered(wanted.row)

    async def _asked(self, edit: Awaitable[Drawn], press: Press) -> None:
        self._shown(press, await edit)

    async def _refused(self, edit: Awaitable[Drawn], wanted: ShowLine) -> None:
        """A refusal is never silent: where its message is gone, the chat hears it."""
        drawn = await edit
        if drawn.gone:
            await say_until_heard(
                self.dependencies.aloud, SayInChat(wanted.press, wanted.line), self.dependencies.pause
            )
        self._shown(wanted.press, drawn)

    def _shown(self, press: Press, drawn: Drawn) -> None:
        self.open_taps.of(press).shown(drawn.edits, limited=drawn.limited, troubled=drawn.troubled)


async def _through(edit: Awaitable[Drawn]) -> None:
    await edit


def _faces(row: Item) -> list[tuple[Face, Shown]]:
    return [
        (
            Face(card.chat_id, card.message_id, row.id, row.version, row, retired=card.retired),
            Shown(card, row.id, row.revision),
        )
        for card in row.cards
    ]
