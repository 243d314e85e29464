"""The state of the fake Telegram: pure, told the time in seconds by its caller."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from infra.sandbox.common.journal import Journal
from infra.sandbox.telegram.arguments import ReceivedFile
from infra.sandbox.telegram.files import FileStore
from infra.sandbox.telegram.limits import Limits
from infra.sandbox.telegram.markup import utf16_length
from infra.sandbox.telegram.model import (
    NOWHERE_ELSE,
    ChatMessage,
    Content,
    GroupChat,
    Json,
    MessagePlace,
    ShownContent,
    User,
    member_wire,
)
from infra.sandbox.telegram.queries import Queries, QueryAnswer
from infra.sandbox.telegram.rules import NOT_MODIFIED, BotApiError, Rules, StageError, bad_request, moved
from infra.sandbox.telegram.updates import UpdateQueue
from infra.sandbox.telegram.webhooks import WebhookState

BOT = User(123456, "everytap", "everytap_sandbox_bot", is_bot=True)
STANDINGS = ("administrator", "member", "left", "kicked")
COMMAND = re.compile(r"(?:(?<=\s)|^)/[A-Za-z0-9_]{1,32}(?:@[A-Za-z0-9_]+)?")


@dataclass(frozen=True, slots=True)
class ButtonTap:
    """A finger on a button, known by its text or its callback data; `force` taps what is no longer shown."""

    chat_id: int
    message_id: int
    user_id: int
    button: str
    force: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """What a person writes, or a photo, video or document with these words as its caption."""

    chat_id: int
    user_id: int
    text: str
    reply_to: int | None = None
    upload: ReceivedFile | None = None
    kind: str = "text"
    topic: int | None = None


@dataclass(frozen=True, slots=True)
class NewChat:
    """A chat to be made; without an id it gets the next free one."""

    title: str
    people: Sequence[User] = ()
    kind: str = "supergroup"
    id: int | None = None


class World:
    """Chats, people, messages, taps and updates, under Telegram's rules."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()
        self.chats: dict[int, GroupChat] = {}
        self.people: dict[int, User] = {}
        self.files = FileStore()
        self.journal = Journal()
        self.limits = Limits(self.rules)
        self.queries = Queries(self.rules)
        self.updates = UpdateQueue(self.rules)
        self.commands: list[object] = []
        self.bot = BOT
        self.webhook: WebhookState | None = None

    def create_chat(self, new: NewChat, now: float) -> GroupChat:
        """Make a chat in which the bot is already a member; a private one has its person's id."""
        people = {person.id: person for person in new.people}
        if new.kind not in ("group", "supergroup", "private"):
            raise StageError(f"A chat is a group, a supergroup or private, not {new.kind!r}.")
        if new.kind == "private" and len(people) != 1:
            raise StageError("A private chat has exactly one person.")
        chat_id = next(iter(people)) if new.kind == "private" else new.id or self._free_chat_id(new.kind)
        if chat_id in self.chats:
            raise StageError(f"There is a chat {chat_id} already.")
        self.chats[chat_id] = chat = GroupChat(chat_id, new.kind, new.title, people)
        self.people |= people
        self.journal.record(now, "chat.created", chat_id=chat_id, title=new.title)
        return chat

    def tap(self, tap: ButtonTap, now: float) -> str:
        """Press a button and return the id of the callback query."""
        chat, person = self.chat_for_stage(tap.chat_id), self._person(tap.user_id)
        message = chat.messages.get(tap.message_id)
        if message is None or (message.deleted_at is not None and not tap.force):
            raise StageError(f"There is no message {tap.message_id} in chat {tap.chat_id}.")
        callback_data = tap.button if tap.force else message.content.pressed(tap.button)
        query = self.queries.open(person, (chat.id, message.id), callback_data, now)
        shown = chat.message_wire(message)
        if message.deleted_at is not None:
            shown = {"chat": chat.wire(), "message_id": message.id, "date": 0}
        payload: Json = {"id": query.id, "from": person.wire(), "message": shown}
        payload |= {"chat_instance": chat.instance, "data": callback_data}
        self.updates.push("callback_query", payload, now)
        place = {"chat_id": chat.id, "message_id": message.id, "user_id": person.id}
        self.journal.record(now, "tap", query_id=query.id, callback_data=callback_data, **place)
        return query.id

    def say(self, words: Words, now: float) -> ChatMessage:
        """Let a person write into a chat at this moment, or before; commands are marked as such."""
        chat, person = self.chat_for_stage(words.chat_id), self._person(words.user_id)
        entities = tuple(
            {
                "type": "bot_command",
                "offset": utf16_length(words.text[: found.start()]),
                "length": len(found.group()),
            }
            for found in COMMAND.finditer(words.text)
        )
        media = None if words.upload is None else self.files.media(words.kind, words.upload)
        content = Content(words.kind, words.text, entities, media)
        message = self._add(chat, person, ShownContent(now, content), MessagePlace(words.reply_to, words.topic))
        if self._reaches_bot(chat, message):
            self.updates.push("message", chat.message_wire(message), now)
        place = {"chat_id": chat.id, "message_id": message.id, "user_id": person.id}
        self.journal.record(now, "said", text=words.text, **place)
        return message

    def _reaches_bot(self, chat: GroupChat, message: ChatMessage) -> bool:
        """In a group where it has no rights, a bot hears commands and answers to its own messages only.

        https://core.telegram.org/bots/features#privacy-mode
        """
        if not chat.bot_is_member or chat.kind == "private" or chat.bot_is_admin:
            return chat.bot_is_member
        original = chat.messages.get(message.reply_to or 0)
        return bool(message.content.entities) or (original is not None and original.sender is BOT)

    def set_bot_standing(self, chat_id: int, user_id: int, standing: str, now: float) -> None:
        """Let a person bring the bot into a chat, throw it out, or give it or take its rights."""
        chat, person = self.chat_for_stage(chat_id), self._person(user_id)
        if standing not in STANDINGS:
            raise StageError(f"A bot is one of {', '.join(STANDINGS)}, not {standing!r}.")
        change: Json = {"chat": chat.wire(), "from": person.wire(), "date": int(now)}
        change |= {
            "old_chat_member": member_wire(BOT, chat.bot_standing),
            "new_chat_member": member_wire(BOT, standing),
        }
        chat.bot_is_member = standing in ("administrator", "member")
        chat.bot_was_kicked = standing == "kicked"
        if chat.bot_is_member:
            chat.bot_is_admin = standing == "administrator"
        self.updates.push("my_chat_member", change, now)
        event = "bot.joined" if chat.bot_is_member else "bot.left"
        self.journal.record(now, event, chat_id=chat_id, user_id=user_id, standing=standing)

    def upgrade(self, chat_id: int, user_id: int, now: float) -> GroupChat:
        """Make a supergroup of a group: another id and no messages; from both sides Telegram tells of the other one.

        https://core.telegram.org/bots/api#message, migrate_to_chat_id
        """
        old, person = self.chat_for_stage(chat_id), self._person(user_id)
        if old.kind != "group" or old.moved_to is not None:
            raise StageError(f"Chat {chat_id} is no group that can become a supergroup.")
        new = self.create_chat(NewChat(old.title, list(old.people.values())), now)
        old.moved_to = new.id
        for chat, told in ((old, {"migrate_to_chat_id": new.id}), (new, {"migrate_from_chat_id": old.id})):
            message = self._add(chat, person, ShownContent(now, Content("text")))
            self.updates.push("message", chat.message_wire(message) | told, now)
        return new

    def inject(self, kind: str, payload: Json, now: float) -> int | None:
        """Queue any update at all, as broken as the caller likes."""
        update_id = self.updates.push(kind, payload, now)
        self.journal.record(now, "update.injected", update_id=update_id, update=kind)
        return update_id

    def rename_bot(self, username: str, now: float) -> None:
        """Let its owner give the bot another name in BotFather; the bot is not told."""
        self.bot = replace(self.bot, username=username)
        self.journal.record(now, "bot.renamed", username=username)

    def set_webhook(self, webhook: WebhookState | None, drop_waiting: bool, now: float) -> None:
        """Bring updates there from now on; None: keep them for polls. One that is set already goes on."""
        if drop_waiting:
            self.updates.clear()
        if webhook is not None and webhook.allowed is not None:
            self.updates.allow(webhook.allowed)
        if not (webhook and self.webhook and self.webhook.is_as(webhook)):
            self.webhook = webhook
        self.journal.record(now, "webhook.set" if webhook else "webhook.deleted")

    def webhook_wire(self) -> Json:
        """Write a WebhookInfo."""
        known = self.webhook.wire() if self.webhook else {"url": "", "has_custom_certificate": False}
        known["pending_update_count"] = len(self.updates)
        return known | ({"allowed_updates": sorted(self.updates.allowed)} if self.updates.allowed else {})

    def open_topic(self, chat_id: int, user_id: int, now: float) -> int:
        """Let a person begin a topic, which makes a forum of a supergroup; returns its number."""
        chat, person = self.chat_for_stage(chat_id), self._person(user_id)
        topic = self._add(chat, person, ShownContent(now, Content("text"))).id
        chat.messages[topic].topic, chat.topics[topic] = topic, True
        self.journal.record(now, "topic.opened", chat_id=chat_id, topic=topic)
        return topic

    def send(self, chat_id: str, content: Content, now: float, place: MessagePlace = NOWHERE_ELSE) -> Json:
        """Send a message as the bot; without a topic it goes to General, whatever it answers."""
        chat = self.chat(chat_id)
        if refusal := chat.refusal_of_topic(place.topic):
            raise bad_request(refusal)
        if place.reply_to is not None and place.reply_to not in chat.messages:
            raise bad_request("message to be replied not found")
        self.limits.spend(chat, now)
        message = self._add(chat, BOT, ShownContent(now, content), place)
        self.journal.record(now, "message.sent", chat_id=chat.id, message_id=message.id, message_kind=content.kind)
        return chat.message_wire(message)

    def edit(self, place: tuple[str, int], change: Callable[[Content], Content], now: float) -> Json:
        """Change a message of the bot; raises the 400 of a message that is gone, foreign or unchanged.

        A group that has moved refuses sends alone: Client.cpp:8150 in tdlib/telegram-bot-api.
        """
        chat = self.chat(place[0], writes=False)
        message = chat.messages.get(place[1])
        if message is None or message.deleted_at is not None:
            raise bad_request("message to edit not found")
        if message.sender is not BOT:
            raise bad_request("message can't be edited")
        content = change(message.content)
        self.limits.spend(chat, now)
        if content == message.content:
            raise bad_request(NOT_MODIFIED)
        message.show(content, now)
        self.journal.record(now, "message.edited", chat_id=chat.id, message_id=message.id, edit=message.edits)
        return chat.message_wire(message)

    def delete(self, place: tuple[str, int], now: float) -> bool:
        """Delete a message; Telegram keeps no trace, the sandbox does."""
        chat = self.chat(place[0])
        message = chat.messages.get(place[1])
        if message is None or message.deleted_at is not None:
            raise bad_request("message to delete not found")
        message.deleted_at = now
        self.journal.record(now, "message.deleted", chat_id=chat.id, message_id=message.id)
        return True

    def answer(self, query_id: str, answer: QueryAnswer) -> bool:
        """Show a toast to the person who tapped."""
        try:
            query = self.queries.answer(query_id, answer)
        except BotApiError as refusal:
            self.journal.record(answer.at, "answer.refused", query_id=query_id, reason=refusal.description)
            raise
        self.journal.record(answer.at, "answered", query_id=query.id, text=answer.text, alert=answer.alert)
        return True

    def chat(self, chat_id: str, *, writes: bool = True) -> GroupChat:
        """Find a chat as the bot names it; raises what Telegram says to a bot that has no business there."""
        if not chat_id:
            raise bad_request("chat_id is empty")
        chat = self.chats.get(int(chat_id)) if chat_id.removeprefix("-").isdecimal() else None
        if chat is None:
            raise bad_request("chat not found")
        if writes and chat.moved_to is not None:
            raise moved(chat.moved_to)
        if not chat.bot_is_member:
            if chat.kind == "private":
                raise BotApiError(403, "Forbidden: bot was blocked by the user")
            ending = "was kicked from" if chat.bot_was_kicked else "is not a member of"
            raise BotApiError(403, f"Forbidden: bot {ending} the {chat.kind} chat")
        return chat

    def chat_for_stage(self, chat_id: int) -> GroupChat:
        """Find a chat as the people know it."""
        if chat_id not in self.chats:
            raise StageError(f"There is no chat {chat_id}.")
        return self.chats[chat_id]

    def _person(self, user_id: int) -> User:
        if user_id not in self.people:
            raise StageError(f"There is no person with the id {user_id}.")
        return self.people[user_id]

    def _free_chat_id(self, kind: str) -> int:
        first = -1_000_000_000_000 if kind == "supergroup" else -1_000
        return first - 1 - len(self.chats)

    def _add(self, chat: GroupChat, sender: User, shown: ShownContent, at: MessagePlace = NOWHERE_ELSE) -> ChatMessage:
        chat.last_message_id += 1
        message = ChatMessage(chat.id, chat.last_message_id, sender, [shown], at.reply_to, at.topic)
        chat.messages[message.id] = message
        return message
