"""The sandbox as a Python object: everything its control API can do, without HTTP."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from infra.sandbox.common.faults import Fault, FaultKind, Faults
from infra.sandbox.common.journal import Changes
from infra.sandbox.demo.environment import DemoEnvironment
from infra.sandbox.instagram.facade import SandboxInstagram
from infra.sandbox.telegram.bot_api import BotApi
from infra.sandbox.telegram.markup import Formatted, to_html
from infra.sandbox.telegram.model import ChatMessage, Content, GroupChat, Json
from infra.sandbox.telegram.rules import Rules
from infra.sandbox.telegram.world import BOT, ButtonTap, NewChat, Words, World

TOKEN = f"{BOT.id}:AAsandboxsandboxsandboxsandboxsandb"


@dataclass(frozen=True, slots=True)
class SandboxAddress:
    """Where a worker finds the sandbox, what a bot must know to be let in, and where people find the page."""

    url: str
    token: str = TOKEN
    pages: tuple[str, ...] = ()


class Sandbox:
    """A local Telegram, a local Instagram and people; with a demo around it, the page has switches for all of it."""

    def __init__(self, clock: Callable[[], float], rules: Rules, seed: int) -> None:
        self.telegram = World(rules)
        self.faults = Faults(Random(seed))
        self.clock = clock
        self.bot_api = BotApi(TOKEN, self.telegram, self.faults, clock)
        self.instagram = SandboxInstagram(clock, self.telegram.journal, seed)
        self.address = SandboxAddress("")
        self.environment: DemoEnvironment | None = None
        self.closing = False
        self._changes = Changes()
        self.telegram.journal.listeners += [self._changes.wake, self.bot_api.polls.wake, self.bot_api.pushing.wake]

    @property
    def url(self) -> str:
        """Scheme, host and port, as TELEGRAM_API_URL wants it."""
        return self.address.url

    @property
    def token(self) -> str:
        """The bot's token."""
        return self.address.token

    def create_chat(self, new: NewChat) -> GroupChat:
        """Make a chat in which the bot is a member."""
        return self.telegram.create_chat(new, self.clock())

    def tap(self, tap: ButtonTap) -> str:
        """Tap a button as a person and return the callback query's id; raises StageError if it is not shown."""
        return self.telegram.tap(tap, self.clock())

    def say(self, chat_id: int, user_id: int, text: str, seconds_ago: float = 0.0) -> ChatMessage:
        """Write into a chat as a person; of what was written before, Telegram keeps the rest of a day."""
        return self.telegram.say(Words(chat_id, user_id, text), self.clock() - seconds_ago)

    def show(self, words: Words) -> ChatMessage:
        """Send anything as a person: an answer, a photo with a caption."""
        return self.telegram.say(words, self.clock())

    def set_bot_membership(self, chat_id: int, user_id: int, is_member: bool) -> None:
        """Throw the bot out of a chat, or bring it back with the rights that it had."""
        chat = self.telegram.chat_for_stage(chat_id)
        back = "administrator" if chat.bot_is_admin and chat.kind != "private" else "member"
        self.set_bot_standing(chat_id, user_id, back if is_member else "kicked")

    def set_bot_standing(self, chat_id: int, user_id: int, standing: str) -> None:
        """Have a person make the bot an administrator or a member, remove it ("left") or ban it ("kicked")."""
        self.telegram.set_bot_standing(chat_id, user_id, standing, self.clock())

    def open_topic(self, chat_id: int, user_id: int) -> int:
        """Let a person begin a topic in a supergroup, and return its number."""
        return self.telegram.open_topic(chat_id, user_id, self.clock())

    def close_topic(self, chat_id: int, topic: int) -> None:
        """Have a topic take nothing more."""
        self.telegram.chat_for_stage(chat_id).topics[topic] = False

    def rename_bot(self, username: str) -> None:
        """Let the bot's owner rename it in BotFather."""
        self.telegram.rename_bot(username, self.clock())

    def upgrade(self, chat_id: int, user_id: int) -> GroupChat:
        """Let a person make a supergroup of a group; returns what it became."""
        return self.telegram.upgrade(chat_id, user_id, self.clock())

    def inject(self, kind: str, payload: Json) -> int | None:
        """Queue an update of any shape and return its id."""
        return self.telegram.inject(kind, payload, self.clock())

    def messages(self, chat_id: int) -> list[Json]:
        """Show every message of a chat with its history, the deleted ones too."""
        return [show_message(message) for message in self.telegram.chat_for_stage(chat_id).messages.values()]

    def toasts(self) -> dict[str, Json]:
        """Show by callback query id what each tap was answered with."""
        return {query.id: query.wire() for query in self.telegram.queries.by_id.values()}

    def set_fault(self, fault: Fault) -> int:
        """Switch a fault on and return its number; poison goes into the middle of the next `times` batches."""
        now = self.clock()
        number = self.faults.set(fault, now)
        if fault.kind is FaultKind.POISON:
            self.faults.clear(number)
            self.telegram.updates.poison_armed += fault.times or 1
        if fault.kind is FaultKind.NETWORK_OFF:
            self.bot_api.polls.disconnect()
        self.telegram.journal.record(now, "fault.set", number=number, fault=fault.kind.value)
        return number

    def clear_faults(self, number: int | None = None) -> None:
        """Switch one fault off, or all, and let go of the calls that hang."""
        self.faults.clear(number)
        self.bot_api.injector.wake()
        if number is None:
            self.telegram.updates.poison_armed = 0
        self.telegram.journal.record(self.clock(), "fault.cleared", number=number)

    def stats(self) -> Json:
        """Count calls by method, refusals by reason, bytes that came for nothing, and edits by message."""
        chats = self.telegram.chats.values()
        return {
            "calls": dict(self.bot_api.calls),
            "refusals": dict(self.bot_api.refusals),
            "abandoned": self.bot_api.abandoned,
            "abandoned_bytes": self.bot_api.abandoned_bytes,
            "conflicts": self.bot_api.polls.conflicts,
            "too_many_requests": self.bot_api.refusals["Too Many Requests"],
            "updates_waiting": len(self.telegram.updates),
            "updates_expired": self.telegram.updates.expired,
            "edits": {f"{chat.id}/{message.id}": message.edits for chat in chats for message in chat.messages.values()},
        }

    def close(self) -> None:
        """Let go of every call that waits."""
        self.closing = True
        self.bot_api.close()
        self.instagram.close()
        self._changes.wake()

    async def until(self, predicate: Callable[[], bool], timeout_seconds: float | None = None) -> None:
        """Return once the predicate holds, asked after each change; raises TimeoutError."""
        async with asyncio.timeout(timeout_seconds):
            await self._changes.until(predicate)


def show_message(message: ChatMessage) -> Json:
    """Write what a spectator sees of a message: now, and through its history."""
    appearances = [{"at": shown.at} | _show(shown.content) for shown in message.history]
    return {
        "chat_id": message.chat_id,
        "message_id": message.id,
        "from": message.sender.wire(),
        "reply_to": message.reply_to,
        "topic": message.topic,
        "at": message.history[0].at,
        "deleted_at": message.deleted_at,
        "edits": message.edits,
        "history": appearances,
    } | _show(message.content)


def _show(content: Content) -> Json:
    return {
        "kind": content.kind,
        "text": content.text,
        "html": to_html(Formatted(content.text, content.entities)),
        "buttons": [list(row) for row in content.keyboard],
        "media": content.media,
    }
