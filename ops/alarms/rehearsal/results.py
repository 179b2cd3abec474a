"""Results of a rehearsal by incident, alarm and expectation, and their totals."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ops.alarms.incidents.model import ExpectedState, Incident, MustPage

DELAYS_COUNTED = (
    "The minutes include 1 until CloudWatch has a metric (assumed: AWS publishes no figure), and up to 15 for the metrics of a "
    "queue that was inactive for six hours."
)
"""``publication`` has the sources."""


class PageOutcome(StrEnum):
    PAGED = "paged"  # in time, for what was required
    LATE = "late"  # and no other alarm was in time
    CLEARED = "cleared"  # of a requirement: it paged in time, and went back to OK while it still held
    NEVER = "never"  # it is of the kind that was required and did not page, nor did another one in time
    WRONG = "wrong"
    ALSO = "also"  # it paged in the trouble, for something that was not required or that another alarm had said in time
    NO_PAGE = "no page"  # it went to ALARM, and notifies no one
    SILENT = "silent"
    NO_DATA = "no data"  # the incident has no values of what it reads
    UNAFFECTED = "unaffected"  # it reads no metric of the workload
    NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class StateSince:
    """``at``: seconds after the incident's start."""

    at: float
    state: str


@dataclass(frozen=True)
class Page:
    """A notification of an alarm. ``at``: seconds after the incident's start; ``says``: kinds of page."""

    at: float
    alarm: str
    says: frozenset[str]


@dataclass(frozen=True)
class AlarmRehearsal:
    """One alarm in one incident. ``minutes``: after what it had to page for began; of a wrong page after the start.
    ``why``: of what is not plain from the outcome."""

    alarm: str
    outcome: PageOutcome
    minutes: float | None = None
    why: str = ""
    states: tuple[StateSince, ...] = ()
    pages: tuple[Page, ...] = ()


@dataclass(frozen=True)
class RequirementRehearsal:
    """Whether a page that was required came. ``minutes``: after ``required.begins``, of the first page that said it, or
    of its alarm's return to OK."""

    required: MustPage
    outcome: PageOutcome
    alarm: str = ""
    minutes: float | None = None


@dataclass(frozen=True)
class StateRehearsal:
    """``actual``: empty where the alarm is not checked."""

    expected: ExpectedState
    actual: str

    @property
    def holds(self) -> bool:
        return self.expected.state == self.actual


@dataclass(frozen=True)
class IncidentRehearsal:
    incident: Incident
    alarms: tuple[AlarmRehearsal, ...]
    required: tuple[RequirementRehearsal, ...]
    states: tuple[StateRehearsal, ...] = ()
    wrong: tuple[Page, ...] = ()
    unscaled: tuple[str, ...] = ()
    """Limits of the workload that are not known, so that the published ones were taken."""

    @property
    def missed(self) -> tuple[RequirementRehearsal, ...]:
        return tuple(each for each in self.required if each.outcome is not PageOutcome.PAGED)

    @property
    def covered(self) -> bool:
        """Whether everything that was required paged in time."""
        return not self.missed

    @property
    def passed(self) -> bool:
        return self.covered and not self.wrong and all(each.holds for each in self.states)


@dataclass(frozen=True)
class Rehearsal:
    """``alarms``: their names, in the order in which each incident has them."""

    alarms: tuple[str, ...]
    incidents: tuple[IncidentRehearsal, ...]

    @property
    def passed(self) -> bool:
        return all(each.passed for each in self.incidents)

    @property
    def paged(self) -> int:
        """Incidents that have requirements, all of which were met."""
        return sum(bool(each.required) and each.covered for each in self.incidents)

    @property
    def missed(self) -> int:
        return sum(not each.covered for each in self.incidents)

    @property
    def wrong(self) -> int:
        """Pages that should not have come, those of quiet days apart."""
        return sum(len(each.wrong) for each in self.incidents if not each.incident.quiet)

    @property
    def quiet_pages(self) -> int:
        return sum(len(each.wrong) for each in self.incidents if each.incident.quiet)

    @property
    def max_delay_min(self) -> float | None:
        """The longest delay of a page that came in time, in minutes."""
        delays = [
            requirement.minutes
            for each in self.incidents
            for requirement in each.required
            if requirement.outcome is PageOutcome.PAGED and requirement.minutes is not None
        ]
        return max(delays, default=None)
