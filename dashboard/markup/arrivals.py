"""When messages arrived in the dead-letter queue, by cause: one stacked chart, and one histogram per cause below it.

They share the time axis and are drawn in HTML: shades of the text colour, told apart by pattern too, suit light and
dark, and twenty histograms cost less than one Plotly chart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from dashboard import theme
from dashboard.formatting import duration, message_count, moment, number, zone_name
from dashboard.markup.templates import Macros

if TYPE_CHECKING:
    from ops.deadletters.snapshot import CauseArrivals
    from ops.insight.reports.overview_parts.timeline import DlqArrivals

_MACROS = Macros("arrivals.html")
TOP = 5
"""Causes with a pattern of their own, those with most messages; the others share one."""
NOT_IN_IT = "Messages that were redriven or deleted are not included."


@dataclass(frozen=True)
class _Bar:
    left: float  # %
    width: float
    text: str
    parts: tuple[tuple[int, float], ...]  # series, height in %


def histogram(arrivals: CauseArrivals, fingerprint: str, viewer: tzinfo) -> str:
    """The histogram of one cause, on the axis of all; the highest bar is its own busiest period."""
    counts = arrivals.counts.get(fingerprint, {})
    if not counts:
        return ""
    width, top = 100 / arrivals.periods, max(counts.values())
    bars = [(period * width, width, max(8.0, count / top * 100)) for period, count in sorted(counts.items())]
    most = f"at most {number(top)} per {duration(arrivals.period_s)}; axis {_span(arrivals, viewer)}"
    return _MACROS.histogram(bars, f"Arrivals over time: {most}")


def arrivals_chart(arrivals: CauseArrivals, causes: Sequence[tuple[str, str]], viewer: tzinfo) -> str:
    """``causes``: fingerprint and name, most messages first; one, or none, is a line of text instead of a chart."""
    undated = f" {message_count(arrivals.undated)} without a time." if arrivals.undated else ""
    if arrivals.start is None:
        return _MACROS.line(f"No arrival times are known.{undated}") if causes else ""
    if len(causes) == 1:
        return _MACROS.line(f"Arrived {_span(arrivals, viewer)}.{undated} {NOT_IN_IT}")
    stacks = _stacks(arrivals, [fingerprint for fingerprint, _ in causes[:TOP]])
    names = [name for _, name in causes[:TOP]] + ["other causes"]
    top = max(sum(parts) for parts in stacks.values())
    width = 100 / arrivals.periods
    bars = [
        _Bar(
            period * width,
            width,
            f"{_period(arrivals, period, viewer)}: "
            + ", ".join(f"{number(count)} {names[series]}" for series, count in enumerate(parts) if count),
            tuple((series, count / top * 100) for series, count in enumerate(parts) if count),
        )
        for period, parts in sorted(stacks.items())
    ]
    unit = f"up to {message_count(top)} per {duration(arrivals.period_s)}"
    times = [_clock(arrivals, period, viewer) for period in (0, arrivals.periods / 2, arrivals.periods)]
    times[-1] += f" {zone_name(viewer)}"
    text = f"Arrivals by cause, {unit}, {_span(arrivals, viewer)}, of {', '.join(names)}"
    return _MACROS.stacked(bars, unit, times, text) + _MACROS.line(f"{NOT_IN_IT}{undated}")


def timeline_legend(arrivals: DlqArrivals, viewer: tzinfo) -> str:
    """Below the Overview's timeline, whose bars have these colours and patterns."""
    series = [
        (name, theme.ERROR_TYPES[place % len(theme.ERROR_TYPES)], place, sum(counts))
        for place, (name, counts) in enumerate(arrivals.causes)
    ]
    at = moment(arrivals.scanned, viewer) if arrivals.scanned else ""
    return _MACROS.legend(series, f"by last failure, as of the scan at {at}" if at else "")


def _stacks(arrivals: CauseArrivals, named: Sequence[str]) -> dict[int, list[int]]:
    """Messages by period: those of each named cause, then of all others."""
    stacks: dict[int, list[int]] = {}
    series = {fingerprint: place for place, fingerprint in enumerate(named)}
    for fingerprint, counts in arrivals.counts.items():
        place = series.get(fingerprint, TOP)
        for period, count in counts.items():
            stacks.setdefault(period, [0] * (TOP + 1))[place] += count
    return stacks


def _moment(arrivals: CauseArrivals, period: float, viewer: tzinfo) -> datetime:
    start = arrivals.start or datetime.fromtimestamp(0, UTC)  # where there is none, nothing is drawn
    return (start + timedelta(seconds=period * arrivals.period_s)).astimezone(viewer)


def _clock(arrivals: CauseArrivals, period: float, viewer: tzinfo) -> str:
    at, length = _moment(arrivals, period, viewer), arrivals.periods * arrivals.period_s
    day = f"{at.day} {at:%b}"
    if length <= 86_400:
        return f"{at:%H:%M:%S}" if arrivals.period_s < 60 else f"{at:%H:%M}" if period else f"{day} {at:%H:%M}"
    return f"{day} {at:%H:%M}" if length < 14 * 86_400 else f"{day} {at:%Y}"


def _period(arrivals: CauseArrivals, period: int, viewer: tzinfo) -> str:
    first, end = (_moment(arrivals, place, viewer) for place in (period, period + 1))
    return f"{first.day} {first:%b %H:%M:%S}–{end:%H:%M:%S}"


def _span(arrivals: CauseArrivals, viewer: tzinfo) -> str:
    first, end = (_clock(arrivals, period, viewer) for period in (0, arrivals.periods))
    return f"{first} – {end} {zone_name(viewer)}"
