"""The poller of one worker between fakes."""

import pytest

from tests.actors.updates.fakes import IntakeStage


@pytest.fixture
def stage() -> IntakeStage:
    return IntakeStage()
