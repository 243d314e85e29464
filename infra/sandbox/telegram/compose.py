"""From the arguments of a call to the content of a message, with everything that Telegram refuses on the way."""

from typing import Any

from infra.sandbox.telegram.arguments import Arguments
from infra.sandbox.telegram.markup import Formatted, cleaned, parse_html, trimmed, utf16_length
from infra.sandbox.telegram.model import InlineKeyboard, Json
from infra.sandbox.telegram.rules import CAPTION_LENGTH, TEXT_LENGTH, bad_request

BUTTONS_MOST = 100
ACTIONS = (
    "callback_data",
    "url",
    "copy_text",
    "web_app",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "login_url",
)


def formatted_text(arguments: Arguments) -> Formatted:
    """Return the text of a message; it may not be empty."""
    formatted = _formatted(arguments, "text", "entities")
    if not formatted.text:
        raise bad_request("message text is empty")
    if utf16_length(formatted.text) > TEXT_LENGTH:
        raise bad_request("message is too long")
    return formatted


def formatted_caption(arguments: Arguments) -> Formatted:
    """Return the caption of a message; its length counts after the markup was taken out."""
    formatted = _formatted(arguments, "caption", "caption_entities")
    if utf16_length(formatted.text) > CAPTION_LENGTH:
        raise bad_request("message caption is too long")
    return formatted


def keyboard(arguments: Arguments) -> InlineKeyboard:
    """Return the inline keyboard; other kinds of reply markup show no buttons on a message."""
    markup = arguments.structure("reply_markup")
    if markup is None:
        return ()
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    rows = markup.get("inline_keyboard", [])
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    if sum(len(row) for row in rows) > BUTTONS_MOST:
        raise bad_request("reply markup is too long")
    return tuple(tuple(_button(button) for button in row) for row in rows if row)


def _formatted(arguments: Arguments, name: str, entities_name: str) -> Formatted:
    source = cleaned(arguments.text(name))
    match arguments.text("parse_mode").lower():
        case "html":
            return parse_html(source)
        case "":
            return trimmed(Formatted(source, _entities(arguments.structure(entities_name))))
        case _:
            raise bad_request("unsupported parse_mode")


def _entities(given: object) -> tuple[Json, ...]:
    if given is None:
        return ()
    if not isinstance(given, list) or not all(_is_entity(entity) for entity in given):
        raise bad_request("can't parse entities: expected an Array of MessageEntity")
    return tuple(given)


def _is_entity(given: Any) -> bool:
    if not isinstance(given, dict) or not isinstance(given.get("type"), str):
        return False
    return isinstance(given.get("offset"), int) and isinstance(given.get("length"), int)


def _button(button: Any) -> Json:
    if not isinstance(button, dict):
        raise bad_request("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
    if not isinstance(button.get("text"), str) or not button["text"].strip():
        raise bad_request('can\'t parse inline keyboard button: field "text" must be of type String')
    if not any(name in button for name in ACTIONS):
        raise bad_request("can't parse inline keyboard button: text buttons are unallowed in the inline keyboard")
    if "callback_data" in button and not 1 <= len(str(button["callback_data"]).encode()) <= 64:
        raise bad_request("BUTTON_DATA_INVALID")
    if "url" in button and not str(button["url"]).startswith(("http://", "https://", "tg://")):
        raise bad_request(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
    if "copy_text" in button and not 1 <= len(button["copy_text"].get("text", "")) <= 256:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")
    return dict(button)
