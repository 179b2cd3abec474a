"""Arrivals in the dead-letter queue by cause, for the Overview's timeline, from the snapshot: no message is received."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.services.run_cache import file_stamps
from ops.insight.reports.overview_parts.timeline import DlqArrivals
from ops.insight.time_window import floor, periods

if TYPE_CHECKING:
    from ops.deadletters.queue import DeadLetterQueue
    from ops.deadletters.snapshot import ArrivedCause
    from ops.insight.report_types import Window

NAMED = 4
"""Causes with a name of their own, those with most arrivals in the window; the rest is "other causes"."""


class ArrivalsCache:
    """Reads the snapshot of one queue again when it has changed: a pass over 100,000 messages takes 0.4 s."""

    def __init__(self, source: DeadLetterQueue) -> None:
        self._source = source
        self._read: tuple[Any, tuple[ArrivedCause, ...], datetime | None] | None = None

    def in_window(self, window: Window) -> DlqArrivals | None:
        """None without a snapshot, and where nothing in it arrived in the window. Raises OpsError."""
        if not Path(self._source.snapshot_path).exists():
            return None
        version = file_stamps(self._source.snapshot_path)
        if self._read is None or self._read[0] != version:
            self._read = (version, *self._arrived())
        return count_by_period(self._read[1], self._read[2], window)

    def _arrived(self) -> tuple[tuple[ArrivedCause, ...], datetime | None]:
        from ops.deadletters.snapshot import Snapshot, arrived_causes

        with Snapshot.open(self._source) as snapshot:
            return arrived_causes(snapshot), snapshot.info().scanned_at


def count_by_period(causes: tuple[ArrivedCause, ...], scanned: datetime | None, window: Window) -> DlqArrivals | None:
    """Arrivals per period of ``window``, the most frequent causes by name; None where nothing arrived in it."""
    from ops.deadletters.snapshot import STEP_S

    count, period = len(periods(window)), window.period
    first = floor(window.start, period).timestamp()
    found: list[tuple[str, list[int]]] = []
    for cause in causes:
        counts = [0] * count
        for step, messages in cause.steps.items():
            at = int((step * STEP_S - first) // period)
            if 0 <= at < count:
                counts[at] += messages
        if any(counts):
            found.append((_name(cause), counts))
    if not found:
        return None
    found.sort(key=lambda row: -sum(row[1]))
    rest = [sum(values) for values in zip(*(counts for _, counts in found[NAMED:]), strict=True)]
    named = [*found[:NAMED], *([("other causes", rest)] if rest else [])]
    return DlqArrivals(tuple((name, tuple(counts)) for name, counts in named), scanned)


def _name(cause: ArrivedCause) -> str:
    name = {"guess": "Similar payloads", "none": "No cause found"}.get(cause.source, cause.error_type or "unknown")
    return f"likely {name}" if cause.likely and cause.source not in ("guess", "none") else name
