"""The findings as a table of budgets, a table of what stands beside them, and one line for machines."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.acts import Findings
from tests.bench.rounds import IDEAL, OURS, Taps, percentile

NOWHERE = float("nan")


@dataclass(frozen=True, slots=True)
class Budget:
    """One line: what was measured, what the ideal did, and the bound; `at_least` turns the comparison round."""

    name: str
    unit: str
    ours: float
    bound: float
    ideal: float = NOWHERE
    at_least: bool = False

    @property
    def ratio(self) -> float:
        """Ours in terms of the ideal."""
        return self.ours / self.ideal

    @property
    def is_relative(self) -> bool:
        """Tell whether the bound is one of the ratio."""
        return self.ideal == self.ideal

    @property
    def met(self) -> bool:
        """Tell whether it holds."""
        value = self.ratio if self.is_relative else self.ours
        return value >= self.bound if self.at_least else value <= self.bound


def budgets(findings: Findings) -> list[Budget]:
    """Every budget of the design that is a matter of speed or size."""
    return [*_of_taps(findings), *_of_load(findings), *_of_runtime(findings), *_of_files(findings)]


def _of_taps(findings: Findings) -> list[Budget]:
    lines = []
    for (rtt, at_once), taps in findings.taps.items():
        where = f"RTT {rtt} ms, {at_once} at once" if at_once > 1 else f"RTT {rtt} ms, one tap"
        ours, ideal = taps[OURS], taps[IDEAL]
        if at_once == 1:
            lines.append(Budget(f"{where}: toast, p50", "ms", median(ours.toast()), 35.0))
        lines.append(Budget(f"{where}: final card, p50", "ms", median(ours.card()), 1.25, median(ideal.card())))
        if at_once > 1:
            lines.append(Budget(f"{where}: taps/s", "/s", ours.per_second(), 0.7, ideal.per_second(), at_least=True))
    return lines


def _of_load(findings: Findings) -> list[Budget]:
    steady = findings.steady[OURS]
    calls, without = steady["taps"].toast_call(), findings.without_database.toast_call()
    return [
        Budget("100 taps/s: toast call after the getUpdates reply, p99", "ms", percentile(calls, 0.99), 5.0),
        Budget("the same without a database, p99", "ms", percentile(without, 0.99), 5.0),
        Budget("100 taps/s: event-loop stall, p99.9", "ms", steady["stall_ms"], 10.0),
        Budget("100 taps/s: database round trips a tap", "", steady["round_trips"], 1.1),
        Budget("100 taps/s: commits a tap", "", findings.commits, 1.1),
        Budget("idle hour: statements", "", findings.idle["statements"], 12),
        Budget("idle hour: bursts", "", findings.idle["bursts"], 2),
        Budget("process start to first poll, database stopped", "s", median(findings.starts["database stopped"]), 2.0),
        Budget("taps lost in the whole run", "", _lost(findings), 0),
    ]


def _of_runtime(findings: Findings) -> list[Budget]:
    many, items = max(findings.items.items())
    speed, deque = findings.messages["mailbox"], findings.messages["deque"]
    absolute = Budget("mailbox, one-way messages", "/s", speed, 1_000_000, at_least=True)
    relative = Budget("mailbox, one-way messages", "/s", speed, 0.8, deque, at_least=True)
    return [
        absolute if absolute.met else relative,  # either will do
        Budget(f"{many:,} idle items", "MB", items["megabytes"], 300.0),
    ]


def _of_files(findings: Findings) -> list[Budget]:
    """Nothing in a quick run: it takes minutes."""
    lines = []
    if findings.media is not None:
        film, bare = findings.media.film, findings.media.bare_film
        fitted, whole = findings.media.fitted_picture, findings.media.whole_picture
        lines += [
            Budget("a film of 4K made fit; a bare ffmpeg", "s", film.seconds, 1.5, bare.seconds),
            Budget("a film of 4K made fit", "MB", film.megabytes, 600),
            Budget("48 megapixels fitted; from all pixels", "s", fitted.seconds, 0.5, whole.seconds),
            Budget("48 megapixels made fit", "MB", findings.media.picture.megabytes, 200),
        ]
    if findings.beside:
        idle, making = (percentile(findings.beside[name].toast(), 0.99) for name in ("idle", "making"))
        lines.append(Budget("toast beside eight files made fit, p99; beside nothing", "ms", making, 1.3, idle))
    return lines


def _ours(findings: Findings) -> list[Taps]:
    """The rounds of our worker that wait for a final card."""
    steady = [findings.steady[OURS]["taps"]] if OURS in findings.steady else []
    rounds = [both[OURS] for both in findings.taps.values()] + steady
    return rounds + ([findings.after_idle[OURS]] if OURS in findings.after_idle else [])


def _lost(findings: Findings) -> int:
    return sum(taps.lost for taps in _ours(findings)) + findings.lost


def broken(findings: Findings) -> list[str]:
    """Say what is no matter of speed: taps that came to nothing, or that nobody answered. A figure is no verdict."""
    rounds = [*_ours(findings), findings.without_database]
    untoasted, taps = sum(one.untoasted for one in rounds), sum(len(taps) for one in rounds for taps in one.rounds)
    wrong = {
        "nothing was tapped": not taps,
        f"{_lost(findings)} taps lost": _lost(findings) > 0,
        f"{untoasted} taps without a toast": untoasted > 0,
    }
    return [sentence for sentence, is_wrong in wrong.items() if is_wrong]


def facts(findings: Findings) -> list[tuple[str, str, str]]:
    """What has no budget and explains the others: name, ours, the ideal's or what stands beside it."""
    lines = [
        (f"RTT {rtt} ms, {at_once} at once: final card, p99", *_both(taps, lambda one: percentile(one.card(), 0.99)))
        for (rtt, at_once), taps in findings.taps.items()
    ]
    lines += [
        (f"RTT {rtt} ms, {at_once} at once: toast, p50 / p99", *_toasts(taps))
        for (rtt, at_once), taps in findings.taps.items()
    ]
    ours, ideal = findings.steady[OURS], findings.steady[IDEAL]
    lines += [
        ("first tap after idle, RTT 5 ms: final card", *_both(findings.after_idle, lambda one: median(one.card()))),
        ("100 taps/s: final card, p99", *_both({OURS: ours["taps"], IDEAL: ideal["taps"]}, _late_card)),
        ("100 taps/s: toast call after the reply, p50 / p99", _calls(ours), _calls(ideal)),
        ("100 taps/s: event-loop stall, p99.9 / worst", _stalls(ours), _stalls(ideal)),
        ("100 taps/s: the process's CPU a tap", f"{ours['cpu_ms']:.2f} ms", f"{ideal['cpu_ms']:.2f} ms"),
        ("process start to first poll, database running", f"{median(findings.starts['database running']):.2f} s", ""),
        (
            "mailbox, messages/s; a raw deque",
            f"{findings.messages['mailbox']:,.0f}",
            f"{findings.messages['deque']:,.0f}",
        ),
        (
            "mailbox, messages/s; asyncio.Queue",
            f"{findings.messages['mailbox']:,.0f}",
            f"{findings.messages['queue']:,.0f}",
        ),
    ]
    lines += [(f"asks/s, {name}", f"{rate:,.0f}", "") for name, rate in findings.asks.items()]
    return lines + [
        (f"{count:,} items: bytes each, warm / passivated", f"{one['warm']:,.0f} / {one['passivated']:,.0f}", "")
        for count, one in findings.items.items()
    ]


def _late_card(taps: Taps) -> float:
    return percentile(taps.card(), 0.99)


def _both(taps: dict[str, Taps], figure: Any) -> tuple[str, str]:
    return f"{figure(taps[OURS]):.1f} ms", f"{figure(taps[IDEAL]):.1f} ms"


def _toasts(taps: dict[str, Taps]) -> tuple[str, str]:
    def say(one: Taps) -> str:
        return f"{median(one.toast()):.1f} / {percentile(one.toast(), 0.99):.1f} ms"

    return say(taps[OURS]), say(taps[IDEAL])


def _calls(load: dict[str, Any]) -> str:
    calls = load["taps"].toast_call()
    return f"{median(calls):.1f} / {percentile(calls, 0.99):.1f} ms"


def _stalls(load: dict[str, Any]) -> str:
    return f"{load['stall_ms']:.1f} / {load['worst_stall_ms']:.1f} ms"


def print_tables(console: Console, rows: list[Budget], beside: list[tuple[str, str, str]]) -> None:
    """For people."""
    table = Table(title="Budgets (design, section 10); the ideal was measured in the same run")
    for column in ("what", "everytap", "ideal", "ratio", "budget", ""):
        table.add_column(column, justify="left" if column in {"what", ""} else "right")
    for row in rows:
        table.add_row(row.name, *_cells(row), "[green]met[/]" if row.met else "[red]MISSED[/]")
    console.print(table)
    others = Table(title="Beside them")
    for column in ("what", "everytap", "ideal, or beside it"):
        others.add_column(column, justify="left" if column == "what" else "right")
    for line in beside:
        others.add_row(*line)
    console.print(others)


def _cells(row: Budget) -> tuple[str, str, str, str]:
    sign = "≥" if row.at_least else "≤"
    if row.is_relative:
        return _say(row.ours, row.unit), _say(row.ideal, row.unit), f"{row.ratio:.2f}", f"{sign} {row.bound} x"
    return _say(row.ours, row.unit), "", "", f"{sign} {_say(row.bound, row.unit)}"


def _say(value: float, unit: str) -> str:
    shown = f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"
    return f"{shown}{unit}" if unit.startswith("/") else f"{shown} {unit}".strip()


def figures(findings: Findings, rows: list[Budget]) -> dict[str, Any]:
    """For machines: every budget by name, and the raw rates."""
    lines = {
        row.name: {"value": round(row.ours, 3), "bound": row.bound, "met": row.met}
        | ({"ideal": round(row.ideal, 3), "ratio": round(row.ratio, 3)} if row.is_relative else {})
        for row in rows
    }
    return {
        "budgets": lines,
        "missed": [row.name for row in rows if not row.met],
        "messages_per_second": findings.messages,
        "asks_per_second": findings.asks,
        "bytes_per_item": findings.items,
        "starts_seconds": findings.starts,
    }
