"""Mistakes each of which breaks one promise that no other mistake was seen to break: the promise can fail, too."""

from __future__ import annotations

from tests.mutants.mutant import Edit, Mutant, mutant

TAPS = "tests/fakes/taps.py"
PUBLISHES = "tests/fakes/publishes.py"
SCHEDULE = "tests/fakes/schedule.py"

PROMISED: tuple[Mutant, ...] = (
    mutant(
        "published-though-it-was-cancelled",
        "F10",
        "Skip cancels a publish whose call is out, and the call takes effect",
        Edit(
            PUBLISHES,
            '    return item.state == "publishing" and publish is not None and publish.state == "publishing"\n',
            '    return publish is not None and publish.state == "published"\n',
        ),
        Edit(
            PUBLISHES,
            "CANCELS = {phase.value for phase in CANCELLABLE}",
            "CANCELS = {phase.value for phase in CANCELLABLE} | RUNS",
        ),
        promise="a cancelled publish is not live",
    ),
    mutant(
        "decided-without-its-key",
        "F14",
        "record_tap keeps the key of a tap only if it was refused",
        Edit(
            TAPS,
            "    verdict = _judge(writer, case)\n    _remember(writer, case, verdict)\n",
            "    verdict = _judge(writer, case)\n"
            '    if verdict != "recorded":\n        _remember(writer, case, verdict)\n',
        ),
        promise="a decision belongs to a recorded tap",
    ),
    mutant(
        "sent-and-not-saved",
        "F20",
        "a card that was sent is not saved, and its item counts as presented",
        Edit(
            "tests/fakes/cards.py",
            "    writer.tables.cards.put(replace(card, want=want, shown=max(card.shown, shown)))\n",
            "    if card.shown > 0:\n"
            "        writer.tables.cards.put(replace(card, want=want, shown=max(card.shown, shown)))\n",
        ),
        promise="a sent card is saved",
    ),
    mutant(
        "stop-without-an-end",
        "F38",
        "who stops waits for what Telegram shall forget, which no poll tells any more, and is ended late",
        Edit(
            "actors/updates/polling.py",
            "for held in self._held.values() if not held.done)\n        )",
            "for held in self._held.values())\n        )",
        ),
        Edit("actors/runtime/supervisor.py", "life.patience_seconds = min(", "life.patience_seconds = 6 * min("),
        promise="a stop ends",
    ),
    mutant(
        "later-tap-first",
        "F18",
        "a person's second tap is recorded beside the first one, whatever version both saw",
        Edit(TAPS, "if case.item.version != case.tap.press.version or case.target", "if case.target"),
        Edit(
            "actors/item/decide.py",
            "        case Tap() if (holder := memory.holder(message.press)) is not None:\n"
            "            return _busy(memory, holder, message)\n",
            "",
        ),
        promise="one person's taps keep their order",
    ),
)
