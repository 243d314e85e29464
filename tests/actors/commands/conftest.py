"""The commands of one worker between fakes."""

import pytest

from tests.actors.commands.fakes import CommandStage


@pytest.fixture
def stage() -> CommandStage:
    return CommandStage()
