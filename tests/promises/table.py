"""Every promise of docs/guarantees.md."""

from __future__ import annotations

from tests.promises.promise import Promise
from tests.promises.proof_promises import PROOFS
from tests.promises.publishing_promises import PUBLISHING
from tests.promises.running_promises import RUNNING
from tests.promises.team_promises import TEAM

PROMISES: tuple[Promise, ...] = (*TEAM, *PUBLISHING, *RUNNING, *PROOFS)
