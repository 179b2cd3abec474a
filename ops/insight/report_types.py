"""Types that every report shares: finding and level, time window, threshold, query cost.

Each report's dataclass is in the module that makes it. A page's finding and its charts come from the same report, so
they cannot disagree. Data frames are indexed by ``time`` (timezone-aware UTC, one row per period, gaps as NaN); each
report documents the units of its columns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class Level(StrEnum):
    """Severity of a finding. The value is what JSON output holds, ``label`` what people read."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"
    NO_DATA = "no-data"

    @property
    def label(self) -> str:
        return "OK" if self is Level.OK else self.value.replace("-", " ").capitalize()


@dataclass(frozen=True)
class Window:
    """A stretch of time (aware UTC) and the metric period (seconds) to read it with.

    ``past``: it ends before now, so that nothing in a report of it may be of now. ``fine``: the shortest period (s) in
    which every account's metrics of that time are kept, for what must not depend on the length of the range.
    """

    start: datetime
    end: datetime
    period: int
    past: bool = False
    fine: int = 60

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    @property
    def now_mark(self) -> str:
        """A suffix for a setting or limit in a text, which is current also in a past range."""
        return " now" if self.past else ""


@dataclass(frozen=True)
class Finding:
    """One plain sentence, computed: what is so and what to do. ``page``: where to look next (a page key), or empty."""

    level: Level
    text: str
    page: str = ""
    headline: str = ""
    """The first clause of ``text`` as a sentence; empty where there is no other clause."""
    chips: tuple[str, ...] = ()
    """The other clauses, for a page to show beside the headline."""


@dataclass(frozen=True)
class Threshold:
    """A threshold or a limit, drawn dashed and labeled with its name."""

    name: str
    value: float

    def read_now(self, window: Window) -> Threshold:
        """Said to be of now, in a past range."""
        return replace(self, name=f"now: {self.name}") if window.past else self


@dataclass(frozen=True)
class QueryCost:
    """Cost of the queries behind a report, and what is missing from their results."""

    metrics_requested: int = 0
    usd: float = 0.0
    partial: tuple[str, ...] = ()

    def plus(self, other: QueryCost) -> QueryCost:
        """The cost of both; what is missing stays that of this one."""
        return replace(
            self, metrics_requested=self.metrics_requested + other.metrics_requested, usd=self.usd + other.usd
        )
