"""The team's group through python-telegram-bot's Bot, used as an API client and nothing more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from html import escape
from math import ceil
from pathlib import PurePath
from typing import Any, Protocol

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, LinkPreviewOptions, Message
from telegram import ReplyParameters as Reply
from telegram.constants import ParseMode
from telegram.error import BadRequest

from actors.domain.item import Item, MediaKind, Story
from actors.ports import Face, MediaSource, Sending, SentCard
from infra.telegram.caption_text import clip, one_line, units, whole_text
from infra.telegram.cards import LONGEST_CAPTION, ButtonRows, caption, first_face, keyboard
from infra.telegram.errors import NOT_MODIFIED, port_errors, says
from infra.telegram.http import AiohttpRequest
from infra.telegram.updates import TelegramUpdates
from infra.telegram.uploads import FilmTurns, Upload, UploadTurns

LONGEST_TOAST = 200
LONGEST_TEXT = 4096
FILE_NAME_ROOM = 100

# Toasts never wait for a connection: there are more than there are calls at once, and uploads hold but a few.
CALL_CONNECTIONS = 256
POLL_CONNECTIONS = 2
# Over all chats; each holds a whole file, of up to 50 MB, in memory.
CARDS_AT_ONCE = 6
ORIGINALS_AT_ONCE = 2


class _Send(Protocol):
    async def __call__(self, media: InputFile | str, **more: Any) -> Message: ...


@dataclass(frozen=True, slots=True)
class _OnItsWay:
    """Its turn, who is told how far a file comes, which file it is, what it is called, and who else hears it move."""

    turn: AbstractAsyncContextManager[None]
    sending: Sending
    read: Callable[[Story], Awaitable[bytes]]
    name: str
    moved: Callable[[], None] = lambda: None


class TelegramChat:
    """The port Chat."""

    def __init__(self, bot: Bot, media: MediaSource) -> None:
        self._bot = bot
        self._media = media
        self._pictures = UploadTurns(CARDS_AT_ONCE)
        self._films = FilmTurns()
        self._originals = UploadTurns(ORIGINALS_AT_ONCE)  # no card ever waits for one

    async def answer(self, press_id: str, text: str) -> None:
        """Show a toast; `Refused` when the query is too old or was answered before."""
        with port_errors():
            await self._bot.answer_callback_query(press_id, clip(text, LONGEST_TOAST))

    async def send_card(self, row: Item, sending: Sending | None = None) -> SentCard:
        """Send the picture or video, from Telegram's own copy if it still has one."""
        face = first_face(row)
        is_film = row.story.kind is MediaKind.VIDEO
        send = partial(
            partial(self._bot.send_video, **_told_of_film(row.story)) if is_film else self._bot.send_photo,
            row.chat_id,
            message_thread_id=row.topic,
            caption=caption(face),
            parse_mode=ParseMode.HTML,
            reply_markup=_markup(keyboard(face)),
        )
        with port_errors():
            message = await self._send_known(send, row)
            if message is None:
                message = await self._send_shown(send, row, sending or Sending())
            return SentCard(message.message_id, _file_id(message, row.story.kind))

    async def edit_card(self, face: Face) -> None:
        """Redraw one message; an edit that would change nothing is a success."""
        edit = self._edit(face)
        with port_errors():
            try:
                await edit()
            except BadRequest as error:
                if not says(error, NOT_MODIFIED):
                    raise

    async def send_original(self, row: Item, reply_to: int, sending: Sending | None = None) -> None:
        """Send the uncompressed file and the whole caption, to be copied, as an answer to the card."""
        text = whole_text(row.story.caption)
        fits = units(text) <= LONGEST_CAPTION
        send = partial(
            self._bot.send_document,
            row.chat_id,
            message_thread_id=row.topic,
            caption=_copyable(text) if fits and text else None,
            parse_mode=ParseMode.HTML,
            disable_content_type_detection=True,
            reply_parameters=_reply(reply_to),
        )
        with port_errors():
            turn = self._originals.of(row.chat_id)
            way = _OnItsWay(turn, sending or Sending(), self._media.original, row.story.file_name)
            await self._send_file(send, row, way)
            if not fits:
                await self._bot.send_message(
                    row.chat_id,
                    _copyable(clip(text, LONGEST_TEXT)),
                    message_thread_id=row.topic,
                    parse_mode=ParseMode.HTML,
                    reply_parameters=_reply(reply_to),
                )

    async def send_text(self, chat_id: int, text: str, topic: int | None = None) -> None:
        """Say something in a chat, or in a topic of it, plain text."""
        preview = LinkPreviewOptions(is_disabled=True)
        with port_errors():
            await self._bot.send_message(
                chat_id, clip(text, LONGEST_TEXT), message_thread_id=topic, link_preview_options=preview
            )

    async def own_name(self) -> str:
        """Ask Telegram what the bot is called now."""
        with port_errors():
            name = (await self._bot.get_me()).username
            if not isinstance(name, str) or not name:
                raise TypeError
            return name

    async def show_menu(self, menu: Sequence[tuple[str, str]]) -> None:
        """Have Telegram show these commands; to look first costs nothing, and to set them is limited for minutes."""
        with port_errors():
            shown = await self._bot.get_my_commands()
            if [(one.command, one.description) for one in shown] != list(menu):
                await self._bot.set_my_commands(menu)

    def _edit(self, face: Face) -> Callable[[], Awaitable[object]]:
        markup = _markup(keyboard(face))
        if face.row is None and face.line is None:
            # What the caption should be is not known: only the buttons are touched.
            return partial(self._bot.edit_message_reply_markup, face.chat_id, face.message_id, reply_markup=markup)
        return partial(
            self._bot.edit_message_caption,
            face.chat_id,
            face.message_id,
            caption=caption(face),
            parse_mode=ParseMode.HTML,
            reply_markup=markup,
        )

    async def _send_known(self, send: _Send, row: Item) -> Message | None:
        if row.story.file_id is None:
            return None
        try:
            return await send(row.story.file_id)
        except BadRequest as error:
            # "wrong file identifier", "wrong remote file identifier", "can't use file of type ...".
            if not says(error, "file"):
                raise
            return None

    async def _send_shown(self, send: _Send, row: Item, sending: Sending) -> Message:
        read, name = self._media.shown, _shown_name(row.story)
        if row.story.kind is MediaKind.PHOTO:
            return await self._send_file(send, row, _OnItsWay(self._pictures.of(row.chat_id), sending, read, name))
        sending.kept_back = True  # also while the small picture is read
        small = await self._media.thumbnail(row.story)
        way = _OnItsWay(self._films.of(sending), sending, read, name, self._films.moved)
        return await self._send_file(partial(send, thumbnail=_thumbnail(small)) if small else send, row, way)

    async def _send_file(self, send: _Send, row: Item, way: _OnItsWay) -> Message:
        way.sending.kept_back = True
        async with way.turn:
            upload = Upload(await way.read(row.story), way.sending, way.moved)
            name = clip(one_line(way.name), FILE_NAME_ROOM, "") or "story"
            return await send(InputFile(upload, filename=name, read_file_handle=False))


@asynccontextmanager
async def open_telegram(
    token: str, api_url: str, media: MediaSource, proxy: str | None = None
) -> AsyncIterator[tuple[TelegramChat, TelegramUpdates]]:
    """Open the connections to Telegram, one pool for the long poll and one for all the rest, and close them."""
    async with AiohttpRequest(CALL_CONNECTIONS, proxy) as calls, AiohttpRequest(POLL_CONNECTIONS, proxy) as polls:
        # Bot.initialize is not called: it would ask who we are, which a start without network could not answer.
        bot = Bot(token, base_url=f"{api_url}/bot", request=calls, get_updates_request=polls)
        yield TelegramChat(bot, media), TelegramUpdates(polls, f"{api_url}/bot{token}")


def _shown_name(story: Story) -> str:
    """What goes live is JPEG or MP4, whatever was given."""
    ending = ".mp4" if story.kind is MediaKind.VIDEO else ".jpg"
    return clip(one_line(PurePath(story.file_name).stem), FILE_NAME_ROOM - len(ending), "") + ending


def _told_of_film(story: Story) -> dict[str, Any]:
    """What Telegram cannot see: without it a film above 10 MB is square, of 0 s, and no client begins to play it."""
    told: dict[str, Any] = {"supports_streaming": True}
    if story.dimensions is None:
        return told
    seconds = ceil(story.dimensions.seconds or 0)
    return told | {"width": story.dimensions.width, "height": story.dimensions.height, "duration": seconds}


def _thumbnail(content: bytes) -> InputFile:
    return InputFile(content, filename="small.jpg", attach=True)


def _markup(buttons: ButtonRows) -> InlineKeyboardMarkup | None:
    if not buttons:
        return None
    return InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton(button.text, url=button.target)
                if button.is_link
                else InlineKeyboardButton(button.text, callback_data=button.target)
                for button in row
            ]
            for row in buttons
        ]
    )


def _file_id(message: Message, kind: MediaKind) -> str | None:
    """Telegram's copy for the next time; a silent video became an animation, which cannot be sent as video."""
    if kind is MediaKind.VIDEO:
        return message.video.file_id if message.video else None
    return message.photo[-1].file_id if message.photo else None


def _copyable(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _reply(message_id: int) -> Reply:
    return Reply(message_id, allow_sending_without_reply=True)
