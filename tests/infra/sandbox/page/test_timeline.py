"""Journal and log lines become stories."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from infra.sandbox.common.journal import Entry
from infra.sandbox.demo.log_tail import LogLine
from infra.sandbox.page.texts import told
from infra.sandbox.page.timeline import MOST_CHAPTERS, Chapter, Timeline
from infra.sandbox.telegram.model import Content, ShownContent, User
from infra.sandbox.telegram.queries import QueryAnswer
from infra.sandbox.telegram.world import ButtonTap, NewChat, World

ANN = User(1, "Ann")
BUTTONS = (({"text": "Skip", "callback_data": "s:7:0:k9_Xq-"}, {"text": "Auto Post", "callback_data": "a:7:0:k9_Xq-"}),)
START = 1_000.0


class Play:
    """A world with one card, and a chronicle that hears of everything."""

    def __init__(self) -> None:
        self.world = World()
        self.timeline = Timeline(self.world)
        self.world.journal.listeners.append(self._hear)
        self.chat = self.world.create_chat(NewChat("Team", [ANN]), START)
        self.world.send(str(self.chat.id), Content("text", "\u2068Sunset\u2069\nslot", keyboard=BUTTONS), START)

    def tap(self, at: float, button: str = "Skip") -> str:
        return self.world.tap(ButtonTap(self.chat.id, 1, ANN.id, button), START + at)

    def auto_post(self, at: float) -> None:
        self.explain(self.tap(at, "Auto Post"), at + 0.1, action="auto_post")

    def publish(self, at: float, state: str, outcome: str = "stored") -> None:
        self.log(at, "publish.step", item_id=7, state=state, outcome=outcome, calls=[])

    def toast(self, query_id: str, text: str, at: float) -> None:
        self.world.answer(query_id, QueryAnswer(START + at, text, alert=False))

    def draw(self, text: str, at: float) -> None:
        self.world.edit((str(self.chat.id), 1), lambda _: Content("text", text), START + at)

    def log(self, at: float, event: str, worker: str = "worker 1", **rest: Any) -> None:
        stamp = datetime.fromtimestamp(START + at, UTC).isoformat()
        line: LogLine = {"event": event, "level": "info", "timestamp": stamp, **rest}
        self.world.journal.record(START + at, "logged", worker=worker, line=line)

    def explain(self, query_id: str, at: float, **rest: Any) -> None:
        figures: dict[str, Any] = {"outcome": "recorded", "cause": "tap", "db_attempts": 1}
        figures |= {"toast_ms": 4.0, "recorded_ms": 9.0, "card_ms": 12.0}
        self.log(at, "tap", tap_id=query_id, item_id=7, **(figures | rest))

    def chapters(self) -> list[Chapter]:
        return self.timeline.chapters()

    def _hear(self) -> None:
        self.timeline.hear(self.world.journal.entries[-1])


@pytest.fixture
def play() -> Play:
    return Play()


def test_tap_is_told_from_the_screen_and_from_the_log(play: Play) -> None:
    query_id = play.tap(1)
    play.toast(query_id, "Skipping…", 1.004)
    play.draw("Sunset\nSkipped by Ann", 1.012)
    play.explain(query_id, 1.013)

    chapter = play.chapters()[0]

    assert (chapter.button, chapter.title, chapter.ending) == ("Skip", "Sunset", ("saved", "good"))
    assert chapter.figures == "toast 4 ms · saved 9 ms · card 12 ms"
    assert [(step.source, step.text) for step in chapter.story] == [
        ("seen", "Ann taps Skip"),
        ("seen", "Toast: “Skipping…”"),
        ("worker 1", "Saved: one round trip, one commit."),
        ("seen", "The card now says: Sunset / Skipped by Ann"),
        ("worker 1", "Its one line is written: saved"),
    ]


def test_tap_without_its_line_is_under_way(play: Play) -> None:
    play.tap(1)

    chapter = play.chapters()[0]

    assert (chapter.ending, chapter.figures, chapter.raw) == (("under way …", "open"), "", "")


def test_line_of_an_item_belongs_to_the_taps_on_it_that_are_under_way(play: Play) -> None:
    query_id = play.tap(1)
    play.log(1.1, "tap.kept", item_id=7)
    play.explain(query_id, 2, db_attempts=3)
    play.log(3, "card.gone", item_id=7)

    story, note = play.chapters()

    assert [line["event"] for line in story.lines] == ["tap.kept", "tap"]
    assert "It took 3 attempts" in story.story[-2].text
    assert note.text == "The card is gone from the chat"


def test_tap_of_a_worker_that_died_is_told_by_the_next_one(play: Play) -> None:
    query_id = play.tap(1)
    nothing = dict.fromkeys(("toast_ms", "recorded_ms", "card_ms", "db_attempts"))
    play.explain(query_id, 9, cause="recovered", **nothing)

    chapter = play.chapters()[0]

    assert chapter.ending == ("saved", "good")
    assert "The worker died" in chapter.story[-1].text
    assert chapter.story[-1].after == "+8.0 s"


def test_same_lines_in_a_row_are_folded_and_counted(play: Play) -> None:
    for child in ("database", "cards"):
        play.log(1, "child.started", child=child)  # after a crash
    for _ in range(3):
        play.log(2, "intake.unreachable", reason="gone")
    play.log(3, "intake.unreachable", "worker 2", reason="gone")

    assert [(chapter.worker, chapter.text) for chapter in play.chapters()] == [
        ("worker 1", "database runs again; cards runs again"),
        ("worker 1", "Telegram does not answer (gone) (×3)"),
        ("worker 2", "Telegram does not answer (gone)"),
    ]


def test_publish_belongs_to_the_last_tap_that_was_saved(play: Play) -> None:
    first, late = play.tap(1, "Auto Post"), play.tap(1.5)
    play.explain(first, 2, action="auto_post")
    play.explain(late, 2.5, outcome="stale")
    play.log(3, "publish.step", item_id=7, state="published", outcome="stored", calls=["publish: lost", "look: ok"])

    saved, refused = play.chapters()

    assert saved.story[-1].text == "Publish: it is live (publish: lost, look: ok)"
    assert "it is live" not in refused.story[-1].text


@pytest.mark.parametrize(
    ("states", "ending"),
    [
        ([], ("accepted", "quiet")),
        (["container", "ready"], ("publishing …", "open")),
        (["container", "ready", "publishing", "published"], ("live", "good")),
        (["container", "refused"], ("not posted", "bad")),
        (["publishing", "in_doubt"], ("in doubt", "late")),
    ],
)
def test_auto_post_ends_as_its_publish_does(play: Play, states: list[str], ending: tuple[str, str]) -> None:
    play.auto_post(1)
    for number, state in enumerate(states):
        play.publish(2 + number, state)
    play.publish(9, "ready", outcome="fenced out")

    assert play.chapters()[0].ending == ending


def test_publish_that_a_person_was_faster_than_is_called_off(play: Play) -> None:
    play.auto_post(1)
    play.publish(2, "container")
    play.explain(play.tap(3), 3.1, action="skip")

    publish, skip = play.chapters()

    assert (publish.ending, skip.ending) == (("called off", "quiet"), ("saved", "good"))


def test_publish_that_ended_is_not_called_off_by_what_comes_later(play: Play) -> None:
    play.auto_post(1)
    play.publish(2, "refused")
    play.explain(play.tap(3), 3.1, action="posted")

    assert play.chapters()[0].ending == ("not posted", "bad")


def test_step_of_a_publish_is_not_told_of_a_skip_that_comes_too_late(play: Play) -> None:
    play.auto_post(1)
    late = play.tap(2)
    play.publish(3, "publishing")
    play.explain(late, 4, outcome="stale", action="skip")

    publish, skip = play.chapters()

    assert publish.ending == ("publishing …", "open")
    assert [line["event"] for line in skip.lines] == ["tap"]


def test_only_the_newest_chapters_are_kept(play: Play) -> None:
    first = play.tap(0)
    for number in range(MOST_CHAPTERS):
        play.log(number, f"event {number}")

    chapters = play.chapters()

    assert len(chapters) == MOST_CHAPTERS
    assert f"tap-{first}" not in {chapter.key for chapter in chapters}


def test_edit_that_only_takes_buttons_away_is_said_so(play: Play) -> None:
    play.tap(1)
    play.world.chats[play.chat.id].messages[1].show(ShownContent(START, Content("text", "Sunset")).content, START)
    play.draw("Sunset\n", 2)

    assert play.chapters()[0].story[-1].text == "The card now says: the same, without buttons"


def test_answer_to_a_tap_that_is_forgotten_changes_nothing(play: Play) -> None:
    play.timeline.hear(Entry(1, START, "answered", {"query_id": "9", "text": "hi"}))

    assert play.chapters() == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"event": "database.recovered", "seconds": 2}, "The database answers again, after 2 s"),
        ({"event": "worker.stopping"}, "Asked to stop (…)"),
        ({"event": "new.thing", "level": "info", "timestamp": "t", "size": 3}, "new.thing size=3"),
        ({"event": "publish.step", "state": "ready", "outcome": "stored", "calls": []}, "Publish: it is ready"),
        (
            {"event": "publish.step", "call": "publish", "outcome": "answer lost", "reason": "No answer."},
            "Publish: publish: answer lost (No answer.)",
        ),
        ({"event": "publish.step", "outcome": "fenced out"}, "Publish: another worker goes on with it"),
        (
            {"event": "item", "item_id": 7, "change": "presented", "cause": "slot"},
            "Story 7 is due: its card is sent (slot)",
        ),
        ({"event": "item", "item_id": 7, "change": "dry_run", "cause": "a tap"}, "Story 7 dry_run (a tap)"),
        ({"event": "output", "text": "Traceback {0}"}, "Traceback {0}"),
    ],
)
def test_any_line_can_be_told(line: LogLine, words: str) -> None:
    assert told(line) == words
