"""What a Bot API method is called with, however it came: query, form, multipart or JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.sandbox.telegram.rules import bad_request


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file that came with the request."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Arguments:
    """The values by name; a form sends everything as text, JSON sends numbers and structures."""

    values: Mapping[str, object] = field(default_factory=dict)
    uploads: Mapping[str, ReceivedFile] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Tell whether the caller gave it and meant something by it."""
        return self.values.get(name) not in (None, "")

    def text(self, name: str) -> str:
        """Return the value as text, empty if it is not given."""
        value = self.values.get(name)
        return "" if value is None else str(value)

    def integer(self, name: str, default: int = 0) -> int:
        """Return a whole number; what is not one counts as not given, as at Telegram."""
        try:
            return int(self.text(name))
        except ValueError:
            return default

    def flag(self, name: str) -> bool:
        """Return a truth value."""
        return self.text(name).lower() in ("true", "yes", "1")

    def structure(self, name: str) -> object:
        """Return an object or a list, given as such or as JSON text; None if it is not given."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError as error:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from error

    def file(self, name: str) -> ReceivedFile | str:
        """Return the uploaded file, or the file id or link that stands in its place."""
        return self.uploads.get(name) or self.attached(self.text(name))

    def attached(self, reference: str) -> ReceivedFile | str:
        """Follow an attach:// reference, to nothing if that file did not come; anything else stands for itself."""
        if not reference.startswith("attach://"):
            return reference
        return self.uploads.get(reference.removeprefix("attach://"), "")
