"""What Telegram says about a tap and about an edit, as long and as deep as the real thing."""

from __future__ import annotations

import json
from typing import Any

BOT = {"id": 7000000001, "is_bot": True, "first_name": "everytap", "username": "everytap_bot"}
PHOTO = [
    {"file_id": f"AgACAgIAAxkDAAI{size:040d}", "file_unique_id": f"AQAD{size:012d}", "file_size": 90 * size}
    | {"width": 9 * size, "height": 16 * size}
    for size in (10, 36, 80)
]
CAPTION = "Sunset\n🗓 Wed 25 Feb, 18:30\n🧪 Dry run: nothing is published\n\nGolden hour over the harbour #sunset"
BUTTONS = (("Auto Post", "auto"), ("Posted", "posted"), ("Skip", "skip"), ("Reject", "reject"), ("Original", "orig"))


def message(chat_id: int, message_id: int, item_id: int, buttons: bool) -> dict[str, Any]:
    """A card as Telegram describes it."""
    shown: dict[str, Any] = {
        "message_id": message_id,
        "from": BOT,
        "chat": {"id": chat_id, "title": "Team", "type": "supergroup"},
        "date": 1772000000,
        "photo": PHOTO,
        "caption": CAPTION,
        "caption_entities": [{"offset": 0, "length": 6, "type": "bold"}, {"offset": 60, "length": 38, "type": "code"}],
    }
    if buttons:
        rows = [[{"text": text, "callback_data": f"{verb}:{item_id}:0"}] for text, verb in BUTTONS]
        shown["reply_markup"] = {"inline_keyboard": rows}
    return shown


def tap(update_id: int, tap_id: str, card: tuple[int, int, int]) -> bytes:
    """Somebody taps Skip on the card (chat, message, item)."""
    chat_id, message_id, item_id = card
    person = {"id": 100_000 + item_id, "is_bot": False, "first_name": "Anna", "language_code": "en"}
    query = {
        "id": tap_id,
        "from": person,
        "message": message(chat_id, message_id, item_id, buttons=True),
        "chat_instance": "-4711471147114711471",
        "data": f"skip:{item_id}:0",
    }
    return json.dumps({"update_id": update_id, "callback_query": query}).encode()


def edited(chat_id: int, message_id: int) -> bytes:
    """The answer to an edit."""
    return json.dumps({"ok": True, "result": message(chat_id, message_id, 0, buttons=False)}).encode()
