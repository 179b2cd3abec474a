"""A sweep's result as a table and as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops import formatting
from ops.cli.output.sanitize import safe

if TYPE_CHECKING:
    from ops.rightsize.model import Interval, Measured, SizedSetting, Sizing

COLUMNS = (
    "memory_mb",
    "batch_size",
    "vcpus",
    "invocations",
    "failed",
    "cold_starts",
    "max_memory_used_mb",
    "duration_p50_ms",
    "duration_p95_ms",
    "duration_p95_low_ms",
    "duration_p95_high_ms",
    "init_ms",
    "usd_per_1000",
    "usd_per_1000_low",
    "usd_per_1000_high",
    "usd_month",
    "against_current",
    "unfit",
)


def row(one: SizedSetting) -> dict[str, Any]:
    p95, usd = one.duration_p95_ms, one.usd_per_1000
    return {
        "memory_mb": one.setting.memory_mb,
        "batch_size": one.setting.batch_size,
        "vcpus": round(one.vcpus, 3),
        "invocations": one.measured,
        "failed": one.failed,
        "cold_starts": one.colds,
        "max_memory_used_mb": one.used_mb,
        "duration_p50_ms": one.duration_p50_ms.value if one.duration_p50_ms else None,
        "duration_p95_ms": p95.value if p95 else None,
        "duration_p95_low_ms": p95.low if p95 else None,
        "duration_p95_high_ms": p95.high if p95 else None,
        "init_ms": one.init_ms.value if one.init_ms else None,
        "usd_per_1000": usd.value if usd else None,
        "usd_per_1000_low": usd.low if usd else None,
        "usd_per_1000_high": usd.high if usd else None,
        "usd_month": one.usd_month.value if one.usd_month else None,
        "against_current": one.against,
        "unfit": one.unfit,
    }


def plain(measured: Measured, answer: Sizing) -> dict[str, Any]:
    return {
        "finding": answer.finding,
        "function": measured.function,
        "sweep": measured.id,
        "measured": measured.ended,
        "objective": answer.objective,
        "current": answer.current,
        "suggested": answer.suggested,
        "saving_month_usd": answer.saving_month,
        "cold_share": answer.cold_share,
        "jobs_per_month": answer.jobs_per_month,
        "stopped": measured.stopped or None,
        "settings": [row(one) for one in answer.rows],
        "notes": answer.notes,
    }


def show(console: Console, where: str, measured: Measured, answer: Sizing) -> None:
    style = "yellow" if answer.suggested is None or measured.stopped else "green"
    console.print(Text(safe(answer.finding), style=style))
    console.print(Text(f"{where} · {measured.ended:%Y-%m-%d %H:%M} UTC · 95% intervals in parentheses", style="dim"))
    console.print()
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    batches = len({one.setting.batch_size for one in answer.rows}) > 1
    names = ("Memory", *(["Batch"] if batches else []), "p50", "p95", "INIT", "Used", "USD/1,000")
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")
    for one in answer.rows:
        table.add_row(*_cells(one, answer, batches))
    console.print(table)
    for one in answer.rows:
        if one.unfit:
            console.print(Text(safe(f"Not suggested: {one.setting}: {one.unfit}."), style="yellow"))
    if answer.saving_month is not None and answer.suggested != answer.current:
        console.print()
        console.print(Text(f"Saves per month: {_interval(answer.saving_month, _signed_usd)}"))
    console.print()
    for line in answer.notes:
        console.print(Text(safe(line), style="dim"))


def _cells(one: SizedSetting, answer: Sizing, batches: bool) -> list[str]:
    words = [
        "suggested" if one.setting == answer.suggested else "",
        "current" if one.setting == answer.current else one.against,
    ]
    return [
        f"{one.setting.memory_mb:,} MB",
        *([str(one.setting.batch_size)] if batches else []),
        formatting.latency(one.duration_p50_ms.value) if one.duration_p50_ms else "",
        _interval(one.duration_p95_ms, formatting.latency, "\n"),
        formatting.latency(one.init_ms.value) if one.init_ms else "",
        f"{one.used_mb:,.0f} MB" if one.used_mb is not None else "",
        _interval(one.usd_per_1000, formatting.usd, "\n"),
        safe(", ".join(filter(None, words))),
    ]


def _interval(found: Interval | None, written: Any, between: str = " ") -> str:
    if found is None:
        return ""
    ends = [written(end) if end is not None else "?" for end in (found.low, found.high)]
    return f"{written(found.value)}{between}({ends[0]}–{ends[1]})"


def _signed_usd(amount: float) -> str:
    return f"{'-' if amount < 0 else ''}{formatting.usd(abs(amount))}"
