"""The sections of the matrix, in the order in which they run."""

from __future__ import annotations

from typing import Final

from tests.faults.calls import Calls
from tests.faults.cuts import Cuts
from tests.faults.kills import Kills
from tests.faults.outage import Outage
from tests.faults.overlap import Overlap
from tests.faults.postgres import Postgres
from tests.faults.results import Section

SECTIONS: Final[tuple[Section, ...]] = (Cuts(), Kills(), Calls(), Postgres(), Overlap(), Outage())
