"""`make recipes`: each recipe is played in a copy of the tree, step by step, and has to end green.

It takes minutes. `ARGS=verb` plays one.
"""

from __future__ import annotations

import argparse
import sys

from tests.promises.trial import ROOT, copied, run
from tests.recipes.recipe import NAMES, edit, read

SHOWN = 4000


def tell(line: str) -> None:
    """Print it now: a reader waits for minutes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def play(name: str) -> bool:
    """Play one; tells whether it ended green, and what was printed where it did not."""
    with copied(ROOT) as copy:
        for kind, text in read(name).steps:
            if kind == "diff":
                edit(text, copy)
                continue
            ended = run(text, copy)
            tell(f"{name}: {ended.seconds:5.0f} s  {text}")
            if ended.status != 0:
                tell(ended.printed[-SHOWN:])
                return False
    return True


def main(words: list[str] | None = None) -> int:
    """Play those that are named, or all."""
    parser = argparse.ArgumentParser(prog="make recipes", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="NAME", help=", ".join(NAMES))
    names = parser.parse_args(words).names or NAMES
    failed = [name for name in names if not play(name)]
    tell("all green" if not failed else f"red: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
