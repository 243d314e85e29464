"""The fake and the real database lead the same life, by chance and at length, and cannot be told apart."""

from random import Random

import pytest

from tests.contracts.paper import open_simulated
from tests.contracts.twins import Twins
from tests.contracts.worlds import open_postgres

SEEDS = range(5)
STEPS = 120


@pytest.mark.parametrize("seed", SEEDS)
async def test_both_give_the_same_answers_and_keep_the_same_rows(contract_url: str, seed: int) -> None:
    async with open_simulated() as paper, open_postgres(contract_url) as real:
        twins = Twins(paper, real, Random(seed))
        await twins.begin()

        differences = await twins.live(STEPS)

    assert not differences, "\n".join(differences)
