"""The cards of one worker between fakes."""

import pytest

from tests.actors.cards.fakes import CardStage


@pytest.fixture
def stage() -> CardStage:
    return CardStage()
