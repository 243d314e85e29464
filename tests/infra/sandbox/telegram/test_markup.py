"""HTML mode: what it reads, what it refuses, and the way back."""

import pytest

from infra.sandbox.telegram.markup import Formatted, parse_html, to_html
from infra.sandbox.telegram.rules import BotApiError


@pytest.mark.parametrize(
    ("source", "text", "kind", "offset", "length"),
    [
        ("a <b>bold</b> c", "a bold c", "bold", 2, 4),
        ("<i>x</i>", "x", "italic", 0, 1),
        ("<u>x</u>", "x", "underline", 0, 1),
        ("<s>x</s>", "x", "strikethrough", 0, 1),
        ("<code>x</code>", "x", "code", 0, 1),
        ("<pre>x</pre>", "x", "pre", 0, 1),
        ("<blockquote>x</blockquote>", "x", "blockquote", 0, 1),
        ("<blockquote expandable>x</blockquote>", "x", "expandable_blockquote", 0, 1),
        ("<tg-spoiler>x</tg-spoiler>", "x", "spoiler", 0, 1),
        ("🎉🎉 <b>é</b>", "🎉🎉 é", "bold", 5, 1),
        ("<b>👩‍👩‍👧</b>", "👩‍👩‍👧", "bold", 0, 8),
        ("  <b> x </b>  ", "x", "bold", 0, 1),
    ],
)
def test_a_tag_becomes_an_entity_with_utf16_offsets(
    source: str, text: str, kind: str, offset: int, length: int
) -> None:
    assert parse_html(source) == Formatted(text, ({"type": kind, "offset": offset, "length": length},))


def test_character_references_become_characters() -> None:
    assert parse_html("&lt;b&gt; &amp;amp; &quot;&#33;&quot; &nbsp; & co").text == '<b> &amp; "!" &nbsp; & co'


def test_a_link_carries_its_address() -> None:
    linked = parse_html('<a href="https://a.example/?a=1&amp;b=2">x</a>')

    assert linked.entities == ({"type": "text_link", "offset": 0, "length": 1, "url": "https://a.example/?a=1&b=2"},)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("1 < 2", "Unclosed start tag at byte offset 2"),
        ("é < 2 > 1", 'Unsupported start tag "" at byte offset 3'),
        ("<3 you>", 'Unsupported start tag "3" at byte offset 0'),
        ("<script>x</script>", 'Unsupported start tag "script" at byte offset 0'),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ],
)
def test_a_forgotten_escape_is_refused_as_at_telegram(source: str, reason: str) -> None:
    with pytest.raises(BotApiError) as refused:
        parse_html(source)

    assert refused.value.description == f"Bad Request: can't parse entities: {reason}"


@pytest.mark.parametrize(
    "source",
    [
        "plain &lt;b&gt; &amp; more",
        "<b>a <i>b</i></b> c",
        '<a href="https://a.example/?a=1&amp;b=2">x</a>🎉<tg-spoiler>y</tg-spoiler>',
        "<blockquote expandable>long <code>x</code></blockquote>",
        "",
    ],
)
def test_html_comes_back_as_it_was(source: str) -> None:
    assert to_html(parse_html(source)) == source


def test_overlapping_entities_are_closed_and_opened_again() -> None:
    bold = {"type": "bold", "offset": 0, "length": 2}
    italic = {"type": "italic", "offset": 1, "length": 2}

    assert to_html(Formatted("abc", (bold, italic))) == "<b>a<i>b</i></b><i>c</i>"
