"""The items of one worker between fakes."""

import pytest

from tests.actors.item.fakes import ItemStage


@pytest.fixture
def stage() -> ItemStage:
    return ItemStage()
