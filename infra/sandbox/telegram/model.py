"""People, chats and messages, and how the Bot API writes them."""

from dataclasses import dataclass, field
from typing import Any

from infra.sandbox.telegram.rules import StageError

Json = dict[str, Any]
InlineKeyboard = tuple[tuple[Json, ...], ...]

HISTORY_LENGTH = 200
CAPTION_OF = {"text": "text", "photo": "caption", "video": "caption", "document": "caption"}
ENTITIES_OF = {
    "text": "entities",
    "photo": "caption_entities",
    "video": "caption_entities",
    "document": "caption_entities",
}

ADMINISTRATOR_RIGHTS = (
    "can_be_edited",
    "is_anonymous",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_pin_messages",
)


@dataclass(frozen=True, slots=True)
class User:
    """A holder of a Telegram account; bots are people too."""

    id: int
    name: str
    username: str | None = None
    is_bot: bool = False

    def wire(self) -> Json:
        """Write a User."""
        user: Json = {"id": self.id, "is_bot": self.is_bot, "first_name": self.name}
        if self.username:
            user["username"] = self.username
        if not self.is_bot:
            user["language_code"] = "en"
        return user


@dataclass(frozen=True, slots=True)
class Content:
    """What a message shows; two equal contents look the same on every screen."""

    kind: str
    text: str = ""
    entities: tuple[Json, ...] = ()
    media: Any = None
    keyboard: InlineKeyboard = ()

    def wire(self) -> Json:
        """Write the part of a Message that an edit can change."""
        shown: Json = {} if self.kind == "text" else {self.kind: self.media}
        if self.text:
            shown[CAPTION_OF[self.kind]] = self.text
        if self.entities:
            shown[ENTITIES_OF[self.kind]] = list(self.entities)
        if self.keyboard:
            shown["reply_markup"] = {"inline_keyboard": [list(row) for row in self.keyboard]}
        return shown

    def pressed(self, button: str) -> str:
        """Return the data of a button that is shown now, by its text or its data."""
        for shown in self.buttons():
            if "callback_data" in shown and button in (shown["text"], shown["callback_data"]):
                return str(shown["callback_data"])
        raise StageError(f"There is no button {button!r} on the message now.")

    def buttons(self) -> list[Json]:
        """Return the buttons row by row."""
        return [button for row in self.keyboard for button in row]


@dataclass(frozen=True, slots=True)
class ShownContent:
    """One appearance of a message, and since when."""

    at: float
    content: Content


@dataclass(frozen=True, slots=True)
class MessagePlace:
    """Where in a chat a message stands: what it answers, and in which topic; neither: in General, or there is none."""

    reply_to: int | None = None
    topic: int | None = None


NOWHERE_ELSE = MessagePlace()


@dataclass(slots=True)
class ChatMessage:
    """A message with every appearance that it had; the first one is how it was sent."""

    chat_id: int
    id: int
    sender: User
    history: list[ShownContent]
    reply_to: int | None = None
    topic: int | None = None
    deleted_at: float | None = None
    edits: int = 0

    @property
    def content(self) -> Content:
        """What it shows now."""
        return self.history[-1].content

    def show(self, content: Content, now: float) -> None:
        """Change the appearance; of a very long history the second oldest is forgotten."""
        self.edits += 1
        self.history.append(ShownContent(now, content))
        if len(self.history) > HISTORY_LENGTH:
            del self.history[1]


@dataclass(slots=True)
class GroupChat:
    """A group, a supergroup or a private chat."""

    id: int
    kind: str
    title: str
    people: dict[int, User]
    bot_is_member: bool = True
    bot_was_kicked: bool = False
    bot_is_admin: bool = True
    members_may_send_media: bool = True
    moved_to: int | None = None  # the supergroup that it became
    topics: dict[int, bool] = field(default_factory=dict)  # whether each but General is open; any makes it a forum
    messages: dict[int, ChatMessage] = field(default_factory=dict)
    last_message_id: int = 0

    @property
    def bot_standing(self) -> str:
        """What the bot is here, in the words of a ChatMember."""
        if not self.bot_is_member:
            return "kicked" if self.bot_was_kicked else "left"
        return "administrator" if self.bot_is_admin and self.kind != "private" else "member"

    def refusal_of_topic(self, topic: int | None) -> str | None:
        """Say why the bot may not send there: Client.cpp:8256-8290 in tdlib/telegram-bot-api; None: it may."""
        if topic is None:
            return None
        if topic not in self.topics:
            return "message thread not found"
        return None if self.topics[topic] else "TOPIC_CLOSED"

    @property
    def instance(self) -> str:
        """The chat_instance of its callback queries."""
        return str(abs(self.id) * 7919 % 2**63)

    def wire(self) -> Json:
        """Write a Chat."""
        if self.kind != "private":
            group: Json = {"id": self.id, "type": self.kind, "title": self.title}
            return group | ({"is_forum": True} if self.topics else {})
        person = self.people[self.id]
        named: Json = {"id": self.id, "type": "private", "first_name": person.name}
        return named | ({"username": person.username} if person.username else {})

    def message_wire(self, message: ChatMessage) -> Json:
        """Write a Message as it looks now."""
        wire = self._heading(message)
        if message.edits:
            wire["edit_date"] = int(message.history[-1].at)
        original = self.messages.get(message.reply_to or 0)
        if original is not None:
            wire["reply_to_message"] = self._heading(original) | original.content.wire()
        return wire | message.content.wire()

    def _heading(self, message: ChatMessage) -> Json:
        sent_at = int(message.history[0].at)
        heading = {"message_id": message.id, "from": message.sender.wire(), "chat": self.wire(), "date": sent_at}
        return heading | self._thread(message)

    def _thread(self, message: ChatMessage) -> Json:
        """Write a topic, or the thread of replies that each supergroup has; Client.cpp:4126."""
        if message.topic is not None:
            return {"message_thread_id": message.topic, "is_topic_message": True}
        if self.kind != "supergroup" or message.reply_to is None or self.topics:
            return {}
        first = message
        while first.reply_to is not None and first.reply_to in self.messages:
            first = self.messages[first.reply_to]
        return {"message_thread_id": first.id}


def member_wire(person: User, standing: str) -> Json:
    """Write a ChatMember: an administrator has each right in it, given or not."""
    member: Json = {"user": person.wire(), "status": standing}
    if standing == "administrator":
        return member | dict.fromkeys(ADMINISTRATOR_RIGHTS, False)
    return member | ({"until_date": 0} if standing == "kicked" else {})


def item_named(callback_data: str) -> int | None:
    """Read the number of its item in a button of the worker, `verb:item:…` in base 36; None: it is not ours."""
    fields = callback_data.split(":")
    try:
        return int(fields[1], 36) if len(fields) > 3 else None
    except ValueError:
        return None
