"""The part of ``ops coldstarts`` about what would change cold starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops import formatting
from ops.cli.output.sanitize import safe

if TYPE_CHECKING:
    from ops.insight.cold_start_options.model import Between, Option
    from ops.insight.cold_start_options.options import ColdStartOptions


def plain(found: ColdStartOptions) -> dict[str, Any]:
    """The options for JSON, with cold starts and dollars per month."""
    base = found.base
    now = base and {"cold": base.cold, "wait_ms": base.wait_ms, "usd": base.usd, "init_usd": base.init_usd}
    return {
        "sentence": found.sentence,
        "now": now,
        "options": [_row(option) for option in found.options],
        "provisioned_hours": found.hours,
    }


def _row(option: Option) -> dict[str, Any]:
    return {
        "option": option.name,
        "verdict": option.verdict.value,
        "sentence": option.sentence,
        "basis": option.basis,
        "wait_ms": option.wait_ms,
        "cold": option.cold,
        "usd": option.usd,
        "notes": option.notes,
    }


def show(console: Console, found: ColdStartOptions, advice: bool) -> None:
    """``advice``: with a sentence and the notes of each option, and the hours of provisioned concurrency."""
    console.print(Text(safe(found.sentence), style="bold"))
    if found.base is None:
        return
    console.print()
    console.print(_table(found))
    console.print(
        Text(
            "waits: a cold start, median; cold starts and dollars (duration, INIT and the option): a month like this range",
            style="dim",
        )
    )
    if not advice:
        console.print(Text("reasons and conditions: --advice", style="dim"))
        return
    for option in found.options:
        console.print()
        console.print(Text(safe(f"{option.name}: {option.verdict.value}"), style="bold"))
        console.print(Text(safe(option.sentence)))
        for note in (*option.notes, *([f"Basis: {option.basis}."] if option.basis else [])):
            console.print(Text(f"- {safe(note)}", style="dim"))
    console.print()
    console.print(_hours(found))


def _table(found: ColdStartOptions) -> Table:
    table = _grid("Option", "", "Waits", "Cold", "Dollars")
    for option in found.options:
        table.add_row(
            Text(safe(option.name)),
            option.verdict.value,
            _between(option.wait_ms, formatting.latency),
            "" if option.cold is None else formatting.count(round(option.cold)),
            _between(option.usd, formatting.usd),
        )
    return table


def _hours(found: ColdStartOptions) -> Table:
    table = _grid(
        "Hour (UTC)", "Invocations", "Provisioned for 95% warm", "Pay for themselves", "On demand", "Provisioned"
    )
    for hour in found.hours:
        table.add_row(
            f"{hour.hour:02}:00",
            formatting.count(hour.invocations),
            str(hour.needed),
            str(hour.pays),
            formatting.usd(hour.usd_on_demand),
            formatting.usd(hour.usd),
        )
    return table


def _grid(first: str, *others: str) -> Table:
    table = Table(box=None, padding=(0, 1))
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right" if name else "left")
    return table


def _between(value: Between | None, words: Any) -> str:
    if value is None:
        return ""
    low, high = words(value.low), words(value.high)
    return low if low == high else f"{low} to {high}"
