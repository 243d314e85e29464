"""A bot that speaks plain HTTP, for tests that look at every byte of the answer."""

import io
import json
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession, FormData
from PIL import Image

from infra.sandbox.sandbox import Sandbox

BUTTONS = {
    "inline_keyboard": [[{"text": "⏭ Skip", "callback_data": "skip:1:0"}, {"text": "Site", "url": "https://a.example"}]]
}


def picture(width: int = 90, height: int = 160) -> bytes:
    """Make a small JPEG."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), (200, 90, 60)).save(file, "JPEG")
    return file.getvalue()


@dataclass(frozen=True)
class BotClient:
    """Calls methods and returns the whole envelope."""

    http: ClientSession
    sandbox: Sandbox

    def url(self, method: str) -> str:
        return f"{self.sandbox.url}/bot{self.sandbox.token}/{method}"

    async def __call__(self, method: str, **values: Any) -> Any:
        """Call with JSON."""
        async with self.http.post(self.url(method), json=values) as reply:
            return await reply.json()

    async def upload(self, method: str, values: dict[str, str], files: dict[str, bytes]) -> Any:
        """Call with a multipart form."""
        form = FormData(values)
        for name, content in files.items():
            form.add_field(name, io.BytesIO(content), filename=f"{name}.jpg", content_type="image/jpeg")
        async with self.http.post(self.url(method), data=form) as reply:
            return await reply.json()

    async def send_card(self, chat_id: int, caption: str = "A story") -> int:
        """Send a photo with a Skip button and return its message id."""
        values = {"chat_id": str(chat_id), "photo": "attach://p", "caption": caption}
        async with self.http.post(self.url("sendPhoto"), data=_card_form(values)) as reply:
            envelope = await reply.json()
        return int(envelope["result"]["message_id"])


def _card_form(values: dict[str, str]) -> FormData:
    labels = (("⏭ Skip", "skip:1:0"), ("Posted", "posted:1:0"), ("Auto Post", "post:1:0"), ("Reject", "reject:1:0"))
    row = [{"text": text, "callback_data": callback_data} for text, callback_data in labels]
    form = FormData(values | {"reply_markup": json.dumps({"inline_keyboard": [row]})})
    form.add_field("p", picture(), filename="p.jpg", content_type="image/jpeg")
    return form
