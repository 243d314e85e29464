"""The database goes away while three people tap three items, and comes back."""

import anyio

from tests.links import Link, link_to
from tests.stage import ANNA, BEN, EVE, Stage

AWAY_SECONDS = 2.0
INTERIM_LINES = ("Anna is skipping this", "Ben is marking as posted this", "Eve is auto posting this")
ENDINGS = ("Skipped by", "Posted by", "Dry run: the picture")


async def test_database_that_refuses_for_a_while_delays_taps_and_loses_none(stage: Stage) -> None:
    await stage.add_chat()

    async with link_to(stage.dsn) as link, stage.worker(dsn=link.dsn):
        await play_an_outage(stage, link)


async def test_database_that_is_silent_for_a_while_delays_taps_and_loses_none(stage: Stage) -> None:
    await stage.add_chat()

    async with link_to(stage.dsn) as link, stage.worker(dsn=link.dsn):
        await play_an_outage(stage, link, silent=True)


async def play_an_outage(stage: Stage, link: Link, silent: bool = False) -> None:
    """Toasts at once, an interim line with live buttons, and the truth soon after the return."""
    cards = [await stage.present(title) for title in ("First", "Second", "Third")]
    messages = [message for _, message in cards]

    link.swallows = silent
    link.refuse(not silent)
    taps = [
        stage.tap(message, person, button)
        for message, person, button in zip(messages, (ANNA, BEN, EVE), ("Skip", "Posted", "Auto Post"), strict=True)
    ]
    toasts = [await stage.answered(tap) for tap in taps]
    for message, words in zip(messages, INTERIM_LINES, strict=True):
        await stage.says(message, words)
    live = [stage.buttons(message) for message in messages]
    await anyio.sleep(AWAY_SECONDS)
    link.swallows = False
    link.refuse(False)
    for message, words in zip(messages, ENDINGS, strict=True):
        await stage.says(message, words)
    lines = [await stage.line(tap) for tap in taps]

    assert toasts == ["Skipping…", "Marking as posted…", "Auto posting…"]
    assert all("Skip" in buttons for buttons in live)
    assert [line["outcome"] for line in lines] == ["recorded"] * 3
    assert max(line["toast_ms"] for line in lines) < min(line["recorded_ms"] for line in lines)
    assert min(line["recorded_ms"] for line in lines) > AWAY_SECONDS * 1000
    assert [await stage.events(item) for item, _ in cards] == [
        [("skip", "Anna")],
        [("posted", "Ben")],
        [("auto_post", "Eve"), ("rehearsed", "Eve")],
    ]
