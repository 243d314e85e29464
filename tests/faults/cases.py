"""Every operation, asked in a state in which it has something to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from actors.domain.item import Action, Item
from actors.domain.taps import AskToReject
from actors.operations.cards import AcknowledgeCards, KeepClaim, Recover, SaveCard, SendFailed, Shown
from actors.operations.commands import CommandKey, LookAtChat, MoveChat, PauseChat, PresentNext, RequeueItem
from actors.operations.housekeeping import HoldLease, Interaction, Prune, ReleaseLease, WriteInteractions
from actors.operations.operation import Operation
from actors.operations.schedule import ClaimDue, StoreOutcome
from actors.operations.taps import CloseTap, LoadItem, LookAtButton, LookAtCard, RecordTap
from tests.contracts.team import ANNA, BEN, CHAT, Team
from tests.faults import publishing

WORKER = "one"
YEAR_SECONDS = 366 * 86_400.0


@dataclass(frozen=True, slots=True)
class Case:
    """`step` is its line in the matrix; the same rows and the same answer come of it, cut or not.

    `tells_work`: the answer is what this attempt had to do, which is less where an earlier one did it unheard.
    """

    step: str
    prepare: Callable[[Team], Awaitable[Operation[Any]]]
    tells_work: bool = False


async def skip(team: Team) -> Operation[Any]:
    """The tap of which every byte is cut."""
    return RecordTap(team.tap(await team.present()), WORKER)


async def _auto_post(team: Team) -> Operation[Any]:
    await team.connect()
    return RecordTap(team.tap(await team.present(), Action.AUTO_POST), WORKER)


async def _late_tap(team: Team) -> Operation[Any]:
    row = await team.present()
    await team.settle(row, Action.POSTED, BEN)
    return RecordTap(team.tap(row), WORKER)


async def _close(team: Team) -> Operation[Any]:
    return CloseTap(team.tap(await team.present()), WORKER)


async def _load(team: Team) -> Operation[Any]:
    return LoadItem(CHAT, (await team.present()).id)


async def _look_at_card(team: Team) -> Operation[Any]:
    row = await team.present()
    return LookAtCard(CHAT, row.id, row.cards[0].message_id)


async def _look_at_button(team: Team) -> Operation[Any]:
    """On a message that no row knows, which becomes a card."""
    press = replace(team.press(await team.present()), message_id=777)
    return LookAtButton(AskToReject(press))


async def _claim_due(team: Team) -> Operation[Any]:
    await team.queue(-5)
    return ClaimDue(WORKER, "look 1")


async def _save_card(team: Team) -> Operation[Any]:
    return SaveCard(await _claimed(team), 501, "file-1", WORKER)


async def _send_failed(team: Team) -> Operation[Any]:
    return SendFailed(await _claimed(team), WORKER, ambiguous=True, pause_seconds=20.0)


async def _keep_claim(team: Team) -> Operation[Any]:
    return KeepClaim(await _claimed(team), WORKER)


async def _store_outcome(team: Team) -> Operation[Any]:
    row = await team.settle(await team.present(), Action.AUTO_POST)
    return StoreOutcome(row, Action.REHEARSED, "Rehearsed.", WORKER)


async def _acknowledge(team: Team) -> Operation[Any]:
    row = await team.settle(await team.present(), Action.SKIP)
    return AcknowledgeCards(tuple(Shown(card, row.id, row.revision) for card in row.cards), WORKER)


async def _recover(team: Team) -> Operation[Any]:
    await team.settle(await team.present(), Action.SKIP)
    await team.world.pass_time(60)
    return Recover(WORKER, everything=True)


async def _hold_lease(team: Team) -> Operation[Any]:
    del team
    return HoldLease("updates", WORKER, 60.0, 10.0)


async def _release_lease(team: Team) -> Operation[Any]:
    await team.ask(HoldLease("updates", WORKER, 60.0, 10.0))
    return ReleaseLease("updates", WORKER)


async def _write(team: Team) -> Operation[Any]:
    del team
    line = Interaction(CHAT, "skip", ANNA.id, ANNA.name, 1, "tap-1", 1_700_000_000_000)
    return WriteInteractions("batch-1", (line, line))


async def _prune(team: Team) -> Operation[Any]:
    await team.ask(await _write(team))
    await team.world.pass_time(YEAR_SECONDS)
    return Prune()


async def _look_at_chat(team: Team) -> Operation[Any]:
    await team.present()
    return LookAtChat(CHAT, ANNA.id, 3)


async def _present_next(team: Team) -> Operation[Any]:
    await team.queue(600)
    return PresentNext(_wish(), WORKER)


async def _pause(team: Team) -> Operation[Any]:
    del team
    return PauseChat(_wish(), paused=True)


async def _requeue(team: Team) -> Operation[Any]:
    row = await team.settle(await team.present(), Action.SKIP)
    await team.world.pass_time(YEAR_SECONDS)
    return RequeueItem(_wish(), row.id)


async def _move(team: Team) -> Operation[Any]:
    await team.present()
    return MoveChat(CHAT, CHAT - 1000)


TAP = Case("tap", skip)
OTHERS = (
    Case("tap: Auto Post", _auto_post),
    Case("tap: too late", _late_tap),
    Case("close a tap", _close),
    Case("load a row", _load),
    Case("look at a card", _look_at_card),
    Case("look at a button", _look_at_button),
    Case("claim what is due", _claim_due),
    Case("save a card", _save_card),
    Case("a send that failed", _send_failed),
    Case("keep a claim", _keep_claim),
    Case("store an outcome", _store_outcome),
    Case("acknowledge cards", _acknowledge),
    Case("recover", _recover, tells_work=True),
    Case("hold the lease", _hold_lease),
    Case("release the lease", _release_lease),
    Case("write interactions", _write, tells_work=True),
    Case("prune", _prune, tells_work=True),
    Case("look at a chat", _look_at_chat),
    Case("present the next", _present_next),
    Case("pause a chat", _pause),
    Case("requeue an item", _requeue),
    Case("move a chat", _move, tells_work=True),
    Case("take a publish", publishing.take_publish),
    Case("step a publish", publishing.step_publish),
    Case("end a publish", publishing.end_publish),
    Case("save a permalink", publishing.save_permalink),
    Case("claim tokens", publishing.claim_tokens),
    Case("store a token", publishing.store_token),
    Case("note a token", publishing.note_token),
    Case("look ahead", publishing.look_ahead),
    Case("store a finding", publishing.store_finding),
)


async def _claimed(team: Team) -> Item:
    await team.queue()
    (row,) = (await team.claim()).present
    return row


def _wish() -> CommandKey:
    return CommandKey(CHAT, 901, ANNA)
