"""A sample of a busy range's log lines: moments of equal length, one at a random place in each part of the range.

Each invocation has the same chance to be in it, so shares and percentiles need no weights; counts are scaled by what
CloudWatch counted. Logs Insights charges by bytes scanned, and scans only the moments. Parts are counted from the epoch, so
that a range that moves with the clock keeps its moments: those that are over are read once, and kept.
"""

from __future__ import annotations

import math
import random
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ops.aws import logs

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.logs import LogRows
    from ops.insight.report_types import Window
    from ops.target import Target

ReadLines = Callable[["Aws", str, str, datetime, datetime], "LogRows"]
"""Reads the lines of a log group, a query and a range, like ``logs.run_query``."""
PARTS = 24
"""Parts of a range, and up to two more if it begins and ends within one: enough for an interval from their differences,
and few enough queries to wait for."""
WANTED_LINES = 6_000
"""Lines of all moments together, by the mean rate, or up to twice as many; each moment may hold ``logs.MAX_ROWS``, so a
burst is read completely."""
LINES_PER_INVOCATION = 3
"""Usually at most: a REPORT line, the extension's record, a line about a failure."""
KEPT_MOMENTS = 200
"""Moments that this process keeps, the most recently used: those of about six ranges, a few hundred lines each."""
SETTLED = timedelta(minutes=5)
"""A moment that ended this long ago has all its lines: Logs Insights finds them within a minute or so, our choice."""
AT_ONCE = 6
"""Queries at a time, of the 100 that an account may run (botocore 1.44.5, 2026-11)."""
SEED = 20_261_129
"""Fixed, so that the same range gives the same sample."""
Z = 1.96
"""The normal quantile for a 95% interval."""


@dataclass(frozen=True)
class RangeSample:
    """``moments``: the times read, one per part of the range. ``first``: the first moment's part, of all since 1970."""

    first: int
    part: timedelta
    moments: tuple[tuple[datetime, datetime], ...]

    @property
    def length(self) -> timedelta:
        """The length of each moment."""
        return self.moments[0][1] - self.moments[0][0]

    def parts(self, started: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The part that each time (microseconds since 1970) is in: the first one has a moment, as has the last."""
        places: npt.NDArray[np.int64] = started // (self.part // timedelta(microseconds=1)) - self.first
        last = int(self.moments[-1][0].timestamp() // self.part.total_seconds()) - self.first
        return np.clip(places, 0, last)


def plan(window: Window, invocations: float) -> RangeSample | None:
    """Moments to read of a range with this many invocations; None if all their lines can be read."""
    lines = invocations * LINES_PER_INVOCATION
    seconds = window.length.total_seconds()
    if invocations <= logs.MAX_ROWS or seconds < 2 * PARTS:
        return None
    part = max(1, int(seconds // PARTS))
    # Rounded up to a power of two: a rate that changes a little does not move the moments.
    length = 2 ** math.ceil(math.log2(max(1.0, part * WANTED_LINES / lines)))
    if length * 2 > part:
        return None
    start, end = window.start.timestamp(), window.end.timestamp()
    moments = []
    for number in range(int(start // part), int(end // part) + 1):
        chosen = random.Random(SEED + number)  # noqa: S311 (no secret)
        begin = number * part + int(chosen.uniform(0, part - length))
        if start <= begin and begin + length <= end:  # else by chance none of its part, of which only a piece is inside
            moments.append((_at(begin), _at(begin + length - 1)))  # Logs Insights counts the last second, too
    return RangeSample(int(moments[0][0].timestamp() // part), timedelta(seconds=part), tuple(moments))


def read_moments(
    aws: Aws, group: str, query: str, sample: RangeSample, read_one: ReadLines = logs.run_query
) -> tuple[tuple[LogRows, ...], float]:
    """The lines of each moment, and how many bytes were scanned for them now. Raises what ``ops.aws.logs`` raises."""
    settled = datetime.now(UTC) - SETTLED

    def read(moment: tuple[datetime, datetime]) -> tuple[LogRows, float]:
        key = (aws.target, group, query, *moment)
        with _lock:
            if (known := _read.get(key)) is not None:
                _read.move_to_end(key)
                return known, 0.0
        found = read_one(aws, group, query, *moment)
        if found.complete and moment[1] < settled:
            with _lock:
                _read[key] = found
                while len(_read) > KEPT_MOMENTS:
                    _read.popitem(last=False)
        return found, found.bytes_scanned

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = tuple(pool.map(read, sample.moments))
    return tuple(rows for rows, _ in answers), sum(scanned for _, scanned in answers)


def are_kept(aws: Aws, group: str, query: str, sample: RangeSample) -> bool:
    """Whether ``read_moments`` answers soon: but for the newest ones, it has read all moments already."""
    settled = datetime.now(UTC) - SETTLED
    with _lock:
        missing = [end for start, end in sample.moments if (aws.target, group, query, start, end) not in _read]
    return len(missing) <= AT_ONCE and all(end > settled - 2 * sample.part for end in missing)


_lock = threading.Lock()
_read: OrderedDict[tuple[Target, str, str, datetime, datetime], LogRows] = OrderedDict()


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


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
