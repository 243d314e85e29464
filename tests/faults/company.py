"""Several workers at once, each a process with a link to Telegram of its own, so that it is seen who polls."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio

from actors.bounds import POLL_SECONDS
from infra.sandbox.demo.worker_processes import free_port
from tests.stage import Stage
from tests.tcp_proxy import Gate, Line, Proxy, Target, Way, proxy_to
from tests.understudy import ROOT, Understudy, understudy

HOST = "127.0.0.1"
POLL = f"/getUpdates?timeout={int(POLL_SECONDS)}&".encode()  # a standby's nudge waits for nothing
START_SECONDS = 90.0
STOP_SECONDS = 40.0
PAUSE_SECONDS = 0.05


@dataclass
class Member:
    """One worker, and when it asked Telegram to wait for updates."""

    name: str
    played: Understudy
    polled: list[float] = field(default_factory=list)

    @property
    def lives(self) -> bool:
        """Tell whether its process has not ended."""
        return self.played.process.returncode is None


class Company:
    """Workers on one database and one Telegram, hired and let go while people tap; `wrong`: what they did at it."""

    def __init__(self, stage: Stage, home: Path, stack: AsyncExitStack, changes: dict[str, str]) -> None:
        self._stage = stage
        self._home = home
        self._stack = stack
        self._changes = changes
        self._polled = anyio.Event()
        self.members: list[Member] = []
        self.wrong: list[str] = []

    @property
    def present(self) -> list[Member]:
        """Those who live, the longest-serving first."""
        return [member for member in self.members if member.lives]

    def poller(self) -> Member:
        """Whoever of them polled last."""
        return max((member for member in self.present if member.polled), key=lambda member: member.polled[-1])

    def pollers(self, since: float) -> list[str]:
        """The names of all who have polled since then."""
        return [member.name for member in self.members if member.polled and member.polled[-1] >= since]

    async def hire(self, source: Path = ROOT) -> Member:
        """Start a worker of this source, and wait until it serves."""
        name = f"worker {len(self.members) + 1}"
        member = await self._stack.enter_async_context(self._employed(name, source))
        self.members.append(member)
        with anyio.fail_after(START_SECONDS):
            while not any(line["event"] == "worker.started" for line in member.played.lines()):
                if not member.lives:
                    raise RuntimeError(f"{name} does not start: {member.played.log.read_text(encoding='utf-8')}")
                await anyio.sleep(PAUSE_SECONDS)
        return member

    async def retire(self, member: Member) -> None:
        """Have it stop in order, and wait until it is gone."""
        member.played.process.terminate()
        with anyio.move_on_after(STOP_SECONDS):
            code = await member.played.process.wait()
            if code != 0:
                self.wrong.append(f"{member.name} ended with {code}")
            return
        self.wrong.append(f"{member.name} does not stop")
        await member.played.kill()

    def freeze(self, member: Member) -> None:
        """Stop it as a suspended machine does: its connections stay, and it says nothing."""
        member.played.process.send_signal(signal.SIGSTOP)

    def thaw(self, member: Member) -> None:
        """Let it go on."""
        member.played.process.send_signal(signal.SIGCONT)

    async def someone_else_polls(self, member: Member, seconds: float) -> bool:
        """Wait until another one polls; False: nobody does."""
        began = anyio.current_time()
        with anyio.move_on_after(seconds):
            while not set(self.pollers(began)) - {member.name}:
                await self._polled.wait()
        return bool(set(self.pollers(began)) - {member.name})

    def lines(self, event: str) -> list[dict[str, Any]]:
        """What they have logged of this."""
        return [line for member in self.members for line in member.played.lines() if line["event"] == event]

    @asynccontextmanager
    async def _employed(self, name: str, source: Path) -> AsyncIterator[Member]:
        async with proxy_to(Target.of(self._stage.sandbox.url)) as link:
            with free_port() as port:
                async with understudy(self._stage, self._home, name, self._environment(link, port), source) as played:
                    member = Member(name, played)
                    link.gate = self._eye(member)
                    yield member

    def _eye(self, member: Member) -> Gate:
        async def see(_: Line, way: Way, chunk: bytes) -> None:
            if way is Way.REQUEST and POLL in chunk:
                member.polled.append(anyio.current_time())
                self._polled.set()
                self._polled = anyio.Event()

        return see

    def _environment(self, link: Proxy, port: int) -> dict[str, str]:
        return {
            "TELEGRAM_API_URL": f"http://{HOST}:{link.port}",
            "INSTAGRAM_API_URL": self._stage.sandbox.url,
            "PUBLIC_URL": f"http://{HOST}:{port}",
            "PORT": str(port),
            **self._changes,
        }


@asynccontextmanager
async def open_company(stage: Stage, home: Path, changes: dict[str, str] | None = None) -> AsyncIterator[Company]:
    """Yield a company of nobody; in the end all are gone."""
    async with AsyncExitStack() as stack:
        yield Company(stage, home, stack, changes or {})
