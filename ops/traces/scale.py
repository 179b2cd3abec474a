"""Where a moment is drawn: to scale, or with long waits shortened, so that attempts of milliseconds stay in view beside
hours in a dead-letter queue."""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime

from ops.traces.model import PathSpan, SpanKind

MAX_WAIT_SHARE = 0.4
"""Share of the width that all waits may take together; to scale, where they take no more."""
_WORK = frozenset({SpanKind.API, SpanKind.INIT, SpanKind.ATTEMPT, SpanKind.STEP})


class TimeScale:
    """``at(moment)``: from 0 to 1. ``shortened``: whether waits are drawn shorter than they were."""

    def __init__(self, spans: Sequence[PathSpan], end: datetime | None = None, *, shorten: bool = True) -> None:
        self._start = min(span.start for span in spans)
        self.total_s = max(
            1e-6, (max((*(span.end for span in spans), *((end,) if end else ()))) - self._start).total_seconds()
        )
        edges, busy = self._edges(spans)
        lengths = [later - earlier for earlier, later in itertools.pairwise(edges)]
        waits = sum(length for length, is_busy in zip(lengths, busy, strict=True) if not is_busy)
        work = self.total_s - waits
        self.shortened = shorten and work > 0 and waits > MAX_WAIT_SHARE * self.total_s
        if self.shortened:
            roots = sum(math.sqrt(length) for length, is_busy in zip(lengths, busy, strict=True) if not is_busy)
            lengths = [
                (1 - MAX_WAIT_SHARE) * length / work if is_busy else MAX_WAIT_SHARE * math.sqrt(length) / roots
                for length, is_busy in zip(lengths, busy, strict=True)
            ]
        else:
            lengths = [length / self.total_s for length in lengths]
        self._edges_s = edges
        self._places = [0.0]
        for length in lengths:
            self._places.append(self._places[-1] + length)

    def _edges(self, spans: Sequence[PathSpan]) -> tuple[list[float], list[bool]]:
        """Seconds at which work begins or ends, and whether there is work after each."""
        work = sorted((self._seconds(span.start), self._seconds(span.end)) for span in spans if span.kind in _WORK)
        edges, busy = [0.0], []
        for begin, end in work:
            if begin > edges[-1]:
                edges.append(begin)
                busy.append(False)
            if end > edges[-1]:
                edges.append(end)
                busy.append(True)
        if edges[-1] < self.total_s:
            edges.append(self.total_s)
            busy.append(False)
        return edges, busy

    def at(self, moment: datetime) -> float:
        seconds = min(max(0.0, self._seconds(moment)), self._edges_s[-1])
        place = min(bisect_right(self._edges_s, seconds), len(self._edges_s) - 1) - 1
        if place < 0:
            return 0.0
        first, last = self._edges_s[place], self._edges_s[place + 1]
        share = (seconds - first) / (last - first) if last > first else 0.0
        return self._places[place] + share * (self._places[place + 1] - self._places[place])

    def seconds_at(self, share: float) -> float:
        """What is drawn at this share of the width: seconds after the start."""
        place = min(bisect_right(self._places, share), len(self._places) - 1) - 1
        first, last = self._places[place], self._places[place + 1]
        within = (share - first) / (last - first) if last > first else 0.0
        return self._edges_s[place] + within * (self._edges_s[place + 1] - self._edges_s[place])

    def _seconds(self, moment: datetime) -> float:
        return (moment - self._start).total_seconds()
