"""What the operator is promised: workers that take over, stop, idle and log; and what breaks real parts."""

from __future__ import annotations

from tests.mutants.mutant import Edit
from tests.promises.promise import Promise, known, promise, tests, tests_in
from tests.promises.team_promises import NO_KEY


def faults(section: str) -> str:
    """The command of one section of the matrix."""
    return f'make faults ARGS="--only {section}"'


def a_slice(section: str) -> str:
    """The same, as short as it can be."""
    return f'make faults ARGS="--only {section} --quick"'


RUNNING: tuple[Promise, ...] = (
    promise(
        "take_over",
        "Two workers: one polls, the other takes over within 15 s, nothing is doubled",
        tests("test_two_workers"),
        "a standby looks at the lease as seldom as a holder whom nobody waits for",
        *known("standby_sleeps"),
        sample=tests_in("test_two_workers", "tests/scenarios/test_two_workers.py"),
    ),
    promise(
        "connections",
        "Held, creeping and unread connections keep no other client off `PORT`",
        tests("hostile_connections"),
        "whoever is connected makes no room, and nobody is turned away",
        Edit("infra/web/gate.py", "        if still:\n            min(", "        if not still:\n            min("),
        sample=tests_in("hostile_connections", "tests/infra/web/test_hostile_connections.py"),
    ),
    promise(
        "installs",
        "The lock installs with old pips when newer releases are out",
        "make installs",
        "pip may look for what the lock does not name",
        Edit("Makefile", "--disable-pip-version-check --no-deps ", "--disable-pip-version-check "),
        tells="FAILS",
    ),
    promise(
        "idle",
        "A lone idle worker sends at most 12 statements an hour, in two poll windows",
        tests("idle"),
        "a lone holder renews its lease as often as one with company",
        Edit(
            "actors/updates/poll_lease.py",
            "return POLL_RENEW_SECONDS if contested else ALONE_SECONDS / 2",
            "return POLL_RENEW_SECONDS",
        ),
        sample=tests_in("idle", "tests/actors/test_worker.py"),
    ),
    promise(
        "log_reader",
        "A log that is not read, or whose reader went away, holds up nothing",
        tests("log_reader or test_output"),
        "lines are written by those who have something to say",
        Edit("infra/process/output.py", "        yield cast(TextIO, queue)\n", "        yield stream\n"),
        sample=tests_in(
            "log_reader or test_output", "tests/infra/process/test_output.py", "tests/scenarios/test_log_reader.py"
        ),
    ),
    promise(
        "signals",
        "Every signal is an orderly stop, also in the first second of process 1; a demo leaves nothing, "
        "also after kill -9",
        tests("test_signals or test_demo_ends"),
        "the end of a terminal is no signal to stop",
        Edit("infra/process/first.py", " if stays else (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)", ""),
        sample=tests_in("test_signals or test_demo_ends", "tests/infra/process/test_signals.py"),
    ),
    promise(
        "webhook",
        "Webhook: 2xx after the effect, 503 after a second, forged requests leave nothing, switching loses nothing",
        tests("webhook"),
        "an update is confirmed as soon as it was handed on",
        Edit(
            "actors/updates/webhook.py",
            "return Receipt.LATER if held is None else await self._wait(held)",
            "return Receipt.LATER if held is None else Receipt.DONE",
        ),
        sample=tests_in("webhook", "tests/actors/updates/test_webhook.py"),
    ),
    promise(
        "cuts",
        "Connections cut at each byte of a tap's statement: effect once, connections back",
        faults("cuts"),
        "each attempt to store a tap has a key of its own",
        *NO_KEY,
        tells="broken: told",
        sample=a_slice("cuts"),
    ),
    promise(
        "kills",
        "Workers ended at each piece of traffic of a tap, a card, a publish: the next one brings it to its end, once",
        faults("kills"),
        "Telegram is never told that an update is done with",
        Edit("actors/updates/polling.py", "min(waiting) if waiting else max(self._held) + 1", "min(self._held)"),
        tells="updates were never confirmed",
        sample=a_slice("kills"),
    ),
    promise(
        "calls",
        "HTTP connections cut at each piece of traffic of a tap, a card, a publish: one effect, one answer",
        faults("calls"),
        "a toast that may not have come is not shown again",
        Edit(
            "actors/item/callback_answers.py",
            "            if await pause(TOAST_RETRY.after(attempt + 1)):\n                return Toasted(False)\n",
            "            return Toasted(False)\n",
        ),
        tells="taps were never answered",
        sample=a_slice("calls"),
    ),
    promise(
        "postgres",
        "PostgreSQL stopped, crashed, full, slow, read-only, locked in the middle of a tap, a card, a publish",
        faults("postgres"),
        "an attempt that failed is not made again",
        Edit(
            "actors/database/actor.py",
            "self._queue.put_off(request, now + max(pause, asked))",
            "request.fail(Cause.REFUSED)",
        ),
        tells="the chat does not tell the truth",
        sample=a_slice("postgres"),
    ),
    promise(
        "overlap",
        "Workers that restart by turns, die, freeze for a minute, migrate beside older ones",
        faults("overlap"),
        "whoever reads that another one holds the lease polls all the same",
        Edit("actors/updates/poll_lease.py", "if view.standing is LeaseState.STANDBY:", "if view.standing is None:"),
        tells="poll in the end",
        sample=a_slice("overlap"),
    ),
    promise(
        "outage",
        "Ten minutes without a database: taps are held, then refused visibly, memory stays flat",
        faults("outage"),
        "the toast waits until the tap is stored",
        *known("toast_after_the_record"),
        tells="the slowest toast came after",
        sample=a_slice("outage"),
    ),
    promise(
        "soak",
        "A million taps while something breaks every few seconds: none lost, memory flat",
        "make soak",
        "each tap leaves 50 kB behind",
        Edit(
            "actors/audit/lines.py",
            '    """Write the one line of a tap."""\n',
            '    """Write the one line of a tap."""\n    LEFT.append(b"x" * 50_000)\n',
        ),
        Edit("actors/audit/lines.py", "log = structlog.get_logger()\n", "log = structlog.get_logger()\nLEFT = []\n"),
        tells="broken: memory grew by",
        sample='make soak ARGS="--taps 8000"',
    ),
)
