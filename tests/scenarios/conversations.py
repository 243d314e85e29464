"""What people write into a group and what the bot says there, for scenarios."""

from __future__ import annotations

from infra.sandbox.telegram.model import User
from tests.stage import ANNA, CHAT, Stage


def said(stage: Stage, chat_id: int = CHAT) -> list[str]:
    """What the bot said in the chat, without its cards."""
    texts = [one for one in stage.messages(chat_id) if one.content.kind == "text" and one.sender.is_bot]
    return [message.content.text for message in texts]


def cards(stage: Stage) -> list[int]:
    """The messages of the chat that are cards."""
    return [message.id for message in stage.messages() if message.content.kind == "photo"]


async def says(stage: Stage, words: str, text: str, person: User = ANNA, chat_id: int = CHAT) -> None:
    """Let somebody write this, and wait for an answer with these words."""
    before = len(said(stage, chat_id))
    stage.sandbox.say(chat_id, person.id, text)
    await stage.until(lambda: any(words in answer for answer in said(stage, chat_id)[before:]))


async def all_confirmed(stage: Stage) -> None:
    """Wait until Telegram keeps nothing for us."""
    await stage.until(lambda: not stage.sandbox.stats()["updates_waiting"])
