"""Every operation and the statement that answers it, of all subjects."""

from __future__ import annotations

from types import MappingProxyType

from infra.postgres import (
    cards,
    commands,
    housekeeping,
    insights,
    preflight,
    publishes,
    refusals,
    schedule,
    set_up,
    taps,
    tokens,
)
from infra.postgres.statement import Statements

STATEMENTS: Statements = MappingProxyType(
    {
        **taps.STATEMENTS,
        **cards.STATEMENTS,
        **refusals.STATEMENTS,
        **schedule.STATEMENTS,
        **publishes.STATEMENTS,
        **insights.STATEMENTS,
        **commands.STATEMENTS,
        **tokens.STATEMENTS,
        **preflight.STATEMENTS,
        **set_up.STATEMENTS,
        **housekeeping.STATEMENTS,
    }
)
