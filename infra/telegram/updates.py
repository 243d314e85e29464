"""Telegram's updates: fetched raw, parsed one by one, so that a poisoned one harms no other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

import structlog

from actors.domain.updates import Poison, Said, Update
from actors.errors import ShutOut
from infra.telegram.errors import UNREADABLE, port_errors
from infra.telegram.http import AiohttpRequest
from infra.telegram.update_parsing import ALLOWED, NO_ID, Sight, label, meaning_of, read_own_id

log = structlog.get_logger()


class TelegramUpdates:
    """The port Updates over getUpdates; nothing is confirmed but by the offset of the next `get`.

    Telegram refuses to be asked while a webhook is set. One that we find when we begin is ended, and what waits is
    kept; one that is set while we ask is left alone for a moment first, since a newer worker may have set it.
    """

    def __init__(self, request: AiohttpRequest, url: str) -> None:
        self._request = request
        self._url = url
        self._own_id = read_own_id(url)
        self._began = False

    async def get(self, offset: int | None, timeout_seconds: float) -> Sequence[object]:
        """Confirm all below `offset` and wait for more: raw updates, oldest first."""
        try:
            found = await self._ask(offset, timeout_seconds)
        except ShutOut:
            if self._began:
                self._began = False
                raise
            await self._end_webhook()
            found = await self._ask(offset, timeout_seconds)
        self._began = True
        return found

    async def _end_webhook(self) -> None:
        with port_errors():
            await self._request.post(f"{self._url}/deleteWebhook?drop_pending_updates=false")
        log.warning("webhook.ended", reason="this worker polls")

    async def _ask(self, offset: int | None, timeout_seconds: float) -> Sequence[object]:
        asked: dict[str, object] = {
            "timeout": int(timeout_seconds),
            "allowed_updates": json.dumps(ALLOWED, separators=(",", ":")),
        }
        if offset is not None:
            asked["offset"] = offset
        with port_errors():
            found: object = await self._request.post(
                f"{self._url}/getUpdates?{urlencode(asked)}", read_timeout=timeout_seconds + 10
            )
            if not isinstance(found, list):
                raise TypeError
        return found

    def identify(self, raw: object) -> int:
        """Read the update id alone; NO_ID if there is none."""
        return label(raw)[0]

    def parse(self, raw: object, at: float, redelivered: bool) -> Update:
        """Read one raw update. A Poison without any update_id bears NO_ID, which confirms nothing."""
        update_id, kind = label(raw)
        if update_id == NO_ID or not isinstance(raw, dict):
            return Poison(update_id, f"{kind}: no update_id")
        try:
            return self._dated(meaning_of(raw, Sight(update_id, at, redelivered, self._own_id)))
        except UNREADABLE as error:  # its text may quote what a person wrote
            return Poison(update_id, f"{kind}: {type(error).__name__}")

    def _dated(self, update: Update) -> Update:
        """Our own clock may be wrong, so the age of a message is told by the clock that dated it."""
        if not isinstance(update, Said) or update.sent_at is None:
            return update
        return replace(update, age_seconds=self._request.seconds_since(update.sent_at))
