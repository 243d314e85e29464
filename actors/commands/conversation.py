"""The commands of one chat: served in their order, within a bound; those that are too old are told so in one answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import anyio

from actors.commands import texts
from actors.commands.answering import SETTLE_SECONDS, Answering, CommandAnswer
from actors.commands.delivery import ASK_SECONDS
from actors.commands.greeting import Greeting
from actors.database.request import NotStored
from actors.domain.updates import Heard, Membership, Said
from actors.runtime.actor import Context
from actors.runtime.captured import Captured
from actors.runtime.waiting import until_stopped

MOST_OPEN = 5
MOST_OPEN_OF_ONE = 3  # so that one person's flood keeps no other person of the chat from being heard
GATHER_SECONDS = 1.0  # what waited for a start comes within moments


@dataclass(slots=True, eq=False)
class _Turn:
    """A command's place in its chat: the next one asks after it has asked, and answers after it has answered."""

    decided: anyio.Event = field(default_factory=anyio.Event)
    answered: anyio.Event = field(default_factory=anyio.Event)

    def end(self) -> None:
        self.decided.set()
        self.answered.set()


class Conversation:
    """One chat; once all is answered it knows nothing that is worth a task."""

    idle = True

    def __init__(self, speaker: Answering, greeter: Greeting, context: Context[int, Heard]) -> None:
        self._answering = speaker
        self._greeting = greeter
        self._context = context
        self._open: list[int] = []  # whose they are
        self._last = _Turn()
        self._last.end()
        self._old: list[Said] = []

    def receive(self, heard: Heard) -> None:
        """Have it answered after those before it, or refused at once when too many are open."""
        if isinstance(heard, Said) and self._answering.is_too_old(heard):
            self._lay_aside(heard)
            return
        whose = heard.person.id if isinstance(heard, Said) else heard.user_id
        if len(self._open) >= MOST_OPEN or self._open.count(whose) >= MOST_OPEN_OF_ONE:
            self._turn_away(heard)
            return
        before, self._last = self._last, _Turn()
        self._open.append(whose)
        serve = partial(self._serve, heard) if isinstance(heard, Said) else partial(self._attend, heard)
        self._context.spawn(partial(serve, before, self._last), heard)

    def _turn_away(self, heard: Heard) -> None:
        if isinstance(heard, Said) and self._answering.may_turn_away(heard):
            self._context.spawn(partial(self._answering.refuse, heard, texts.BUSY), heard)
        elif isinstance(heard, Said):
            self._answering.pass_over(heard)
        else:
            self._greeting.note(heard, None)
            self._answering.confirm(heard)

    async def _serve(self, said: Said, before: _Turn, turn: _Turn) -> None:
        unknown = None
        try:
            await before.decided.wait()
            answer = await self._answering.decide(said)
            turn.decided.set()
            await before.answered.wait()
            if answer is not None:
                unknown = answer.unknown
                await self._answering.say(said, answer)
        finally:
            self._open.remove(said.person.id)
            turn.end()
        # Also what is unknown, which was said: an update that is held costs a tap its place.
        self._answering.confirm(said)
        if unknown is not None:
            await self._answering.settle(unknown)

    async def _attend(self, change: Membership, before: _Turn, turn: _Turn) -> None:
        try:
            await before.decided.wait()
            greeting = await self._greeting.decide(change)
            turn.decided.set()
            await before.answered.wait()
            if greeting is not None:
                await self._greeting.say(change, greeting)
        finally:
            self._open.remove(change.user_id)
            turn.end()
        self._answering.confirm(change)

    def _lay_aside(self, said: Said) -> None:
        self._old.append(said)
        if len(self._old) == 1:
            self._context.spawn(self._answer_old, said)

    async def _answer_old(self) -> None:
        """One answer for the whole heap; one that crashes takes no more than this answer with it."""
        await anyio.sleep(GATHER_SECONDS)
        heap, self._old = self._old, []
        not_known = False
        attempt = Captured()
        with attempt:
            not_known = not await self._say_old(heap, ASK_SECONDS, texts.EARLIER_NOT_KNOWN_YET)
        for said in heap if attempt.error is None else heap[1:]:
            self._answering.confirm(said)
        if attempt.error is not None:
            raise attempt.error
        if not_known:
            await until_stopped(
                self._answering.stopping, partial(self._say_old, heap, SETTLE_SECONDS, texts.NEVER_KNOWN)
            )

    async def _say_old(self, heap: list[Said], seconds: float, not_known: str) -> bool:
        """Tell what became of them; False: it is not known, and that was told."""
        try:
            answers, text = await self._answering.set_aside(heap, seconds)
        except NotStored as lost:
            unknown = CommandAnswer(not_known, "unread", "unknown", lost.attempts)
            await self._answering.say_for_all([(said, unknown) for said in heap], not_known)
            return False
        await self._answering.say_for_all(answers, text)
        return True
