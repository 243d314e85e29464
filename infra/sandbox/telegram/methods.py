"""The Bot API's methods, one function each, and the table by which they are called.

https://core.telegram.org/bots/api#available-methods
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from infra.sandbox.telegram.arguments import Arguments
from infra.sandbox.telegram.compose import formatted_caption, formatted_text, keyboard
from infra.sandbox.telegram.files import ToldOfFilm
from infra.sandbox.telegram.model import Content, Json, MessagePlace, member_wire
from infra.sandbox.telegram.queries import QueryAnswer
from infra.sandbox.telegram.rules import bad_request
from infra.sandbox.telegram.webhooks import read_webhook
from infra.sandbox.telegram.world import BOT, World

BOT_ABILITIES = (
    "can_join_groups",
    "can_read_all_group_messages",
    "supports_inline_queries",
    "can_connect_to_business",
    "has_main_web_app",
)
MEMBER_RIGHTS = ("can_send_messages", "can_send_polls", "can_send_other_messages", "can_add_web_page_previews")
MEDIA_RIGHTS = ("can_send_audios", "can_send_documents", "can_send_photos", "can_send_videos")
GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")


@dataclass(frozen=True, slots=True)
class MethodCall:
    """One call of one method at one moment."""

    world: World
    arguments: Arguments
    now: float

    def send(self, content: Content) -> Json:
        """Send to the chat that the call names."""
        topic = self.arguments.integer("message_thread_id") or None
        return self.world.send(self.arguments.text("chat_id"), content, self.now, MessagePlace(self._reply_to(), topic))

    def edit(self, change: Callable[[Content], Content]) -> Json:
        """Edit the message that the call names."""
        return self.world.edit(self.place(), change, self.now)

    def place(self) -> tuple[str, int]:
        """Return which message of which chat is meant."""
        return self.arguments.text("chat_id"), self.arguments.integer("message_id")

    def _reply_to(self) -> int | None:
        given = self.arguments.structure("reply_parameters")
        message_id = (
            given.get("message_id") if isinstance(given, dict) else self.arguments.integer("reply_to_message_id")
        )
        if not message_id:
            return None
        chat = self.world.chat(self.arguments.text("chat_id"))
        lenient = isinstance(given, dict) and given.get("allow_sending_without_reply")
        return None if lenient and message_id not in chat.messages else int(message_id)


def get_me(call: MethodCall) -> Json:
    """Tell who the bot is."""
    return (
        call.world.bot.wire()
        | dict.fromkeys(BOT_ABILITIES, False)
        | {"can_join_groups": True, "can_read_all_group_messages": True}
    )


def send_message(call: MethodCall) -> Json:
    """Send a text."""
    formatted = formatted_text(call.arguments)
    return call.send(Content("text", formatted.text, formatted.entities, None, keyboard(call.arguments)))


def send_photo(call: MethodCall) -> Json:
    """Send a photo."""
    return _send_media(call, "photo")


def send_video(call: MethodCall) -> Json:
    """Send a video."""
    return _send_media(call, "video")


def send_document(call: MethodCall) -> Json:
    """Send a file as it is."""
    return _send_media(call, "document")


def _send_media(call: MethodCall, kind: str) -> Json:
    formatted = formatted_caption(call.arguments)
    buttons = keyboard(call.arguments)
    chat = call.world.chat(call.arguments.text("chat_id"))
    if not (chat.bot_is_admin or chat.members_may_send_media):
        raise bad_request(f"not enough rights to send {kind}s to the chat")
    media = call.world.files.media(kind, call.arguments.file(kind), _told_of_film(call.arguments))
    return call.send(Content(kind, formatted.text, formatted.entities, media, buttons))


def _told_of_film(arguments: Arguments) -> ToldOfFilm:
    width, height, seconds = (max(0, arguments.integer(name)) for name in ("width", "height", "duration"))
    thumbnail = arguments.file("thumbnail")
    return ToldOfFilm(width, height, seconds, thumbnail)


def edit_message_text(call: MethodCall) -> Json:
    """Change the text; without a keyboard in the call the message loses the one it had."""
    formatted = formatted_text(call.arguments)
    buttons = keyboard(call.arguments)

    def change(content: Content) -> Content:
        if content.kind != "text":
            raise bad_request("there is no text in the message to edit")
        return replace(content, text=formatted.text, entities=formatted.entities, keyboard=buttons)

    return call.edit(change)


def edit_message_caption(call: MethodCall) -> Json:
    """Change the caption; without a keyboard in the call the message loses the one it had."""
    formatted = formatted_caption(call.arguments)
    buttons = keyboard(call.arguments)

    def change(content: Content) -> Content:
        if content.kind == "text":
            raise bad_request("there is no caption in the message to edit")
        return replace(content, text=formatted.text, entities=formatted.entities, keyboard=buttons)

    return call.edit(change)


def edit_message_reply_markup(call: MethodCall) -> Json:
    """Change the buttons only."""
    buttons = keyboard(call.arguments)
    return call.edit(lambda content: replace(content, keyboard=buttons))


def edit_message_media(call: MethodCall) -> Json:
    """Put another file, with its caption, in the place of the one shown."""
    given = call.arguments.structure("media")
    if not isinstance(given, dict) or given.get("type") not in ("photo", "video", "document"):
        raise bad_request("can't parse InputMedia")
    inner = Arguments(given, call.arguments.uploads)
    formatted = formatted_caption(inner)
    media = call.world.files.media(given["type"], inner.attached(inner.text("media")))
    content = Content(given["type"], formatted.text, formatted.entities, media, keyboard(call.arguments))
    return call.edit(lambda _: content)


def delete_message(call: MethodCall) -> bool:
    """Delete a message."""
    return call.world.delete(call.place(), call.now)


def answer_callback_query(call: MethodCall) -> bool:
    """Show a toast, or an alert, to the person who tapped."""
    arguments = call.arguments
    answer = QueryAnswer(call.now, arguments.text("text"), arguments.flag("show_alert"))
    return call.world.answer(arguments.text("callback_query_id"), answer)


def get_chat(call: MethodCall) -> Json:
    """Describe a chat."""
    chat = call.world.chat(call.arguments.text("chat_id"))
    gifts = dict.fromkeys(GIFTS, False)
    described = chat.wire() | {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": gifts}
    if chat.kind == "private":
        return described
    media = dict.fromkeys(MEDIA_RIGHTS, chat.members_may_send_media)
    return described | {"permissions": dict.fromkeys(MEMBER_RIGHTS, True) | media}


def get_chat_member(call: MethodCall) -> Json:
    """Tell what a person is in a chat."""
    chat = call.world.chat(call.arguments.text("chat_id"))
    user_id = call.arguments.integer("user_id")
    if user_id == BOT.id:
        return member_wire(BOT, "administrator" if chat.bot_is_admin else "member")
    if user_id not in call.world.people:
        raise bad_request("invalid user_id specified")
    return {"user": call.world.people[user_id].wire(), "status": "member" if user_id in chat.people else "left"}


def get_chat_member_count(call: MethodCall) -> int:
    """Count the people of a chat, the bot among them."""
    return len(call.world.chat(call.arguments.text("chat_id")).people) + 1


def set_my_commands(call: MethodCall) -> bool:
    """Remember the list of commands."""
    commands = call.arguments.structure("commands")
    if not isinstance(commands, list):
        raise bad_request("can't parse commands JSON object")
    call.world.commands = commands
    return True


def get_my_commands(call: MethodCall) -> list[Any]:
    """Return the list of commands."""
    return call.world.commands


def set_webhook(call: MethodCall) -> bool:
    """Have updates brought to an address; without one as deleteWebhook."""
    webhook = read_webhook(call.arguments)
    call.world.set_webhook(webhook, call.arguments.flag("drop_pending_updates"), call.now)
    return True


def delete_webhook(call: MethodCall) -> bool:
    """Keep updates for the next poll."""
    call.world.set_webhook(None, call.arguments.flag("drop_pending_updates"), call.now)
    return True


def get_webhook_info(call: MethodCall) -> Json:
    """Tell which webhook there is, how it goes, and how many updates wait."""
    return call.world.webhook_wire()


def get_file(call: MethodCall) -> Json:
    """Tell where a file can be downloaded."""
    return call.world.files.wire(call.arguments.text("file_id"))


METHODS: dict[str, Callable[[MethodCall], object]] = {
    "getMe": get_me,
    "sendMessage": send_message,
    "sendPhoto": send_photo,
    "sendVideo": send_video,
    "sendDocument": send_document,
    "editMessageText": edit_message_text,
    "editMessageCaption": edit_message_caption,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "editMessageMedia": edit_message_media,
    "deleteMessage": delete_message,
    "answerCallbackQuery": answer_callback_query,
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "getChatMemberCount": get_chat_member_count,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
    "getFile": get_file,
}
