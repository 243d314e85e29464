"""The caption that a person saw above a button: kept as Telegram describes it, and HTML only once it is drawn again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import telegram

from infra.telegram.caption_text import speakable
from infra.telegram.errors import UNREADABLE

# What our cards are made of. Of a link python-telegram-bot does not escape the address, which could end its tag.
OURS = frozenset({telegram.MessageEntity.BOLD, telegram.MessageEntity.CODE})

_CHAT = telegram.Chat(1, telegram.Chat.GROUP)
_LONG_AGO = datetime.fromtimestamp(0, UTC)


def write_seen(message: Mapping[str, Any]) -> str:
    """Keep the caption of a raw message, with its formatting; empty if it has none."""
    caption = message.get("caption")
    return json.dumps([caption, message.get("caption_entities", [])]) if caption else ""


def seen_html(seen: str) -> str:
    """Return the caption as HTML; without its formatting if what Telegram says of that cannot be understood."""
    if not seen:
        return ""
    written, entities = json.loads(seen)
    caption = speakable(str(written))
    try:
        described = [telegram.MessageEntity.de_json(entity) for entity in entities]
        ours = [entity for entity in described if entity.type in OURS]
        shown = telegram.Message(1, _LONG_AGO, _CHAT, caption=caption, caption_entities=ours)
        return shown.caption_html
    except UNREADABLE:
        return telegram.Message(1, _LONG_AGO, _CHAT, caption=caption).caption_html
