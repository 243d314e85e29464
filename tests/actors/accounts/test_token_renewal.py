"""The keeper of the tokens: it is really started, it renews, and where it cannot it warns, once each."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from actors.accounts.token_renewal import (
    LOOK_SECONDS,
    RENEW_SECONDS,
    STORE_TRIES,
    WARN_SECONDS,
    TokenDependencies,
    TokenKeeper,
)
from actors.database.request import Cause, NotStored
from actors.domain.account import Account, FreshToken, Login
from actors.errors import AnswerLost, Refused, TokenGone, Unreachable
from actors.operations.tokens import ClaimTokens, NoteToken, StoreToken, TokenDue
from actors.publish.not_connected import NotConnected
from actors.runtime.waiting import POLL_WINDOW_SECONDS
from tests.actors.fakes import After, FakeChat, FakeStore, Never, Script
from tests.kit.clock import virtual_time
from tests.kit.lives import living
from tests.stories import CHAT, NOON

anyio_backend = virtual_time

DAY = 86_400.0
FRESH = FreshToken(b"fresh", NOON + timedelta(days=60))
DUE = TokenDue(1, CHAT, Account(1, "1784", "studio", Login.INSTAGRAM, b"sealed"), 5 * DAY)
KEPT = replace(DUE, account=replace(DUE.account, sealed_token=b"fresh"), seconds_left=60 * DAY)
AWAY = NotStored(Cause.EXPIRED, certain=False)
STARTED = "w1 tokens 1"


class Renewals(Script, NotConnected):
    """Fills ports.Instagram for renewals, as scripted."""

    async def renew(self, account: Account) -> FreshToken:
        """Have a new token."""
        assert account == DUE.account
        answer: Any = await self.play("renew")
        assert isinstance(answer, FreshToken)
        return answer


class Stage:
    """A keeper between fakes; the first look finds one account, whose token is renewed unless scripted."""

    def __init__(self) -> None:
        self.store, self.instagram, self.chat = FakeStore(), Renewals(), FakeChat()
        self.store.will("ClaimTokens", (DUE,))
        self.store.always("ClaimTokens", ())
        self.store.always("StoreToken", KEPT)
        self.store.always("NoteToken", True)
        self.instagram.always("renew", FRESH)
        self.keeper = TokenKeeper(self.dependencies)
        self.left_behind = 0
        self.logs: list[Any] = []

    @property
    def dependencies(self) -> TokenDependencies:
        """Of a keeper between these fakes."""
        return TokenDependencies("w1", self.store, self.instagram, self.chat, self._left_behind)

    def _left_behind(self) -> None:
        self.left_behind += 1

    async def live(self, seconds: float = 60.0) -> None:
        """Live for so long."""
        with capture_logs() as self.logs:
            async with living(self.keeper.run):
                await anyio.sleep(seconds)

    @property
    def events(self) -> list[str]:
        """What was logged."""
        return [line["event"] for line in self.logs]


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def test_f32_token_is_renewed_and_kept_and_nobody_is_bothered(stage: Stage) -> None:
    await stage.live()

    assert stage.store.asked == [ClaimTokens(STARTED), StoreToken(DUE, FRESH)]
    assert stage.chat.texts == []
    assert stage.events == ["token.renewed"]


async def test_tokens_are_looked_at_four_times_a_day_in_bursts(stage: Stage) -> None:
    await stage.live(DAY - 60)

    assert stage.store.when("ClaimTokens") == pytest.approx([LOOK_SECONDS * number for number in range(4)])
    assert len({asked.owner for asked in stage.store.of(ClaimTokens)}) == 4


async def test_looks_come_back_to_the_bursts_after_a_start_between_two(stage: Stage) -> None:
    await anyio.sleep(700.0)

    await stage.live(DAY)

    assert stage.store.when("ClaimTokens")[1:3] == pytest.approx([LOOK_SECONDS, 2 * LOOK_SECONDS])


async def test_database_that_is_away_is_asked_again_in_the_next_burst(stage: Stage) -> None:
    stage.store = FakeStore()
    stage.store.will("ClaimTokens", AWAY)
    stage.store.always("ClaimTokens", ())
    stage.keeper = TokenKeeper(stage.dependencies)

    await stage.live(POLL_WINDOW_SECONDS + 60)

    assert stage.store.when("ClaimTokens") == pytest.approx([0, POLL_WINDOW_SECONDS])


@pytest.mark.parametrize(
    "answer", [Unreachable("no network"), Refused("Not today."), AnswerLost("cut"), Never()], ids=repr
)
async def test_f32_people_are_warned_of_a_token_that_cannot_be_renewed(stage: Stage, answer: object) -> None:
    stage.instagram.will("renew", answer)

    await stage.live()

    assert stage.store.asked[1:] == [NoteToken(DUE, STARTED, 7, gone=False)]
    ((chat_id, text),) = stage.chat.texts
    assert chat_id == CHAT
    assert "@studio on Instagram ends in 5 days" in text
    assert stage.events == ["token.not_renewed", "token.warned"]


async def test_renewal_takes_30_s_at_most(stage: Stage) -> None:
    stage.instagram.will("renew", Never())

    await stage.live()

    assert stage.store.when("NoteToken") == pytest.approx([RENEW_SECONDS])


async def test_token_that_is_good_for_longer_is_tried_again_without_a_word(stage: Stage) -> None:
    stage.store = FakeStore()
    stage.store.always("ClaimTokens", (replace(DUE, seconds_left=15 * DAY),))
    stage.keeper = TokenKeeper(stage.dependencies)
    stage.instagram.always("renew", Unreachable("no network"))

    await stage.live(LOOK_SECONDS + 60)

    assert stage.instagram.when("renew") == pytest.approx([0, LOOK_SECONDS])
    assert stage.chat.texts == []


async def test_token_that_is_gone_is_noted_and_told(stage: Stage) -> None:
    stage.instagram.will("renew", TokenGone("Connect it again."))

    await stage.live()

    assert stage.store.asked[1:] == [NoteToken(replace(DUE, gone=True), STARTED, 0, gone=True)]
    assert [text.startswith("⛔") for _, text in stage.chat.texts] == [True]


async def test_token_that_a_publish_found_gone_is_told_without_a_renewal(stage: Stage) -> None:
    gone = replace(DUE, gone=True)
    stage.store = FakeStore()
    stage.store.will("ClaimTokens", (gone,))
    stage.store.always("ClaimTokens", ())
    stage.store.always("NoteToken", True)
    stage.keeper = TokenKeeper(stage.dependencies)

    await stage.live()

    assert stage.instagram.times == []
    assert len(stage.chat.texts) == 1


async def test_account_that_was_connected_again_meanwhile_is_left_alone(stage: Stage) -> None:
    stage.store.will("StoreToken", None)

    await stage.live()

    assert stage.events == ["token.not_kept"]
    assert stage.chat.texts == []


async def test_warning_that_is_not_ours_any_more_is_not_given(stage: Stage) -> None:
    stage.instagram.will("renew", Unreachable("no network"))
    stage.store.will("NoteToken", False)

    await stage.live()

    assert stage.chat.texts == []


async def test_warning_that_could_not_be_noted_is_looked_at_again_in_the_next_burst(stage: Stage) -> None:
    stage.instagram.will("renew", Refused("no"))
    stage.store.will("NoteToken", False)

    await stage.live(POLL_WINDOW_SECONDS + 60)

    assert stage.chat.texts == []
    assert stage.store.when("ClaimTokens") == pytest.approx([0, POLL_WINDOW_SECONDS])


async def test_warning_that_may_have_been_sent_counts_as_sent(stage: Stage) -> None:
    stage.instagram.will("renew", Unreachable("no network"))
    stage.chat.will("send_text", AnswerLost("cut"))

    await stage.live(POLL_WINDOW_SECONDS + 60)

    assert len(stage.store.of(NoteToken)) == 1
    assert stage.store.when("ClaimTokens") == pytest.approx([0])


async def test_warning_that_takes_too_long_counts_as_sent(stage: Stage) -> None:
    stage.instagram.will("renew", Unreachable("no network"))
    stage.chat.will("send_text", Never())

    await stage.live(WARN_SECONDS + 10)

    assert len(stage.store.of(NoteToken)) == 1


@pytest.mark.parametrize("error", [Unreachable("no network"), Refused("the bot was removed")], ids=repr)
async def test_warning_that_was_not_sent_is_taken_back_and_given_in_the_next_burst(
    stage: Stage, error: Exception
) -> None:
    stage.store.will("ClaimTokens", (DUE,))
    stage.instagram.always("renew", Unreachable("no network"))
    stage.chat.will("send_text", error)

    await stage.live(POLL_WINDOW_SECONDS + 60)

    assert [noted.warned_days for noted in stage.store.of(NoteToken)] == [7, None, 7]
    assert len(stage.chat.texts) == 1


async def test_stop_lets_a_warning_be_given_that_is_stored(stage: Stage) -> None:
    stage.instagram.will("renew", Unreachable("no network"))
    stage.chat.will("send_text", After(5.0))

    await stage.live(1.0)

    assert len(stage.chat.texts) == 1


async def test_stop_does_not_wait_for_a_renewal(stage: Stage) -> None:
    stage.instagram.will("renew", Never())

    await stage.live(1.0)

    assert anyio.current_time() == pytest.approx(1.0)


async def test_renewed_token_outlives_an_outage(stage: Stage) -> None:
    stage.store.will("StoreToken", AWAY, AWAY)

    await stage.live()

    assert len(stage.store.of(StoreToken)) == 3
    assert stage.events == ["token.not_stored", "token.not_stored", "token.renewed"]


async def test_database_that_stays_away_does_not_hold_up_the_others_for_ever(stage: Stage) -> None:
    stage.store.will("StoreToken", *[AWAY] * STORE_TRIES)

    await stage.live()

    assert stage.events[-1] == "token.not_kept"
    assert b"sealed" not in repr(stage.logs).encode()


@pytest.mark.parametrize(
    ("answer", "looks"),
    [(FRESH, 1), (TokenGone("Connect it again."), 1), (Unreachable("no network"), 0)],
    ids=["renewed", "gone", "as it was"],
)
async def test_cards_are_looked_at_that_may_say_what_a_renewal_made_untrue(
    stage: Stage, answer: object, looks: int
) -> None:
    stage.instagram.will("renew", answer)

    await stage.live()

    assert stage.left_behind == looks
