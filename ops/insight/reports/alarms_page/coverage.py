"""Published incidents that the workload's alarms would have paged for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops import formatting
from ops.alarms.incidents import shipped
from ops.alarms.rehearsal import PageOutcome, by_minute, rehearse, roles_of

if TYPE_CHECKING:
    from ops.alarms.catalogue import RecommendedAlarm
    from ops.alarms.incidents.model import BeyondMetrics
    from ops.alarms.rehearsal import IncidentRehearsal
    from ops.insight.reports.alarms_page.checks import AlarmChecks


@dataclass(frozen=True)
class IncidentCoverage:
    """``paged``: the alarm and the minutes of each page that was required and came in time; ``late``: of those that came
    too late. ``required``: whether something had to page; else only wrong pages count. ``wrong``: alarms that paged and
    should not have. ``would_page``: alarms of the catalogue that are missing and are made for this. ``beyond``: what no
    alarm on metrics can say."""

    name: str
    title: str
    source: str
    because: str
    required: bool
    covered: bool
    paged: tuple[tuple[str, float], ...]
    late: tuple[tuple[str, float], ...]
    wrong: tuple[str, ...]
    would_page: tuple[RecommendedAlarm, ...]
    beyond: tuple[BeyondMetrics, ...] = ()


@dataclass(frozen=True)
class Coverage:
    """``incidents``: those that are missed first, those without a required page last. ``note``: what was taken to be so."""

    incidents: tuple[IncidentCoverage, ...]
    note: str = ""

    @property
    def required(self) -> int:
        return sum(each.required for each in self.incidents)

    @property
    def missed(self) -> tuple[IncidentCoverage, ...]:
        return tuple(each for each in self.incidents if not each.covered)

    @property
    def wrong_pages(self) -> int:
        return sum(len(each.wrong) for each in self.incidents)

    @property
    def clauses(self) -> tuple[str, ...]:
        """Clauses for the page's finding."""
        texts = []
        if self.missed:
            texts.append(f"{formatting.count(len(self.missed), 'incident')} would not page")
        if self.wrong_pages:
            texts.append(f"{formatting.count(self.wrong_pages, 'page')} would be wrong")
        return tuple(texts)


def cover(checks: AlarmChecks, missing: Sequence[RecommendedAlarm]) -> Coverage:
    """Every incident that is shipped, against the alarms that there are. A second of work or more; asks AWS nothing."""
    definitions, note = by_minute(checks.definitions, checks.settings.metric_period_s)
    result = rehearse(definitions, shipped(), roles_of(checks.settings))
    found = [_coverage(each, missing) for each in result.incidents]
    return Coverage(tuple(sorted(found, key=lambda each: (not each.required, each.covered))), note)


def _coverage(found: IncidentRehearsal, missing: Sequence[RecommendedAlarm]) -> IncidentCoverage:
    incident = found.incident
    of = {
        outcome: tuple(
            (requirement.alarm, requirement.minutes or 0.0)
            for requirement in found.required
            if requirement.outcome is outcome
        )
        for outcome in (PageOutcome.PAGED, PageOutcome.LATE)
    }
    return IncidentCoverage(
        name=incident.name,
        title=incident.title,
        source=incident.source,
        because=" ".join(dict.fromkeys(requirement.required.because for requirement in found.missed)),
        required=bool(found.required),
        covered=found.covered,
        paged=of[PageOutcome.PAGED],
        late=of[PageOutcome.LATE],
        wrong=tuple(dict.fromkeys(page.alarm for page in found.wrong)),
        would_page=() if found.covered else tuple(each for each in missing if incident.name in each.incidents),
        beyond=incident.beyond_metrics,
    )
