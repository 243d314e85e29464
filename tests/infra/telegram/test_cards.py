"""What people read on a card, state by state."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.cards.texts import CUT
from actors.domain.item import Action, Item, Person, Settlement, State, Waiting
from actors.domain.publish_phase import Phase
from actors.ports import Face
from infra.sandbox.telegram.markup import parse_html, utf16_length
from infra.telegram.caption_text import LEFT_TO_RIGHT, LINE_MARK, visible
from infra.telegram.cards import LONGEST_CAPTION, caption, first_face, keyboard, without_line
from tests.infra.telegram.rows import ANNA, ROW, as_seen, at, late, settled

HEAD = (
    "<b>\u2068Sunday market\u2069</b>\nInstagram: \u2068oslo_stories\u2069\n"
    "🗓 Sun 22 Nov 2026, 18:30\n🧪 Dry run: nothing is published"
)
COPY = "<code>Come &amp; see us &lt;today&gt;\n#market</code>"
HOSTILE = [
    "<b>bold</b>",
    "a_b*c[d](e)&amp;<script>",
    "👩‍👩‍👧‍👦 Zoë",
    "שלום עולם",
    "\u202eevil\u2066",
    "x" * 64,
    "😀" * 64,
    "\n\n",
]


def test_card_says_whom_the_story_mentions_and_how_it_is_labelled() -> None:
    """Without "@": Telegram would call people of its own by those names."""
    story = replace(ROW.story, mentions=("bakery.anna", "ben_1"), made_by_ai=True)

    shown = visible(caption(first_face(replace(ROW, story=story)))).splitlines()

    assert shown[2:4] == ["Mentions: bakery.anna, ben_1", "Labelled as made with AI"]
    assert "@" not in "".join(shown)


def test_many_mentions_leave_room_for_everything_else() -> None:
    story = replace(ROW.story, mentions=tuple(f"{number:030d}" for number in range(20)), caption="x" * 2000)

    shown = caption(first_face(replace(ROW, story=story)))

    assert utf16_length(visible(shown)) <= LONGEST_CAPTION
    assert "Dry run" in shown


def tail(row: Item) -> str:
    shown = caption(first_face(row))
    start = f"{HEAD}\n\n{COPY}\n\n"
    assert shown.startswith(start)
    return shown.removeprefix(start).translate({0x2068: None, 0x2069: None})


def last_line(row: Item) -> str:
    return visible(caption(first_face(row))).splitlines()[-1].translate({0x2068: None, 0x2069: None})


def test_first_face_is_of_its_item_at_its_version() -> None:
    assert first_face(ROW) == Face(ROW.chat_id, 0, item_id=42, version=3, row=ROW)


def test_fresh_card_shows_title_account_slot_mark_and_caption() -> None:
    assert caption(first_face(ROW)) == f"{HEAD}\n\n{COPY}"


def test_story_without_title_shows_its_file_name() -> None:
    row = replace(ROW, account=None, live=True, story=replace(ROW.story, title=" ", caption=""))

    expected = "<b>\u2068IMG_0007.jpg\u2069</b>\n🗓 Sun 22 Nov 2026, 18:30\n🔴 Live: Auto Post publishes"
    assert caption(first_face(row)) == expected


def test_live_card_says_whether_auto_post_would_work() -> None:
    row = replace(ROW, live=True, preflight="⚠️ A <trouble>.")

    assert "🔴 Live: Auto Post publishes\n⚠️ A &lt;trouble&gt;.\n\n" in caption(first_face(row))
    assert "trouble" not in caption(first_face(replace(row, live=False)))


def test_card_says_what_its_publish_waits_for_and_until_when_in_the_chats_time() -> None:
    until = datetime(2026, 11, 22, 18, 44, tzinfo=UTC)
    row = settled(State.PUBLISHING, Action.AUTO_POST, timezone="Asia/Tokyo", phase=Phase.CREATING)

    waits = tail_of(replace(row, waiting=Waiting(until, "Instagram <could> not fetch the file.")))
    asked = tail_of(replace(ROW, note="Nothing was published: Slow down.", waiting=Waiting(until)))

    assert "⏳ Instagram <could> not fetch the file. This goes on by itself until 03:44." in waits
    assert "Nothing was published: Slow down.\n⏳ Wait until 18:44, then tap Auto Post." in asked


def tail_of(row: Item) -> str:
    return visible(caption(first_face(row))).translate({0x2068: None, 0x2069: None})


def test_times_are_those_of_the_chat() -> None:
    """In Tokyo the slot is on Monday, and so is the tap: no date needed beside it."""
    row = settled(State.SKIPPED, Action.SKIP, timezone="Asia/Tokyo")

    shown = caption(first_face(row))

    assert "🗓 Mon 23 Nov 2026, 03:30" in shown
    assert shown.endswith("⏭ Skipped by \u2068Anna\u2069, 03:38")


def test_settlement_on_another_day_shows_its_date() -> None:
    row = replace(ROW, state=State.SKIPPED, settled=Settlement(Action.SKIP, ANNA, at(9, 5, day=24)))

    assert tail(row) == "⏭ Skipped by Anna, 24 Nov 09:05"


@pytest.mark.parametrize(
    ("row", "line"),
    [
        (settled(State.SKIPPED, Action.SKIP), "⏭ Skipped by Anna, 18:38"),
        (settled(State.REJECTED, Action.REJECT), "🚫 Rejected by Anna, 18:38"),
        (settled(State.POSTED, Action.POSTED), "✅ Posted by Anna, 18:38 (by hand)"),
        (settled(State.POSTED, Action.PUBLISHED), "✅ Posted via Instagram by Anna, 18:38"),
        (settled(State.POSTED, Action.PUBLISHED, None), "✅ Posted via Instagram, 18:38"),
        (settled(State.POSTED, Action.IT_IS_LIVE), "✅ Posted via Instagram, confirmed by Anna, 18:38"),
        (settled(State.PUBLISHING, Action.AUTO_POST), "📤 Publishing, asked by Anna, 18:38"),
        (settled(State.PUBLISHING, Action.AUTO_POST, None), "📤 Publishing, 18:38"),
        (settled(State.IN_DOUBT, Action.ANSWER_LOST), "❓ In doubt: it may be live, look at Instagram, 18:38"),
        (settled(State.WITHDRAWN, Action.WITHDRAW, None), "↩️ Taken out of the queue, 18:38"),
        (replace(ROW, state=State.SKIPPED), "⏭ Skipped"),
    ],
)
def test_outcome_says_who_did_what_and_when(row: Item, line: str) -> None:
    assert tail(row) == line


@pytest.mark.parametrize(
    ("presented_at", "waited"),
    [(at(16, 30, day=24), " within 2 hours"), (at(17, 31, day=24), " within 1 hour"), (None, "")],
)
def test_expired_card_says_for_how_long_it_stood_there_whenever_its_slot_was(
    presented_at: datetime | None, waited: str
) -> None:
    expired = replace(ROW, state=State.EXPIRED, settled=Settlement(Action.EXPIRE, None, at(18, 30, day=24)))

    assert tail(replace(expired, presented_at=presented_at)) == f"⌛ Expired: nobody tapped{waited}, 24 Nov 18:30"


def test_two_times_that_a_clock_shows_alike_are_told_apart_on_a_card() -> None:
    """The clocks of Berlin show 02:30 twice on 25 October 2026."""
    row = settled(
        State.SKIPPED, Action.SKIP, due_at=datetime(2026, 10, 25, 0, 30, tzinfo=UTC), timezone="Europe/Berlin"
    )
    an_hour_later = replace(row, settled=Settlement(Action.SKIP, ANNA, datetime(2026, 10, 25, 1, 30, tzinfo=UTC)))

    assert "🗓 Sun 25 Oct 2026, 02:30 (UTC+2)" in visible(caption(first_face(an_hour_later)))
    assert last_line(an_hour_later) == "⏭ Skipped by Anna, 02:30 (UTC+1)"


def test_what_was_decided_in_another_year_than_its_slot_says_the_year() -> None:
    row = settled(State.SKIPPED, Action.SKIP, due_at=datetime(2025, 11, 22, 18, 30, tzinfo=UTC))

    assert last_line(row) == "⏭ Skipped by Anna, 22 Nov 2026 18:38"


def test_note_of_the_publisher_stands_before_the_decision() -> None:
    row = settled(State.IN_REVIEW, Action.REHEARSED, note="Dry run: <nothing> was published.")

    assert tail(row) == "Dry run: &lt;nothing&gt; was published."


@pytest.mark.parametrize(
    ("changes", "cut"),
    [
        ({"account": "@" + "x" * 90}, f"Instagram: \u2068{'x' * 63}…\u2069"),
        ({"story": replace(ROW.story, title="x" * 190)}, f"<b>\u2068{'x' * 99}…\u2069</b>"),
        ({"live": True, "preflight": "x" * 190}, "\n" + "x" * 179 + "…"),
        ({"note": "x" * 190}, "\n" + "x" * 179 + "…"),
    ],
    ids=["account", "title", "preflight", "note"],
)
def test_words_of_others_are_cut_to_their_room(changes: dict[str, Any], cut: str) -> None:
    assert cut in caption(first_face(replace(ROW, **changes)))


def test_late_taps_learn_who_was_first() -> None:
    """F4: the loser learns who did what, and when."""
    taps = (late("Ben"), late("Eve", "forbidden"), late("Cy", "old", Action.AUTO_POST))
    row = settled(State.POSTED, Action.PUBLISHED, late=taps)

    assert tail(row).splitlines() == [
        "✅ Posted via Instagram by Anna, 18:38",
        "🐢 Ben's Skip, 18:39: too late, posted via Instagram by Anna, 18:38",
        "🚷 Eve may not tap in this chat (Skip, 18:39)",
        "↻ Cy's Auto Post, 18:39: the card had changed, tap again",
    ]


def test_late_tap_on_an_undecided_card_is_just_too_late() -> None:
    assert tail(replace(ROW, late=(late("Ben"),))) == "🐢 Ben's Skip, 18:39: too late"


def test_too_many_late_taps_keep_the_newest() -> None:
    row = settled(State.SKIPPED, Action.SKIP, late=tuple(late(f"Person {number}") for number in range(50)))

    lines = tail(row).splitlines()

    assert lines[0] == "⏭ Skipped by Anna, 18:38"
    assert lines[1].startswith("… and earlier taps that came too late: ")
    assert lines[-1].startswith("🐢 Person 49's Skip")


def test_long_caption_is_cut_and_the_outcome_is_not() -> None:
    row = settled(State.SKIPPED, Action.SKIP, story=replace(ROW.story, caption="all & " * 400))

    shown = caption(first_face(row))

    assert shown.endswith(f"{CUT}</code>\n\n⏭ Skipped by \u2068Anna\u2069, 18:38")
    assert utf16_length(parse_html(shown).text) in range(LONGEST_CAPTION - 2, LONGEST_CAPTION + 1)


def test_line_stands_behind_the_mark_and_comes_off_again() -> None:
    face = replace(first_face(ROW), line="⏳ Anna is skipping this…")

    shown = caption(face)

    assert shown == f"{caption(first_face(ROW))}\n{LINE_MARK}{LEFT_TO_RIGHT}⏳ Anna is skipping this…"
    assert without_line(shown) == caption(first_face(ROW))


def test_cold_card_keeps_what_the_person_saw_and_changes_its_line() -> None:
    seen = caption(replace(first_face(settled(State.PUBLISHING, Action.AUTO_POST)), line="first"))
    cold = Face(-1001, 9, 42, 3, seen=as_seen(seen), line="second <2>")

    shown = caption(cold)

    assert shown == seen.replace("first", "second &lt;2&gt;")


def test_cold_card_that_nobody_saw_shows_the_line_alone() -> None:
    shown = caption(Face(-1001, 9, 42, 3, seen="", line="⏳ Anna is skipping this…"))

    assert visible(shown) == f"{LINE_MARK}{LEFT_TO_RIGHT}⏳ Anna is skipping this…"


def test_cold_full_card_makes_room_for_a_line() -> None:
    row = settled(State.PUBLISHING, Action.AUTO_POST, story=replace(ROW.story, caption="<all> 😀" * 300))
    seen = caption(first_face(row))

    shown = caption(Face(-1001, 9, 42, 3, seen=as_seen(seen), line="⏳ not confirmed yet"))

    assert utf16_length(parse_html(shown).text) <= LONGEST_CAPTION
    assert shown.count(CUT) == 1
    assert "📤 Publishing, asked by \u2068Anna\u2069, 18:38" in shown
    assert shown.endswith("⏳ not confirmed yet")


def test_strange_markup_that_is_too_long_is_cut_as_plain_text() -> None:
    shown = caption(Face(-1001, 9, 42, 3, seen=as_seen(f"<b>{'x&amp;' * 600}</b>"), line="busy"))

    assert utf16_length(parse_html(shown).text) == LONGEST_CAPTION
    assert shown.endswith("busy")


def test_retired_card_points_to_the_newer_one() -> None:
    face = replace(first_face(replace(ROW, note="old", late=(late("Ben"),))), retired=True)

    assert caption(face) == f"{HEAD}\n\n{COPY}\n\n🔁 Back in the queue: see the newer card"
    assert keyboard(face) == ()


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_name_breaks_the_card(hostile: str) -> None:
    """F9: names, file names and captions with markup, emoji and right-to-left text."""
    story = replace(ROW.story, title=hostile, file_name=hostile, caption=hostile)
    taps = (late(hostile), late(hostile, "forbidden"), late(hostile, "old"))
    row = settled(State.SKIPPED, Action.SKIP, Person(1, hostile), story=story, account=hostile, note=hostile, late=taps)

    parsed = parse_html(caption(replace(first_face(row), line=f"⏳ {hostile} is skipping this…")))

    assert utf16_length(parsed.text) <= LONGEST_CAPTION
    assert parsed.text.count("\u2068") == parsed.text.count("\u2069")
    assert [entity["type"] for entity in parsed.entities][:1] == ["bold"]


names = st.text(max_size=64)
rows = st.builds(
    lambda state, name, title, text, note, taps: settled(
        state,
        Action.SKIP,
        Person(1, name),
        story=replace(ROW.story, title=title, file_name=title, caption=text),
        account=title,
        note=note,
        late=taps,
    ),
    st.sampled_from(State),
    names,
    st.text(max_size=200),
    st.text(max_size=1500) | st.text("😀<&", min_size=500, max_size=1500),
    st.none() | st.text(max_size=300),
    st.lists(st.builds(late, names, st.sampled_from(["late", "old", "forbidden"])), max_size=8).map(tuple),
)


@settings(deadline=None)  # drawing is pure; how long it takes is the machine's business
@given(rows, st.none() | st.text(max_size=300))
def test_any_card_is_valid_markup_within_telegrams_limit(row: Item, line: str | None) -> None:
    parsed = parse_html(caption(replace(first_face(row), line=line)))

    assert utf16_length(parsed.text) <= LONGEST_CAPTION


@settings(deadline=None)
@given(rows, st.text("😀x", min_size=1, max_size=300))
def test_any_line_fits_below_any_seen_card_and_leaves_its_outcome(row: Item, line: str) -> None:
    seen = caption(first_face(row))

    shown = caption(Face(row.chat_id, 9, row.id, row.version, seen=as_seen(seen), line=line))

    assert utf16_length(parse_html(shown).text) <= LONGEST_CAPTION
    assert visible(seen.rpartition("</code>")[2]).strip() in visible(shown)
