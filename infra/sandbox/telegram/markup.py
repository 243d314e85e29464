"""Telegram's HTML mode: markup to text with entities, and back for those who look at a card.

The words of the errors and the tags are those of https://core.telegram.org/bots/api#html-style and of TDLib's parser.
"""

import html
import re
from dataclasses import dataclass
from typing import NoReturn

from infra.sandbox.telegram.model import Json
from infra.sandbox.telegram.rules import bad_request

KINDS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
}
TAGS = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "code": "code",
    "pre": "pre",
    "text_link": "a",
    "blockquote": "blockquote",
    "expandable_blockquote": "blockquote",
    "spoiler": "tg-spoiler",
}
TEXT = re.compile(r"[^<&]+")
CHARACTER = re.compile(r"&(?:(?:lt|gt|amp|quot)(?![A-Za-z])|#\d{1,7}|#x[0-9a-fA-F]{1,6});?")
# misc.cpp:76-161 in tdlib/td. A newline stays.
CONTROL = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f]")
VANISHING = re.compile("[\r\u2028-\u202e\u0333\u033f\u030a]")
END_TAG = re.compile(r"</\s*([^\s>]*)\s*>")
START_TAG = re.compile(r"<([^\s>]*)([^<>\"']*(?:(?:\"[^\"]*\"|'[^']*')[^<>\"']*)*)>")
ATTRIBUTE = re.compile(r"([a-zA-Z-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+)))?")


@dataclass(frozen=True, slots=True)
class Formatted:
    """A text and its entities, whose offsets count UTF-16 code units."""

    text: str
    entities: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True)
class _Open:
    tag: str
    start: int
    attributes: dict[str, str]


def utf16_length(text: str) -> int:
    """Count UTF-16 code units, Telegram's measure of offsets and lengths."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cleaned(text: str) -> str:
    """Put spaces for control characters, and take out what may not be in a text."""
    return VANISHING.sub("", CONTROL.sub(" ", text))


def parse_html(source: str) -> Formatted:
    """Read HTML as Telegram does; raises the 400 that a forgotten escape earns."""
    parser = _Parser(source)
    while parser.position < len(source):
        parser.step()
    if parser.open:
        _fail(f'Can\'t find end tag corresponding to start tag "{parser.open[-1].tag}"')
    entities = sorted(parser.entities, key=lambda entity: (entity["offset"], -entity["length"]))
    return trimmed(Formatted("".join(parser.text), tuple(entities)))


def trimmed(formatted: Formatted) -> Formatted:
    """Cut spaces and newlines at both ends, as a sent message does, and move the entities along."""
    stripped = formatted.text.strip(" \n")
    lead = utf16_length(formatted.text[: len(formatted.text) - len(formatted.text.lstrip(" \n"))])
    room = utf16_length(stripped)
    entities = []
    for entity in formatted.entities:
        start = max(entity["offset"] - lead, 0)
        end = min(entity["offset"] + entity["length"] - lead, room)
        if end > start:
            entities.append(entity | {"offset": start, "length": end - start})
    return Formatted(stripped, tuple(entities))


def to_html(formatted: Formatted) -> str:
    """Write text and entities as HTML; entities that overlap are closed and opened again."""
    units = formatted.text.encode("utf-16-le", "surrogatepass")
    marks = {0, len(units) // 2}
    for entity in formatted.entities:
        marks |= {entity["offset"], entity["offset"] + entity["length"]}
    written: list[str] = []
    active: list[Json] = []
    places = sorted(marks)
    for here, there in zip(places, [*places[1:], places[-1]], strict=True):
        active = _turn(here, active, formatted.entities, written)
        written.append(html.escape(units[here * 2 : there * 2].decode("utf-16-le", "surrogatepass"), quote=False))
    return "".join(written)


def _turn(here: int, active: list[Json], entities: tuple[Json, ...], written: list[str]) -> list[Json]:
    kept = [entity for entity in active if entity["offset"] + entity["length"] > here]
    common = 0
    while common < len(kept) and kept[common] is active[common]:
        common += 1
    written.extend(f"</{TAGS[entity['type']]}>" for entity in reversed(active[common:]))
    starting = [entity for entity in entities if entity["offset"] == here and entity["type"] in TAGS]
    written.extend(_start_tag(entity) for entity in kept[common:] + starting)
    return kept + starting


def _start_tag(entity: Json) -> str:
    match entity["type"]:
        case "text_link":
            return f'<a href="{html.escape(entity["url"])}">'
        case "expandable_blockquote":
            return "<blockquote expandable>"
        case kind:
            return f"<{TAGS[kind]}>"


def _fail(reason: str) -> NoReturn:
    raise bad_request(f"can't parse entities: {reason}")


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.position = 0
        self.length = 0
        self.text: list[str] = []
        self.open: list[_Open] = []
        self.entities: list[Json] = []

    def step(self) -> None:
        """Take one run of text, one character reference or one tag."""
        if self.source.startswith("</", self.position):
            self._end_tag()
        elif self.source[self.position] == "<":
            self._start_tag()
        elif plain := TEXT.match(self.source, self.position):
            self._write(plain.group(), plain.end())
        elif character := CHARACTER.match(self.source, self.position):
            self._write(html.unescape(character.group()), character.end())
        else:
            self._write("&", self.position + 1)

    def _write(self, text: str, end: int) -> None:
        self.text.append(text)
        self.length += utf16_length(text)
        self.position = end

    def _at(self) -> str:
        return f"at byte offset {len(self.source[: self.position].encode())}"

    def _start_tag(self) -> None:
        found = START_TAG.match(self.source, self.position)
        if found is None:
            _fail(f"Unclosed start tag {self._at()}")
        tag = found.group(1).lower()
        if tag not in KINDS:
            _fail(f'Unsupported start tag "{tag}" {self._at()}')
        attributes = {
            m.group(1).lower(): m.group(2) or m.group(3) or m.group(4) or "" for m in ATTRIBUTE.finditer(found.group(2))
        }
        if tag == "span" and attributes.get("class") != "tg-spoiler":
            _fail(f'Tag "span" must have class "tg-spoiler" {self._at()}')
        self.open.append(_Open(tag, self.length, attributes))
        self.position = found.end()

    def _end_tag(self) -> None:
        found = END_TAG.match(self.source, self.position)
        if found is None:
            _fail(f"Unclosed end tag {self._at()}")
        if not self.open:
            _fail(f"Unexpected end tag {self._at()}")
        opened = self.open.pop()
        if found.group(1).lower() not in ("", opened.tag):
            _fail(f'Unmatched end tag {self._at()}, expected "</{opened.tag}>", found "{found.group()}"')
        if self.length > opened.start:
            self._close(opened)
        self.position = found.end()

    def _close(self, opened: _Open) -> None:
        entity: Json = {"offset": opened.start, "length": self.length - opened.start, "type": KINDS[opened.tag]}
        if opened.tag == "blockquote" and "expandable" in opened.attributes:
            entity["type"] = "expandable_blockquote"
        if opened.tag == "a":
            url = html.unescape(opened.attributes.get("href", ""))
            if not url.startswith(("http://", "https://", "tg://", "mailto:")):
                return
            entity["url"] = url
        self.entities.append(entity)
