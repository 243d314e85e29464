"""One raw update as what it means to us; the caller sorts out what cannot be read. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import telegram
from telegram.constants import ChatType

from actors.domain.group_ids import GroupKind
from actors.domain.item import Action, Person
from actors.domain.membership import BotMembership
from actors.domain.taps import AskAboutDoubt, AskToReject, KeepIt, LeaveIt, NotYours, Press, Pressed, SendOriginal, Tap
from actors.domain.updates import Membership, Moved, Other, Said, Unknown, Update
from infra.telegram.callback_data import PERSONAL, ButtonVerb, Meaning, decode
from infra.telegram.caption_text import clip, one_line, speakable
from infra.telegram.received_caption import write_seen

# The list is sticky at Telegram's side and shared by an old and a new worker: it is always the same.
ALLOWED = ("callback_query", "message", "my_chat_member")
NO_ID = -1
OWN_ID = re.compile(r"/bot([0-9]{1,18}):", re.ASCII)
LARGEST_ID = 2**63 - 1  # of a bigint; Telegram's own have 52 bits at most
LONGEST_KEY = 128  # characters of a callback query's id: it becomes the key of a row
ACTIONS = {
    ButtonVerb.AUTO_POST: Action.AUTO_POST,
    ButtonVerb.POSTED: Action.POSTED,
    ButtonVerb.SKIP: Action.SKIP,
    ButtonVerb.CONFIRM_REJECT: Action.REJECT,
    ButtonVerb.LIVE: Action.IT_IS_LIVE,
    ButtonVerb.NOT_LIVE: Action.IT_IS_NOT,
    ButtonVerb.CONFIRM_LIVE: Action.IT_IS_LIVE,
    ButtonVerb.CONFIRM_NOT_LIVE: Action.IT_IS_NOT,
}


@dataclass(frozen=True, slots=True)
class Sight:
    """Which update it is, when we saw it first, whether an earlier process may have, and who we are."""

    update_id: int
    at: float
    redelivered: bool
    own_id: int | None = None


def label(raw: object) -> tuple[int, str]:
    """Find out what can be said of any update: its id, and which of the kinds that we asked for it is."""
    if not isinstance(raw, dict):
        return NO_ID, "not an object"
    update_id = raw.get("update_id")
    kind = next((kind for kind in ALLOWED if kind in raw), "another kind")
    return (update_id if type(update_id) is int and 0 <= update_id <= LARGEST_ID else NO_ID), kind


def meaning_of(raw: dict[str, Any], sight: Sight) -> Update:
    query = raw.get("callback_query")
    if query is not None:
        return _pressed(query, sight)
    member = raw.get("my_chat_member")
    if member is not None:
        return _membership(member, sight)
    update = telegram.Update.de_json(raw)
    if update.message is not None:
        return _moved(update.message, sight) or _said(update.message, sight)
    return Other(sight.update_id, "another kind")


def _membership(raw: object, sight: Sight) -> Membership:
    """Read from the raw one: python-telegram-bot has a class for each word, and refuses what it misses in any."""
    match raw:
        case {
            "chat": {"id": chat_id, "type": kind},
            "from": {"id": user_id},
            "old_chat_member": dict(before),
            "new_chat_member": dict(after),
        }:
            return Membership(
                sight.update_id,
                _id(chat_id),
                GroupKind(kind),
                _id(user_id),
                _standing(before),
                _standing(after),
                sight.at,
            )
        case _:
            raise TypeError


def _standing(member: dict[str, Any]) -> BotMembership:
    standing = BotMembership(member.get("status"))
    if standing is BotMembership.RESTRICTED and member.get("is_member") is not True:
        return BotMembership.LEFT
    return standing


def _moved(message: telegram.Message, sight: Sight) -> Moved | None:
    """Telegram tells it twice: in the group that was, and in the supergroup that is."""
    if message.migrate_to_chat_id is not None:
        return Moved(sight.update_id, _id(message.chat.id), _id(message.migrate_to_chat_id))
    if message.migrate_from_chat_id is not None:
        return Moved(sight.update_id, _id(message.migrate_from_chat_id), _id(message.chat.id))
    return None


def _said(message: telegram.Message, sight: Sight) -> Update:
    media = any((message.photo, message.video, message.animation, message.document, message.video_note))
    text = message.caption or "" if media else message.text
    if text is None or message.from_user is None:
        return Other(sight.update_id, "message without text or sender")
    return Said(
        sight.update_id,
        _id(message.chat.id),
        _id(message.message_id),
        _person(message.from_user),
        speakable(text),
        private=message.chat.type == ChatType.PRIVATE,
        at=sight.at,
        redelivered=sight.redelivered,
        sent_at=message.date,
        media=media,
        to_us=_answers(message, sight.own_id),
        topic=_topic(message.message_thread_id, message.is_topic_message),
    )


def _topic(thread_id: object, is_topic: object) -> int | None:
    """Name the topic of a message: one that only answers another one in a group has a thread, too, and no topic.

    https://core.telegram.org/bots/api#message, is_topic_message
    """
    return _id(thread_id) if is_topic is True and thread_id is not None else None


def _answers(message: telegram.Message, own_id: int | None) -> bool:
    """Tell whether it is a reply to a message of ours."""
    original = message.reply_to_message
    author = None if original is None else original.from_user
    return author is not None and own_id is not None and author.id == own_id


def read_own_id(url: str) -> int | None:
    """Read our own id: it is the number with which a token begins."""
    found = OWN_ID.search(url)
    return int(found[1]) if found else None


def _pressed(raw: dict[str, Any], sight: Sight) -> Pressed | Unknown:
    """Read a press. Of the message under the button only what is needed: the rest would take most of the time."""
    query = telegram.CallbackQuery.de_json({name: value for name, value in raw.items() if name != "message"})
    person = _person(query.from_user)
    meaning = decode(query.data or "")
    message: Any = raw.get("message")
    if meaning is None:
        return _unknown(query, person, message, sight)
    match message:
        case {"message_id": int() as message_id, "chat": {"id": int() as chat_id}}:
            press = Press(
                id=_key(query.id),
                update_id=sight.update_id,
                item_id=meaning.item_id,
                version=meaning.version,
                chat_id=_id(chat_id),
                message_id=_id(message_id),
                person=person,
                seen=write_seen(message),
                at=sight.at,
                redelivered=sight.redelivered,
                mark=meaning.mark,
                shown=meaning.mark is not None and _shows(message, meaning),
                topic=_topic(message.get("message_thread_id"), message.get("is_topic_message")),
            )
            return pressed_as(meaning, press)
        case None:
            return _unknown(query, person, None, sight)
        case _:
            raise TypeError


def _unknown(query: telegram.CallbackQuery, person: Person, message: Any, sight: Sight) -> Unknown:
    """Of what is not ours only what answers and explains it is read, so that nothing in it can be wrong."""
    known = (sight.update_id, _key(query.id), person)
    match message:
        case {"message_id": int() as message_id, "chat": {"id": int() as chat_id}}:
            return Unknown(
                *known, _id(chat_id), _id(message_id), "not one of ours" if query.data else "no data", sight.at
            )
        case _:
            return Unknown(*known, None, None, "no message of ours", sight.at)


def _shows(message: dict[str, Any], meaning: Meaning) -> bool:
    """Tell whether the message has a button of this very item: its data come from Telegram, not from a finger."""
    match message.get("reply_markup"):
        case {"inline_keyboard": list() as lines}:
            shown = [
                one.get("callback_data")
                for line in lines
                if isinstance(line, list)
                for one in line
                if isinstance(one, dict)
            ]
        case _:
            return False
    meanings = [decode(data) for data in shown if isinstance(data, str)]
    return any(one is not None and (one.item_id, one.mark) == (meaning.item_id, meaning.mark) for one in meanings)


def pressed_as(meaning: Meaning, press: Press) -> Pressed:
    """Say what a press of a button with this meaning asks for."""
    match meaning.verb:
        case ButtonVerb.REJECT:
            return AskToReject(press)
        case ButtonVerb.KEEP_IT:
            return KeepIt(press)
        case ButtonVerb.ORIGINAL:
            return SendOriginal(press)
        case ButtonVerb.LIVE | ButtonVerb.NOT_LIVE:
            return AskAboutDoubt(press, ACTIONS[meaning.verb])
        case ButtonVerb.LEAVE_IT:
            return LeaveIt(press)
        case verb if verb in PERSONAL and meaning.person_id != press.person.id:
            return NotYours(press, ACTIONS[verb], meaning.person_id)
        case verb:
            return Tap(press, ACTIONS[verb])


def _person(user: telegram.User) -> Person:
    """A name that cannot be read, or that would hide the words beside it, gives way to the id."""
    person_id = _id(user.id)
    return Person(person_id, clip(one_line(speakable(user.full_name)), 64) or f"person {person_id}")


def _id(found: object) -> int:
    """Return what is a number that the database can keep; python-telegram-bot takes anything for an id."""
    if type(found) is not int or abs(found) > LARGEST_ID:
        raise TypeError
    return found


def _key(found: object) -> str:
    """The same for the id of a callback query, which is text."""
    if not isinstance(found, str) or not found.isprintable() or not 0 < len(found) <= LONGEST_KEY:
        raise TypeError
    return found
