"""A sweep's settings, measurements and results, all of which are saved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Objective(StrEnum):
    COST = "cost"
    LATENCY = "latency"
    BALANCED = "balanced"


@dataclass(frozen=True)
class Setting:
    """``batch_size``: messages per invocation."""

    memory_mb: int
    batch_size: int

    def __str__(self) -> str:
        return (
            f"{self.memory_mb:,} MB" if self.batch_size == 1 else f"{self.memory_mb:,} MB, batches of {self.batch_size}"
        )


@dataclass(frozen=True)
class Attempt:
    """One invocation. ``number``: of its jobs; the same at each memory size. Times in ms, None where its REPORT could
    not be read. ``succeeded``: jobs, of ``batch_size``. ``error``: why it failed as a whole; empty where it did not."""

    memory_mb: int
    batch_size: int
    number: int
    cold: bool
    succeeded: int
    duration_ms: float | None = None
    billed_ms: float | None = None
    init_ms: float | None = None
    used_mb: float | None = None
    error: str = ""


@dataclass(frozen=True)
class Observed:
    """What the workload does by itself. ``cold_share``: of invocations. ``basis``: where the numbers come from."""

    cold_share: float
    jobs_per_month: float | None
    messages_per_invocation: float | None = None
    duration_ms: float | None = None
    """Mean, at the memory it has."""
    basis: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measured:
    """A sweep. ``timeout_s``, ``visibility_s`` and ``window_s`` are those of the function, its queue and its mapping.
    ``stopped``: why it ended early; empty when it did not."""

    id: str
    function: str
    region: str
    account: str
    twin: bool
    architecture: str
    started: datetime
    ended: datetime
    current: Setting
    timeout_s: int
    visibility_s: int
    window_s: int
    observed: Observed
    attempts: tuple[Attempt, ...]
    stopped: str = ""
    cores: int | None = None
    """Cores of this machine, if it was measured on the twin."""
    load: float | None = None
    """Its load average at the end, over a minute: processes that ran or waited to run."""


@dataclass(frozen=True)
class Interval:
    """A value with its 95% confidence interval; an end is None where there are too few measurements for it."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class SizedSetting:
    """One row of the result. ``failed``: invocations. ``usd_per_1000``: successful jobs, INIT included at the observed
    share of cold starts. ``init_ms``: the median of ``colds`` cold starts with its range. ``against``: cheaper, more expensive or
    too close to tell, against the current setting; empty of that one. ``unfit``: why it is not suggested, in words."""

    setting: Setting
    vcpus: float
    measured: int
    failed: int
    colds: int
    used_mb: float | None
    duration_p50_ms: Interval | None
    duration_p95_ms: Interval | None
    init_ms: Interval | None
    usd_per_1000: Interval | None
    usd_month: Interval | None
    against: str = ""
    unfit: str = ""


@dataclass(frozen=True)
class Sizing:
    """The answer. ``saving_month``: of ``suggested`` against the current setting; negative where it costs more."""

    finding: str
    objective: Objective
    rows: tuple[SizedSetting, ...]
    current: Setting
    suggested: Setting | None
    saving_month: Interval | None
    cold_share: float
    jobs_per_month: float | None
    notes: tuple[str, ...]
