"""What a person hears whose press never reached its item, and what the log says of it; in virtual time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from actors.domain.updates import Unknown
from actors.errors import Refused, Unreachable
from actors.item.aloud import Aloud
from actors.item.callback_answers import Toasted, refuse, refuse_unknown, toast
from tests.actors.fakes import After, FakeChat, Never
from tests.kit.clock import virtual_time
from tests.stories import ANNA, CHAT, press

anyio_backend = virtual_time

UNKNOWN = Unknown(9, "tap-9", ANNA, CHAT, 501, "an old button", 0.0)


@dataclass
class AnswerStage:
    """A chat, and who is told that Telegram may forget an update."""

    chat: FakeChat = field(default_factory=FakeChat)
    confirmed: list[int] = field(default_factory=list)

    async def refuse(self) -> Any:
        """Refuse a press; answers the tap's line."""
        with capture_logs() as logs:
            await refuse(Aloud(self.chat), press(), "Busy, tap again", self.confirmed.append)
        return _the_tap(logs)

    async def refuse_unknown(self) -> Any:
        """Refuse a button that is none of ours; answers the tap's line."""
        with capture_logs() as logs:
            await refuse_unknown(self.chat, UNKNOWN, "That button is none of mine", self.confirmed.append)
        return _the_tap(logs)


def _the_tap(logs: list[Any]) -> Any:
    (line,) = [line for line in logs if line["event"] == "tap"]
    return line


@pytest.fixture
def stage() -> AnswerStage:
    return AnswerStage()


async def test_refused_tap_is_told_by_a_toast_and_the_log_says_how_long_that_took(stage: AnswerStage) -> None:
    stage.chat.will("answer", After(0.25))

    line = await stage.refuse()

    assert stage.chat.toasts == [("tap-1", "Busy, tap again")]
    assert stage.confirmed == [press().update_id]
    assert line == {
        "event": "tap",
        "log_level": "info",
        "tap_id": "tap-1",
        "item_id": 7,
        "chat_id": CHAT,
        "user_id": ANNA.id,
        "action": "unread",
        "outcome": "refused",
        "cause": "Busy, tap again",
        "toast_ms": pytest.approx(250.0),
        "recorded_ms": None,
        "card_ms": None,
        "db_attempts": 0,
        "edit_attempts": 0,
        "version": 0,
    }


@pytest.mark.parametrize(
    "answer", [Refused("too old"), Unreachable("away"), Never()], ids=["refused", "away", "silent"]
)
async def test_refused_tap_whose_toast_fails_is_told_in_the_chat(stage: AnswerStage, answer: object) -> None:
    stage.chat.will("answer", answer)

    await stage.refuse()

    assert stage.chat.texts == [(CHAT, "Anna: Busy, tap again")]


async def test_toast_is_given_five_seconds(stage: AnswerStage) -> None:
    stage.chat.will("answer", Never())
    stage.chat.will("send_text", After(1.5))

    assert (await stage.refuse())["toast_ms"] == pytest.approx(6500.0)


async def test_unknown_button_has_the_time_of_its_toast_in_the_log_or_none(stage: AnswerStage) -> None:
    stage.chat.will("answer", After(0.25), Refused("too old"))

    told, untold = await stage.refuse_unknown(), await stage.refuse_unknown()

    assert (told["toast_ms"], untold["toast_ms"]) == (pytest.approx(250.0), None)
    assert (told["cause"], told["outcome"]) == ("an old button", "unknown_button")
    assert (told["db_attempts"], told["edit_attempts"]) == (0, 0)
    assert (stage.confirmed, stage.chat.texts) == ([9, 9], [])


@pytest.mark.parametrize(
    ("answers", "toasted"),
    [
        ((), Toasted(True)),
        ((Unreachable("Too Many Requests", 3.0),), Toasted(True, limited=True)),
        ((Unreachable("no network"),), Toasted(True)),
        ((Refused("query is too old"),), Toasted(False)),
        ((Unreachable("Too Many Requests", 3.0),) * 3, Toasted(False)),
    ],
    ids=["at once", "limited", "lost", "refused", "given up"],
)
async def test_toast_that_waited_for_the_limit_is_told_from_a_slow_one(
    stage: AnswerStage, answers: tuple[Exception, ...], toasted: Toasted
) -> None:
    stage.chat.will("answer", *answers)

    assert await toast(stage.chat, press(), "Skipping…", _never_stopping) == toasted


async def _never_stopping(seconds: float) -> bool:
    await anyio.sleep(seconds)
    return False
