"""A Telegram that does nothing but take its time: 30 ms a call, long polls answered at once; a process of its own.

It is where the bench's clock stands: a tap begins here, its toast and its final card are seen here. Several bots live
here, each with updates of its own; a bot's token is its name.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import parse_qs, urlsplit

import uvloop

from tests.bench import updates
from tests.bench.http import Connection
from tests.bench.pipes import obey

CALL_SECONDS = 0.03
MOST_UPDATES = 100
OK = b'{"ok":true,"result":true}'

Card = tuple[int, int, int]  # chat, message, item


@dataclass(slots=True)
class Tapped:
    """The moments of one tap, on the machine's monotonic clock; None: it did not happen."""

    update_id: int
    update: bytes
    at: float
    sent_at: float | None = None
    toast_at: float | None = None
    toasted_at: float | None = None
    final_at: float | None = None

    def moments(self) -> list[float | None]:
        """When it was tapped, told to the bot, when its toast arrived and was seen, when its final card was seen."""
        return [self.at, self.sent_at, self.toast_at, self.toasted_at, self.final_at]


@dataclass(slots=True)
class Bot:
    """What one bot has not confirmed yet, and its open poll."""

    held: dict[int, Tapped] = field(default_factory=dict)
    poll: Connection | None = None
    offset: int = 0
    polled: asyncio.Event = field(default_factory=asyncio.Event)
    polled_at: float = 0.0


class Telegram:
    """The site."""

    def __init__(self) -> None:
        self._bots: dict[str, Bot] = {}
        self._taps: dict[str, Tapped] = {}
        self._cards: dict[tuple[str, int, int], Tapped] = {}
        self._open = 0
        self._numbers = 1000
        self._done = asyncio.Event()
        self._awaited = "card"

    def serve(self, connection: Connection, target: bytes, body: bytes) -> None:
        """Answer one call of a bot."""
        address = urlsplit(target.decode())
        token, method = address.path.removeprefix("/bot").split("/")
        match method:
            case "getUpdates":
                offset = parse_qs(address.query).get("offset", ["0"])[0]
                self._poll(self._bot(token), connection, int(offset))
            case "answerCallbackQuery":
                tapped = self._taps[json.loads(body)["callback_query_id"]]
                tapped.toast_at = tapped.toast_at or time.monotonic()
                self._later(connection, OK, tapped, "toasted_at")
            case "editMessageCaption":
                self._edit(token, connection, body)
            case _:
                self._later(connection, OK, None, "")

    async def tap(self, bot: str, cards: list[Card], every_seconds: float, awaited: str, seconds: float) -> object:
        """Let somebody tap each card, all at once or one after the other; answers the moments of each tap.

        `awaited` is what to wait for, "card" or "toast", for so many seconds at most.
        """
        self._awaited, self._open, self._done = awaited, len(cards), asyncio.Event()
        held = self._bot(bot)
        tapped: list[Tapped] = []
        if every_seconds:
            began = time.monotonic()
            for number, card in enumerate(cards):
                await asyncio.sleep(began + number * every_seconds - time.monotonic())
                tapped.append(self._put(bot, card))
                self._deliver(held)
        else:
            tapped = [self._put(bot, card) for card in cards]
            self._deliver(held)
        try:
            async with asyncio.timeout(seconds):
                await self._done.wait()
        except TimeoutError:
            pass
        return [one.moments() for one in tapped]

    async def first_poll(self, bot: str) -> float:
        """Wait for the next poll of this bot; answers when it came."""
        self._bot(bot).polled.clear()
        await self._bot(bot).polled.wait()
        return self._bot(bot).polled_at

    def _bot(self, token: str) -> Bot:
        return self._bots.setdefault(token.partition(":")[0], Bot())

    def _put(self, bot: str, card: Card) -> Tapped:
        self._numbers += 1
        tap_id = f"{bot}-{self._numbers}"
        tapped = Tapped(self._numbers, updates.tap(self._numbers, tap_id, card), time.monotonic())
        self._taps[tap_id] = self._cards[bot, card[0], card[1]] = tapped
        self._bot(bot).held[tapped.update_id] = tapped
        return tapped

    def _poll(self, bot: Bot, connection: Connection, offset: int) -> None:
        bot.poll, bot.polled_at = connection, time.monotonic()
        bot.polled.set()
        for update_id in [known for known in bot.held if known < offset]:
            del bot.held[update_id]
        self._deliver(bot)

    def _deliver(self, bot: Bot) -> None:
        if bot.poll is None or not bot.poll.is_open or not bot.held:
            return
        told = list(bot.held.values())[:MOST_UPDATES]
        bot.poll.answer(b'{"ok":true,"result":[' + b",".join(one.update for one in told) + b"]}")
        bot.poll = None
        now = time.monotonic()
        for one in told:
            one.sent_at = one.sent_at or now

    def _edit(self, token: str, connection: Connection, body: bytes) -> None:
        asked = json.loads(body)
        where = int(asked["chat_id"]), int(asked["message_id"])
        tapped = self._cards.get((token.partition(":")[0], *where)) if b"Skipped by" in body else None
        self._later(connection, updates.edited(*where), tapped, "final_at")

    def _later(self, connection: Connection, answer: bytes, tapped: Tapped | None, moment: str) -> None:
        asyncio.get_running_loop().call_later(CALL_SECONDS, partial(self._happen, connection, answer, tapped, moment))

    def _happen(self, connection: Connection, answer: bytes, tapped: Tapped | None, moment: str) -> None:
        connection.answer(answer)
        if tapped is None or getattr(tapped, moment) is not None:
            return
        setattr(tapped, moment, time.monotonic())
        if moment == {"card": "final_at", "toast": "toasted_at"}[self._awaited]:
            self._open -= 1
            if self._open == 0:
                self._done.set()


async def main() -> None:
    """Serve until stdin ends."""
    telegram = Telegram()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(telegram.serve), "127.0.0.1", 0)

    async def port() -> int:
        found: int = server.sockets[0].getsockname()[1]
        return found

    async def cpu() -> float:
        return time.process_time()

    await obey({"port": port, "tap": telegram.tap, "first_poll": telegram.first_poll, "cpu": cpu})
    server.close()


if __name__ == "__main__":
    uvloop.run(main())
