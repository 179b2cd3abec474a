"""An incident report as data. All text in it is untrusted: what shows it must escape it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from ops.runbooks.actions.action import PlannedChange
from ops.runbooks.run_state import RunbookRun


class EntryKind(StrEnum):
    ALARM = "alarm"
    DEPLOY = "deploy"
    CONFIG = "config"
    REDRIVE = "redrive"
    PURGE = "purge"
    RUN = "run"  # of this runbook or another one: started, resumed, ended
    STEP = "step"
    UNDO = "undo"


@dataclass(frozen=True)
class TimelineEntry:
    """``until``: its end, where it took time. ``details``: sentences; ``outputs``: what a step found, by name."""

    at: datetime
    kind: EntryKind
    what: str
    outcome: str = ""
    until: datetime | None = None
    changes: tuple[PlannedChange, ...] = ()
    details: tuple[str, ...] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)
    command: str = ""
    step: str = ""
    """The ID of the run's own step, or empty."""

    @property
    def seconds(self) -> float | None:
        return (self.until - self.at).total_seconds() if self.until is not None else None


@dataclass(frozen=True)
class IncidentPeriod:
    """From the alarm's transition to ALARM until the last of ``alarms`` was no longer in it, or the report was made
    (``ongoing``). Without ``alarms`` it is the time of the run. ``why``: which of these, as a sentence."""

    start: datetime
    end: datetime
    alarms: tuple[str, ...] = ()
    ongoing: bool = False
    why: str = ""
    in_alarm: tuple[str, ...] = ()
    """The alarms of ``alarms`` that are still in ALARM."""
    responded_s: float | None = None
    """Seconds from the incident's start to the run's; None without alarms."""


@dataclass(frozen=True)
class IncidentMetric:
    """``values``: one per period from the start of ``IncidentMetrics``, None where there is no data point. ``sums``:
    they are counts per period, and gauges otherwise."""

    name: str
    unit: str
    values: tuple[float | None, ...]
    sums: bool = False

    @property
    def known(self) -> tuple[float, ...]:
        return tuple(value for value in self.values if value is not None)


@dataclass(frozen=True)
class IncidentMetrics:
    """``period_s``: seconds that each value stands for."""

    start: datetime
    end: datetime
    period_s: int
    series: tuple[IncidentMetric, ...]


@dataclass(frozen=True)
class IncidentCost:
    """US dollars at list price during the incident. ``parts``: by component, the largest first. ``failed_usd``: the
    part that went into work that failed. ``excluded``: what the sum does not hold."""

    usd: float
    failed_usd: float
    parts: tuple[tuple[str, float], ...]
    excluded: tuple[str, ...]
    prices_dated: str
    unpriced: str = ""
    """Why the sum is not what the workload costs, as a clause."""
    since: str = ""
    """From when on, as a sentence, where that is before the incident's period."""


@dataclass(frozen=True)
class IncidentReport:
    """``place``: the account and region, or the twin. ``unread``: by section, why a source could not be read."""

    run: RunbookRun
    title: str
    place: str
    made_at: datetime
    period: IncidentPeriod
    timeline: tuple[TimelineEntry, ...]
    metrics: IncidentMetrics | None = None
    cost: IncidentCost | None = None
    still_open: tuple[str, ...] = ()
    follow_ups: tuple[str, ...] = ()
    unread: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    asked: bool = True
    """Whether the account was asked at all."""
