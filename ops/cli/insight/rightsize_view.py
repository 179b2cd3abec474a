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


def row(sized: SizedSetting) -> dict[str, Any]:
    p95, usd = sized.duration_p95_ms, sized.usd_per_1000
    return {
        "memory_mb": sized.setting.memory_mb,
        "batch_size": sized.setting.batch_size,
        "vcpus": round(sized.vcpus, 3),
        "invocations": sized.measured,
        "failed": sized.failed,
        "cold_starts": sized.colds,
        "max_memory_used_mb": sized.used_mb,
        "duration_p50_ms": sized.duration_p50_ms.value if sized.duration_p50_ms else None,
        "duration_p95_ms": p95.value if p95 else None,
        "duration_p95_low_ms": p95.low if p95 else None,
        "duration_p95_high_ms": p95.high if p95 else None,
        "init_ms": sized.init_ms.value if sized.init_ms else None,
        "usd_per_1000": usd.value if usd else None,
        "usd_per_1000_low": usd.low if usd else None,
        "usd_per_1000_high": usd.high if usd else None,
        "usd_month": sized.usd_month.value if sized.usd_month else None,
        "against_current": sized.against,
        "unfit": sized.unfit,
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
        "settings": [row(sized) for sized in answer.rows],
        "notes": answer.notes,
    }


def show(console: Console, where: str, measured: Measured, answer: Sizing) -> None:
    style = "yellow" if answer.suggested is None or measured.stopped else "green"
    console.print(Text(safe(answer.finding), style=style))
    console.print(Text(f"{where} · {measured.ended:%Y-%m-%d %H:%M} UTC · 95% intervals in parentheses", style="dim"))
    console.print()
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    batches = len({sized.setting.batch_size for sized in answer.rows}) > 1
    names = ("Memory", *(["Batch"] if batches else []), "p50", "p95", "INIT", "Used", "USD/1,000")
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")
    for sized in answer.rows:
        table.add_row(*_cells(sized, answer, batches))
    console.print(table)
    for sized in answer.rows:
        if sized.unfit:
            console.print(Text(safe(f"Not suggested: {sized.setting}: {sized.unfit}."), style="yellow"))
    if answer.saving_month is not None and answer.suggested != answer.current:
        console.print()
        console.print(Text(f"Saves per month: {_interval(answer.saving_month, _signed_usd)}"))
    console.print()
    for line in answer.notes:
        console.print(Text(safe(line), style="dim"))


def _cells(sized: SizedSetting, answer: Sizing, batches: bool) -> list[str]:
    words = [
        "suggested" if sized.setting == answer.suggested else "",
        "current" if sized.setting == answer.current else sized.against,
    ]
    return [
        f"{sized.setting.memory_mb:,} MB",
        *([str(sized.setting.batch_size)] if batches else []),
        formatting.latency(sized.duration_p50_ms.value) if sized.duration_p50_ms else "",
        _interval(sized.duration_p95_ms, formatting.latency, "\n"),
        formatting.latency(sized.init_ms.value) if sized.init_ms else "",
        f"{sized.used_mb:,.0f} MB" if sized.used_mb is not None else "",
        _interval(sized.usd_per_1000, formatting.usd, "\n"),
        safe(", ".join(filter(None, words))),
    ]


def _interval(found: Interval | None, written: Any, between: str = " ") -> str:
    if found is None:
        return ""
    ends = [written(end) if end is not None else "?" for end in (found.low, found.high)]
    return f"{written(found.value)}{between}({ends[0]}–{ends[1]})"


def _signed_usd(amount: float) -> str:
    return f"{'-' if amount < 0 else ''}{formatting.usd(abs(amount))}"
