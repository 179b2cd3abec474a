"""A sample of a busy range's log lines: moments of equal length, one at a random place in each equal part of the range.

Each invocation has the same chance to be in it, so shares and percentiles need no weights; counts are scaled by what
CloudWatch counted. Logs Insights charges by bytes scanned, and scans only the moments.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ops.aws import logs

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.logs import LogRows
    from ops.insight.report_types import Window

PARTS = 24
"""Of a range: enough for an interval from their differences, and few enough queries to wait for."""
WANTED_LINES = 6_000
"""Of all moments together, by the mean rate; each may hold ``logs.MAX_ROWS``, so a burst is read whole."""
LINES_PER_INVOCATION = 3
"""At most, as a rule: a REPORT line, the extension's record, a line about a failure."""
AT_ONCE = 6
"""Queries at a time, of the 100 that an account may run (botocore 1.44.5, 2026-11)."""
SEED = 20_261_129
"""Fixed, so that the same range gives the same sample."""
Z = 1.96
"""Of a 95% interval."""


@dataclass(frozen=True)
class RangeSample:
    """``moments``: the times read, one per part of the range. ``cut``: moments with more lines than could be read."""

    start: datetime
    part: timedelta
    moments: tuple[tuple[datetime, datetime], ...]
    cut: int = 0

    @property
    def length(self) -> timedelta:
        """Of each moment."""
        return self.moments[0][1] - self.moments[0][0]

    def parts(self, started: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The part of the range that each time (microseconds since 1970) is in."""
        first = round(self.start.timestamp() * 1_000_000)
        places: npt.NDArray[np.int64] = (started - first) // (self.part // timedelta(microseconds=1))
        return np.clip(places, 0, len(self.moments) - 1)


def plan(window: Window, invocations: float) -> RangeSample | None:
    """Which moments to read of a range with this many invocations; None where all their lines can be read."""
    lines = invocations * LINES_PER_INVOCATION
    seconds = window.length.total_seconds()
    if invocations <= logs.MAX_ROWS or seconds < 2 * PARTS:
        return None
    part = seconds / PARTS
    length = max(1, math.ceil(part * WANTED_LINES / lines))
    if length * 2 > part:
        return None
    chosen = random.Random(SEED + int(window.start.timestamp()))  # noqa: S311 (no secret)
    moments = []
    for number in range(PARTS):
        begin = window.start + timedelta(seconds=int(number * part + chosen.uniform(0, part - length)))
        moments.append((begin, begin + timedelta(seconds=length - 1)))  # Logs Insights counts the last second, too
    return RangeSample(window.start, window.length / PARTS, tuple(moments))


def read_moments(aws: Aws, group: str, query: str, sample: RangeSample) -> tuple[LogRows, ...]:
    """The lines of each moment. Raises what ``ops.aws.logs`` raises."""

    def read(moment: tuple[datetime, datetime]) -> LogRows:
        return logs.run_query(aws, group, query, *moment)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return tuple(pool.map(read, sample.moments))


def share_interval(of: npt.NDArray[np.bool_], parts: Sequence[int] | npt.NDArray[np.int64]) -> tuple[float, float]:
    """The 95% interval of the share of rows in ``of``: by how much the parts of the range differ, because invocations of
    one moment are alike. For fewer than two parts with rows it is everything from 0 to 1."""
    sizes = np.bincount(np.asarray(parts), minlength=1).astype(float)
    counts = np.bincount(np.asarray(parts), weights=of, minlength=1)
    there = sizes > 0
    sizes, counts = sizes[there], counts[there]
    if len(sizes) < 2:
        return 0.0, 1.0
    share = counts.sum() / sizes.sum()
    residuals = counts - share * sizes
    variance = len(sizes) / (len(sizes) - 1) * float((residuals**2).sum()) / sizes.sum() ** 2
    # Where every part agrees exactly, as with none of few, the differences alone would claim certainty.
    least = 3.0 / sizes.sum()  # the rule of three: none of n is at most 3/n with 95% confidence
    margin = max(Z * math.sqrt(variance), least)
    return max(0.0, share - margin), min(1.0, share + margin)
