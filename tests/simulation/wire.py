"""A request to a server and its reply: the server's part happens whatever becomes of whoever asked."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

import anyio
from anyio.lowlevel import checkpoint

from actors.errors import AnswerLost, BotTokenRefused, PortError, Refused, Unreachable
from actors.ports import Conflict
from tests.simulation.processes import Life, Process
from tests.simulation.timeline import Timeline
from tests.simulation.weather import OF_FILES, Harm, Luck, Weather

T = TypeVar("T")

TOKEN_SECONDS = 30.0  # as the real adapter asks to wait


@dataclass
class Reply(Generic[T]):
    """What comes back: a value or an error, once."""

    come: anyio.Event = field(default_factory=anyio.Event)
    value: T | None = None
    error: Exception | None = None

    def give(self, value: T | None, error: Exception | None) -> None:
        """It is here."""
        self.value, self.error = value, error
        self.come.set()


@dataclass(frozen=True)
class Request(Generic[T]):
    """`effect` is what the server does, now; it may raise a PortError. `bound`: the adapter's own patience, seconds.

    `late_effect`: what it does if the request was kept on the way, by whoever stands between, if that differs.
    """

    port: str
    name: str
    effect: Callable[[], T]
    bound: float = math.inf
    shielded: bool = False
    late_effect: Callable[[], T] | None = None


Watch = Callable[[str, Process], Harm | None]


@dataclass(frozen=True)
class Wire:
    """One process's way to the servers; `watch` is told of each point that a request passes."""

    process: Process
    timeline: Timeline
    weather: Weather
    watch: Watch

    async def ask(self, request: Request[T]) -> T:
        """Send, wait, and raise what the adapter would."""
        while self.process.is_held:
            await checkpoint()  # the one step that a task may still make when its process is held, held here
        if self.process.life is Life.ENDED:
            await anyio.sleep(1.0)
            raise Unreachable("the world is over")
        reply: Reply[T] = Reply()
        self._send(request, reply)
        with anyio.CancelScope(shield=request.shielded), anyio.move_on_after(request.bound):
            await reply.come.wait()
        if reply.error is not None:
            raise reply.error
        if not reply.come.is_set():
            raise AnswerLost("no answer in time")
        return reply.value  # type: ignore[return-value]  # the effect's own value, None included

    def hinder(self, what: str) -> Harm | None:
        """What becomes of something that takes long before it is sent."""
        harm = self.watch(what, self.process)
        if harm is not None:
            self.weather.note(f"telegram {harm.trouble}", self.timeline.now)
        return harm

    def _send(self, request: Request[T], reply: Reply[T]) -> None:
        luck = self.weather.luck(request.port)
        harm = self.watch(f"sent {request.name}", self.process)
        if harm is not None and harm.trouble not in OF_FILES:
            luck = replace(luck, trouble=harm.trouble, late=harm.late)
        if luck.trouble:
            self.weather.note(f"{request.port} {luck.trouble}", self.timeline.now)
        match luck.trouble:
            case "refused connection":
                self._answer(request, reply, luck, Unreachable(f"{request.port} refuses connections"))
            case "lost request":
                self._answer(request, reply, luck, AnswerLost("the connection was lost"))
            case "token refused":
                self._answer(request, reply, luck, BotTokenRefused("Telegram refuses the token.", TOKEN_SECONDS))
            case "refusal":
                self._answer(request, reply, luck, Refused(f"{request.port} says no"))
            case "late":
                self._answer(request, reply, luck, AnswerLost("the connection was lost"))
                kept = replace(request, effect=request.late_effect or request.effect)
                self.timeline.after(luck.there + luck.late, lambda: self._arrive(kept, Reply(), luck))
            case "held up":
                self.timeline.after(luck.there + luck.late, lambda: self._arrive(request, reply, luck))
            case _:
                self.timeline.after(luck.there, lambda: self._arrive(request, reply, luck))

    def _arrive(self, request: Request[T], reply: Reply[Any], luck: Luck) -> None:
        try:
            value, error = request.effect(), None
        except (PortError, Conflict) as failure:
            value, error = None, failure
        harm = self.watch(f"effect {request.name}", self.process)
        if harm is not None:
            self.weather.note(f"{request.port} {harm.trouble}", self.timeline.now)
        troubles = {luck.trouble, "" if harm is None else harm.trouble}
        if "lost reply" in troubles:
            self._answer(request, reply, luck, AnswerLost("the connection was lost"))
        elif "silence" not in troubles:
            back = luck.back + (luck.late if luck.trouble == "slow" else 0.0)
            self.timeline.after(back, lambda: self._come(request, reply, value, error))

    def _come(self, request: Request[T], reply: Reply[T], value: T | None, error: Exception | None) -> None:
        self.watch(f"reply {request.name}", self.process)
        reply.give(value, error)

    def _answer(self, request: Request[T], reply: Reply[T], luck: Luck, error: Exception) -> None:
        self.timeline.after(luck.there + luck.back, lambda: self._come(request, reply, None, error))
