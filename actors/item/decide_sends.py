"""A card that was not sent: what people have to know of it."""

from __future__ import annotations

from actors.domain.messages import CardNotSent
from actors.item.effects import Effect, ReportChatClosed, ReportLost, ReportRefused


def reported(failed: CardNotSent) -> tuple[Effect, ...]:
    """Tell whose turn it is: the chat's admins', or the team's with this story. The rest is tried again by itself."""
    row, sentence = failed.row, failed.sentence
    if failed.chat_closed:
        return (ReportChatClosed(row, sentence),)
    if row.set_aside is not None:
        return (ReportRefused(row, sentence),)
    return (ReportLost(row, sentence),) if row.card_lost else ()
