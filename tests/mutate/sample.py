"""Chooses the mutants of a run by a seed: a folder's share by its size, each kind of mistake as often as the others."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence

from tests.mutate.change import Change, Kind


def sample(found: Mapping[str, Sequence[Change]], count: int, seed: int) -> dict[str, list[Change]]:
    """Choose about `count` of all changes; the same source and seed choose the same ones."""
    total = sum(map(len, found.values()))
    shares = {folder: round(count * len(changes) / total) for folder, changes in found.items()}
    return {folder: _of_each_kind(found[folder], share, f"{seed}/{folder}") for folder, share in shares.items()}


def _of_each_kind(changes: Sequence[Change], count: int, seed: str) -> list[Change]:
    rng = random.Random(seed)
    by_kind: dict[Kind, list[Change]] = defaultdict(list)
    for change in changes:
        by_kind[change.kind].append(change)
    piles = [rng.sample(pile, len(pile)) for _, pile in sorted(by_kind.items(), key=lambda item: item[0].value)]
    chosen: list[Change] = []
    while len(chosen) < count and any(piles):
        chosen += [pile.pop() for pile in piles if pile]
    return chosen[:count]
