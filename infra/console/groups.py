"""Whether the id that was typed is that of a group in which the bot can work; asked of Telegram where that can be."""

from __future__ import annotations

import anyio

from actors.domain import group_ids
from actors.domain.group_ids import Finding, Group
from actors.errors import BotTokenRefused, ChatMoved, PortError
from actors.ports import Groups
from infra.console.exit_codes import WrongInput
from infra.console.ports import Opened

ASK_SECONDS = 10.0


async def remarks_on(opened: Opened, chat_id: int) -> list[str]:
    """Say what is not right yet; raises WrongInput for an id that never becomes a group's."""
    finding = await _find(opened, chat_id)
    if finding is not None and finding.hopeless:
        raise WrongInput(finding.sentence)
    return [] if finding is None else [finding.sentence]


async def _find(opened: Opened, chat_id: int) -> Finding | None:
    looks = group_ids.unasked(chat_id)
    if looks is not None and looks.hopeless:
        return looks
    async with opened.groups() as groups:
        if groups is None:
            return looks
        try:
            with anyio.fail_after(ASK_SECONDS):
                return await _asked(groups, chat_id)
        except ChatMoved as moved:
            return group_ids.moved(chat_id, moved.chat_id)
        except BotTokenRefused as refused:
            return Finding(str(refused))
        except (PortError, TimeoutError) as error:
            why = str(error) or "no answer in time"
            return Finding(f"Telegram could not be asked whether {chat_id} is the id of your group ({why}).")


async def _asked(groups: Groups, chat_id: int) -> Finding | None:
    group = await groups.look_up(chat_id)
    if group is not None:
        return group_ids.asked(chat_id, group)
    return group_ids.not_known(chat_id, await _near(groups, chat_id))


async def _near(groups: Groups, chat_id: int) -> tuple[int, Group] | None:
    """A group that the bot is in, under an id that may be meant."""
    for other in group_ids.meant(chat_id):
        group = await groups.look_up(other)
        if group is not None and group.name and group.bot_is_in:
            return other, group
    return None
