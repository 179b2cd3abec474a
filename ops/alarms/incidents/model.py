"""An incident as data: what the metrics showed, what had to page and when, and what had to stay silent.

Times within an incident are whole seconds after its start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ops.errors import UsageError

WAKE_S = 15 * 60
"""An inactive queue's metrics come up to so much later (SQS developer guide, sqs-monitoring-using-cloudwatch, 2026-11)."""


@dataclass(frozen=True)
class IncidentFinding:
    """An error in an incident's file. ``line`` starts at 1."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


class IncidentError(UsageError):
    """An incident file that cannot be used, with everything that is wrong in it."""

    def __init__(self, findings: tuple[IncidentFinding, ...]) -> None:
        rest = f" ({len(findings) - 1} more)" if len(findings) > 1 else ""
        super().__init__(f"{findings[0]}{rest}", "The form is described in ops/alarms/README.md.")
        self.findings = findings


@dataclass(frozen=True)
class IncidentPhase:
    """The values of one stretch of a series, one for each period; None: no data. ``late``: seconds after the end of its
    period at which a point is published, 0: as usual; ``samples``: how often each value was recorded in its period, repeated like the
    values."""

    begins: int
    ends: int
    values: tuple[float | None, ...]
    noise: float = 0.0
    """The share by which values vary at random in both directions."""
    samples: tuple[int, ...] = (1,)
    late: int = 0

    def value(self, number: int) -> float | None:
        return self.values[number % len(self.values)]


@dataclass(frozen=True)
class IncidentSeries:
    """A metric of one of the roles. ``relative_to``: the limit of ``Incident.limits`` with which its values scale, when
    the workload that is rehearsed has another one. ``published``: seconds after the end of its period at which a point
    usually is; None: as AWS usually does."""

    role: str
    metric: str
    unit: str
    phases: tuple[IncidentPhase, ...]
    period: int = 60
    relative_to: str = ""
    line: int = 0
    published: int | None = None


@dataclass(frozen=True)
class MustPage:
    """A page that says one of ``says`` (kinds of page) has to come ``within`` seconds of ``begins``. ``until``: and its
    alarm has to stay in ALARM up to then; 0: it need not."""

    says: tuple[str, ...]
    begins: int
    within: int
    because: str
    until: int = 0
    line: int = 0


@dataclass(frozen=True)
class MustStaySilent:
    """No page that says one of ``says``; of any kind, when that is empty."""

    says: tuple[str, ...]
    begins: int
    ends: int
    because: str
    line: int = 0


@dataclass(frozen=True)
class ExpectedState:
    """The state that a named alarm has to be in."""

    alarm: str
    at: int
    state: str
    line: int = 0


@dataclass(frozen=True)
class BeyondMetrics:
    """An aspect of an incident that no metric shows, and the command that does."""

    what: str
    command: str


@dataclass(frozen=True)
class Incident:
    """``start``: epoch seconds. ``trouble``: from when on a page is no false alarm; None: never, the day is a quiet one.
    ``limits``: of the workload that it happened to. ``inferred``: what its source does not say, and was chosen here."""

    name: str
    title: str
    source: str
    start: float
    length: int
    story: str
    trouble: int | None
    series: tuple[IncidentSeries, ...]
    healthy_otherwise: bool = False
    limits: Mapping[str, float] = field(default_factory=dict)
    inferred: tuple[str, ...] = ()
    must_page: tuple[MustPage, ...] = ()
    must_stay_silent: tuple[MustStaySilent, ...] = ()
    expected_states: tuple[ExpectedState, ...] = ()
    beyond_metrics: tuple[BeyondMetrics, ...] = ()
    file: str = ""
    wake: int = WAKE_S
    """Seconds after which an inactive queue's metrics begin to come."""

    @property
    def quiet(self) -> bool:
        return self.trouble is None
