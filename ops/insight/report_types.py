"""What each question's answer looks like: one frozen report a page, made by one call of ``ops.insight``.

The sentence on top and the charts below it come from the same report, so they cannot disagree. Frames are indexed by
``time`` (timezone-aware UTC, one row a period, gaps as NaN); units stand in the column's documentation here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import pandas as pd

HEALTH = ("errors", "p50_ms", "p95_ms")
"""The columns of how invocations ended and how long they took."""


class Level(StrEnum):
    """How much a finding asks of its reader."""

    OK = "ok"
    WATCH = "watch"
    ACT = "act"
    UNKNOWN = "unknown"


def _no_rows(columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(columns=list(columns), index=pd.DatetimeIndex([], tz="UTC", name="time"), dtype=float)


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


@dataclass(frozen=True)
class Finding:
    """One plain sentence, computed: what is so and what to do. ``page``: where to look next (a page key), or empty."""

    level: Level
    text: str
    page: str = ""


@dataclass(frozen=True)
class Threshold:
    """A threshold or a limit, drawn dashed and labelled with its name."""

    name: str
    value: float


@dataclass(frozen=True)
class AlarmState:
    name: str
    state: str  # OK | ALARM | INSUFFICIENT_DATA
    reason: str
    since: datetime | None
    runbook: str  # path such as runbooks/dead-letters.md, or empty


@dataclass(frozen=True)
class QueryCost:
    """What asking cost, and what is missing from the answer."""

    metrics_requested: int = 0
    usd: float = 0.0
    partial: tuple[str, ...] = ()


@dataclass(frozen=True)
class Card:
    """A number with its recent course. ``value`` is None when there is nothing to count."""

    key: str  # depth | age | concurrency | cold_share | cost | dead
    title: str
    value: float | None
    unit: str  # messages | s | % | USD | of limit …
    spark: pd.Series
    level: Level
    note: str = ""  # e.g. "of 10 allowed by the mapping"


@dataclass(frozen=True)
class Stop:
    """Something on the path: ``kind`` is a noun ("SNS topic"), ``name`` its own, ``why`` says why it has none."""

    kind: str
    name: str
    why: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name or '–'}" + (f" ({self.why})" if self.why else "")


@dataclass(frozen=True)
class Path:
    """senders → queue → readers → results / dead letters. Senders are inferred from policies and stacks."""

    senders: tuple[Stop, ...] = ()
    queue: Stop = Stop("Queue", "")
    readers: tuple[Stop, ...] = (Stop("Function", ""),)
    results: tuple[Stop, ...] = ()
    dead: Stop = Stop("Dead letters", "")


@dataclass(frozen=True)
class PathRates:
    """Live rates along ``Path``, a minute, over the last full periods."""

    accepted: float | None
    started: float | None
    finished: float | None
    failed: float | None
    died: float | None
    waiting: float | None  # messages visible now
    in_flight: float | None
    dead: float | None  # messages in the dead-letter queue now


@dataclass(frozen=True)
class Watched:
    """Another queue that an alarm of the workload watches. ``messages``: visible ones; None where not known."""

    queue: str
    messages: float | None


@dataclass(frozen=True)
class OverviewReport:
    finding: Finding
    cards: tuple[Card, ...]
    path: PathRates
    alarms: tuple[AlarmState, ...]
    look: QueryCost
    stops: Path = Path()
    alarms_missing: tuple[str, ...] = ()
    """Alarms that could not be read, or that are gone, in words."""
    at: datetime | None = None  # the end of a past range, of which no alarm states are known
    watched: tuple[Watched, ...] = ()


@dataclass(frozen=True)
class QueueReport:
    """``depth``: visible, in_flight, delayed (messages). ``age``: oldest_s. ``rates``: sent, deleted, received,
    empty_receives (a minute)."""

    finding: Finding
    depth: pd.DataFrame
    age: pd.DataFrame
    age_lines: tuple[Threshold, ...]
    rates: pd.DataFrame
    drain_s: float | None  # None: it is not being drained
    arrivals_per_min: float | None
    completions_per_min: float | None
    look: QueryCost
    waiting: float | None = None  # messages visible: now, or at ``at``; in one sample with ``in_flight``
    in_flight: float | None = None
    oldest_s: float | None = None
    at: datetime | None = None  # the end of a past range


@dataclass(frozen=True)
class ConcurrencyReport:
    """``concurrency``: observed, law (what the mapping's ramp allows). ``throttles``: throttles (a period).
    ``batch``: fill (messages an invocation), share (0–1 of the batch size)."""

    finding: Finding
    concurrency: pd.DataFrame
    limits: tuple[Threshold, ...]
    binding: str  # name of the limit that binds now, or empty
    throttles: pd.DataFrame
    batch: pd.DataFrame
    batch_size: int | None
    backlog: float | None
    arrivals_per_min: float | None
    seconds_per_message: float | None  # observed: duration ÷ messages an invocation
    look: QueryCost
    running: float | None = None  # most at once in the newest period, as on the Overview's card
    at: datetime | None = None  # the end of a past range, of which ``binding``, ``backlog`` and ``running`` are


@dataclass(frozen=True)
class ColdStartReport:
    """``invocations``: one row each: started, request_id, version, cold (bool), init_ms, duration_ms, billed_ms,
    memory_used_mb, memory_size_mb, status, error_type, cost_usd, runtime_init_ms, response_latency_ms,
    extension_overhead_ms. ``by_version``: version, invocations, cold, share, init_p50_ms, init_p95_ms, init_p99_ms.
    ``phases``: of the latest cold start: phase, start_ms, duration_ms. ``health``: errors (invocations a period),
    p50_ms and p95_ms of the duration. Their lines: the alarms' thresholds and the timeout (ms)."""

    finding: Finding
    invocations: pd.DataFrame
    by_version: pd.DataFrame
    phases: pd.DataFrame
    share: float | None  # 0–1
    init_p50_ms: float | None
    init_p95_ms: float | None
    init_p99_ms: float | None
    init_cost_usd: float | None
    look: QueryCost
    health: pd.DataFrame = field(default_factory=lambda: _no_rows(HEALTH))
    error_lines: tuple[Threshold, ...] = ()
    duration_lines: tuple[Threshold, ...] = ()


@dataclass(frozen=True)
class Assumptions:
    """What an operator may change about the cost picture. Prices are in the dated file; these are about use."""

    log_bytes_per_invocation: float = 3_000.0
    api: str = "rest"  # rest | http | none
    always_on_usd_per_hour: float = 0.0816
    always_on_jobs_per_hour: float = 36_000.0


@dataclass(frozen=True)
class CostReport:
    """``parts``: component, usd (the window's spend). ``trend``: usd_per_1000 (dollars a 1,000 successes).

    ``left_out``: what the sum does not hold, in words. ``inferred``: what in it is concluded and not counted.
    ``measured_log_bytes``: an invocation's, from the logs.
    """

    finding: Finding
    parts: pd.DataFrame
    trend: pd.DataFrame
    successes: float
    failures_usd: float
    total_usd: float
    usd_per_1000: float | None
    month_usd: float | None
    break_even_jobs_per_hour: float | None
    assumptions: Assumptions
    prices_dated: str
    look: QueryCost
    left_out: tuple[str, ...] = ()
    measured_log_bytes: float | None = None
    inferred: tuple[str, ...] = ()


@dataclass(frozen=True)
class DeadLettersReport:
    """``depth``: dead (messages, held ones included). ``arrived``: how many came in the window, at least (rises of the
    depth). ``held``: those in flight, which another process holds. ``at``: the end of a past range, None for now."""

    finding: Finding
    depth: pd.DataFrame
    count: float | None
    alarms: tuple[AlarmState, ...]
    look: QueryCost
    arrived: float | None = None
    held: float | None = None
    oldest_s: float | None = None
    at: datetime | None = None
