"""Histogram of durations: one row per period, one column per upper edge (ms)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ops.insight.rules import error_counts

if TYPE_CHECKING:
    from ops.insight.report_types import Window
    from ops.insight.sources.invocations import Invocations
    from ops.insight.sources.metrics import Readings

DURATION_EDGES_MS = (10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 900_000)
"""Upper edges of the heat map's bins; 900,000 ms is the longest timeout (Lambda developer guide, quotas, 2026-11), but for
Managed Instances, which may take 5,400 s (botocore 1.44.5 model, 2026-11): what takes longer is in the last bin."""


def counted(frame: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Counts of all rows by period."""
    known = frame.dropna(subset=["duration_ms"])
    edges = np.array(DURATION_EDGES_MS, dtype=float)
    upper = edges[np.searchsorted(edges, known["duration_ms"].clip(upper=edges[-1]))]
    periods = known["started"].dt.floor(pd.Timedelta(seconds=window.period))
    counts = pd.crosstab(periods, upper) if len(known) else pd.DataFrame()
    found = counts.reindex(index=error_counts.time_index(window), columns=edges, fill_value=0).astype(float)
    found.index.name = "time"
    return found


def scaled(logged: Invocations, readings: Readings) -> pd.DataFrame:
    """Of a sample: each period's invocations, by the metric, shared out as in the moment of its part of the range, or as in
    all moments where that one has none (as of a period that has just started)."""
    every = readings.so_far("invocations")
    edges = np.array(DURATION_EDGES_MS, dtype=float)
    lasted = logged.table.numbers["duration_ms"]
    known = ~np.isnan(lasted)
    places = np.searchsorted(edges, np.minimum(lasted[known], edges[-1]))
    assert logged.sample is not None  # noqa: S101 - of a sample
    shares = np.zeros((len(logged.sample.moments), len(edges)))
    np.add.at(shares, (logged.parts[known], places), 1.0)
    shares = np.where(shares.any(axis=1, keepdims=True), shares, shares.sum(axis=0))
    sums = shares.sum(axis=1, keepdims=True)
    shares = np.divide(shares, sums, out=np.full_like(shares, np.nan), where=sums > 0)
    ticks = np.array([round(at.timestamp() * 1_000_000) for at in every.index], dtype=np.int64)
    parts = logged.sample.parts(ticks + readings.window.period * 500_000)
    frame = pd.DataFrame(shares[parts] * every.to_numpy()[:, None], index=every.index, columns=edges)
    frame.index.name = "time"
    return frame
