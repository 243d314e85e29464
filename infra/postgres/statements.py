"""Every operation and the statement that answers it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from actors.operations import commands as wished
from actors.operations import operation as asked
from actors.operations import preflight as ahead
from actors.operations import publishes as published
from actors.operations import tokens as kept
from actors.operations.set_up import LookAtSetUp
from infra.postgres import commands, preflight, publishes, schedule, set_up, taps, tokens
from infra.postgres import housekeeping as upkeep
from infra.postgres.statement import Binding

BINDINGS: Mapping[type[asked.Operation[Any]], Binding[Any, Any]] = MappingProxyType(
    {
        asked.RecordTap: taps.RECORD_TAP,
        asked.CloseTap: taps.CLOSE_TAP,
        asked.LookAtButton: taps.LOOK_AT_BUTTON,
        asked.LoadRow: taps.LOAD_ROW,
        asked.LookAtCard: taps.LOOK_AT_CARD,
        asked.ClaimDue: schedule.CLAIM_DUE,
        asked.ChangesTold: schedule.CHANGES_TOLD,
        asked.SaveCard: schedule.SAVE_CARD,
        asked.SendFailed: schedule.SEND_FAILED,
        asked.KeepClaim: schedule.KEEP_CLAIM,
        asked.StoreOutcome: schedule.STORE_OUTCOME,
        asked.AcknowledgeCards: upkeep.ACKNOWLEDGE_CARDS,
        asked.Recover: upkeep.RECOVER,
        asked.HoldLease: upkeep.HOLD_LEASE,
        asked.ReleaseLease: upkeep.RELEASE_LEASE,
        asked.WriteInteractions: upkeep.WRITE_INTERACTIONS,
        asked.TidyUp: upkeep.TIDY_UP,
        wished.LookAtChat: commands.LOOK_AT_CHAT,
        wished.PresentNext: commands.PRESENT_NEXT,
        wished.PauseChat: commands.PAUSE_CHAT,
        wished.RequeueItem: commands.REQUEUE_ITEM,
        wished.SetAside: commands.SET_ASIDE,
        wished.MoveChat: commands.MOVE_CHAT,
        published.TakePublish: publishes.TAKE_PUBLISH,
        published.StepPublish: publishes.STEP_PUBLISH,
        published.SavePermalink: publishes.SAVE_PERMALINK,
        kept.ClaimTokens: tokens.CLAIM_TOKENS,
        kept.StoreToken: tokens.STORE_TOKEN,
        kept.NoteToken: tokens.NOTE_TOKEN,
        ahead.LookAhead: preflight.LOOK_AHEAD,
        ahead.StoreFinding: preflight.STORE_FINDING,
        LookAtSetUp: set_up.LOOK_AT_SET_UP,
    }
)
