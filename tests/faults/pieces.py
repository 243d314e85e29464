"""A run for each piece of a scene's traffic, with a trap at it: several at once, until no more pieces come."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import anyio

from tests.faults.results import NO_PIECE, Result, Settings, never_sprung
from tests.faults.scenes import Scene
from tests.faults.server import Server, open_server
from tests.stage import Stage

SERVERS = 2
CALM_SECONDS = 3.0  # a lone worker has done by then all that a scene asks for


class Piece(Hashable, Protocol):
    """One run: where in which scene the trap is."""

    @property
    def scene(self) -> str:
        """The scene's name."""
        ...

    @property
    def number(self) -> int:
        """The piece's, from one."""
        ...

    @property
    def row(self) -> Hashable:
        """What is through as soon as one of its pieces never comes."""
        ...

    @property
    def name(self) -> str:
        """What a failure's command says."""
        ...

    @property
    def fault(self) -> str:
        """Its column."""
        ...

    @property
    def place(self) -> tuple[int, ...]:
        """Where it stands in the table."""
        ...


P = TypeVar("P", bound=Piece)


@dataclass(frozen=True)
class Pieces(Generic[P]):
    """How a section plays its pieces: so many at once on each server. `least`: each scene has some more."""

    section: str
    least: Mapping[str, int]
    at_once: int
    play: Callable[[Server, P], Awaitable[Result | None]]

    async def play_all(self, plan: Sequence[P]) -> dict[P, Result | None]:
        """Play each row of pieces until there are no more; None: its piece never came."""
        results: dict[P, Result | None] = {}
        through: set[Hashable] = set()
        pending = iter(plan)

        async def work(server: Server) -> None:
            for piece in pending:
                if piece.row in through:
                    continue
                results[piece] = await self.play(server, piece)
                if results[piece] is None:
                    through.add(piece.row)

        async def share() -> None:
            async with open_server() as server, anyio.create_task_group() as tasks:
                for _ in range(self.at_once):
                    tasks.start_soon(work, server)

        async with anyio.create_task_group() as sides:
            for _ in range(min(SERVERS, 1 + len(plan) // self.at_once)):
                sides.start_soon(share)
        return results

    def accounted(self, played: Mapping[P, Result | None], settings: Settings) -> list[Result]:
        """Put them in order, and tell of each trap that should have sprung."""
        results = []
        for piece, result in sorted(played.items(), key=lambda pair: pair[0].place):
            if result is not None:
                results.append(result)
            elif settings.run is not None or piece.number <= self.least[piece.scene]:
                results.append(never_sprung(self.section, (piece.scene, NO_PIECE, piece.fault), piece.name))
        return results


async def has_come(stage: Stage, scene: Scene, sprung: anyio.Event) -> bool:
    """Wait for the trap; False: the scene is over, and nothing more comes."""
    with anyio.move_on_after(scene.truth_seconds):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_all_is_done, stage, scene, tasks.cancel_scope)
            await sprung.wait()
            tasks.cancel_scope.cancel()
    return sprung.is_set()


async def _all_is_done(stage: Stage, scene: Scene, over: anyio.CancelScope) -> None:
    """Nothing more comes after the card has told it and a while has passed."""
    await stage.until(lambda: scene.is_told(stage), scene.truth_seconds)
    await anyio.sleep(CALM_SECONDS)
    over.cancel()
