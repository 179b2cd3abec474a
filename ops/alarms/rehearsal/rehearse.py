"""Alarms against incidents: which would have paged, when, and for what.

Each incident is run through the evaluator with the alarms that read metrics of the workload. A page is an action of an
alarm that goes to ALARM: none without actions, with disabled ones, or while a suppressor withholds them.

A point is seen when CloudWatch has published it (``publication``), or when the incident says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ops.alarms.evaluate import NO_QUOTAS, Point, Quotas, Simulation, account_quotas, simulate
from ops.alarms.evaluate.definition.fields import Definition
from ops.alarms.evaluate.threshold import ALARM, INSUFFICIENT_DATA
from ops.alarms.incidents import Incident, IncidentError, IncidentFinding, healthy, points_of
from ops.alarms.incidents.model import ExpectedState, IncidentSeries, MustPage
from ops.alarms.rehearsal import publication
from ops.alarms.rehearsal.prepared_alarms import PlaceOf, PreparedAlarm, affected, prepare
from ops.alarms.rehearsal.results import (
    AlarmRehearsal,
    IncidentRehearsal,
    Page,
    PageOutcome,
    Rehearsal,
    RequirementRehearsal,
    StateRehearsal,
    StateSince,
)
from ops.alarms.rehearsal.roles import WorkloadRoles


def rehearse(
    definitions: Iterable[Definition],
    incidents: Iterable[Incident],
    roles: WorkloadRoles,
    unreadable: Mapping[str, str] | None = None,
    place_of: PlaceOf = lambda _name, _field: "",
) -> Rehearsal:
    """``definitions``: as PutMetricAlarm and PutCompositeAlarm take them; one that the evaluator refuses is in the result
    as not checked, with its place, as are those of ``unreadable`` (why, by name). Raises IncidentError for an expectation on an alarm that
    is not there."""
    every, chosen = tuple(definitions), tuple(incidents)
    quotas = [_quotas(each, roles) for each in chosen]
    # Alarms are read again only where an incident has another quota than the one before.
    sets = {
        tuple(each.values()): prepare(every, roles, unreadable or {}, each, place_of) for each in (NO_QUOTAS, *quotas)
    }
    names = tuple(each.name for each in sets[()])
    _ensure_known(chosen, set(names))
    runs = {key: affected(alarms) for key, alarms in sets.items()}
    results = [
        _Incident(incident, sets[key], runs[key], roles, quota).result()
        for incident, quota in zip(chosen, quotas, strict=True)
        for key in [tuple(quota.values())]
    ]
    return Rehearsal(names, tuple(results))


def _quotas(incident: Incident, roles: WorkloadRoles) -> Quotas:
    """The concurrency quota: that of the workload's account, else the incident's, else, for an incident that is
    healthy otherwise, the healthy one."""
    healthy_limits = healthy().limits if incident.healthy_otherwise else {}
    known = {**healthy_limits, **incident.limits, **roles.limits}.get("account_concurrency")
    return account_quotas(known) if known else NO_QUOTAS


def _ensure_known(incidents: Sequence[Incident], names: set[str]) -> None:
    findings = [
        IncidentFinding(incident.file, expected.line, f"There is no alarm {expected.alarm}.")
        for incident in incidents
        for expected in incident.expected_states
        if expected.alarm not in names
    ]
    if findings:
        raise IncidentError(tuple(findings))


class _Incident:
    def __init__(
        self,
        incident: Incident,
        alarms: Sequence[PreparedAlarm],
        run: Sequence[PreparedAlarm],
        roles: WorkloadRoles,
        quotas: Quotas,
    ) -> None:
        self._incident = incident
        self._quotas = quotas
        self._alarms = alarms
        self._run = {each.name: each for each in run}
        self._roles = roles
        self._unscaled: set[str] = set()
        self._missed: list[MustPage] = []
        self._given = self._series()
        simulated = self._simulated()
        self._states: dict[str, list[StateSince]] = {name: [] for name in self._run}
        for change in simulated.transitions:
            self._states[change.alarm].append(StateSince(change.at - incident.start, change.new))
        self._pages: dict[str, list[Page]] = {name: [] for name in self._run}
        for action in simulated.actions:
            if action.state == ALARM and not action.withheld:
                at = action.at - incident.start
                self._pages[action.alarm].append(Page(at, action.alarm, self._says(action.alarm, at)))

    def result(self) -> IncidentRehearsal:
        incident = self._incident
        required = tuple(map(self._requirement, incident.must_page))
        self._missed = [each.required for each in required if each.outcome is not PageOutcome.PAGED]
        return IncidentRehearsal(
            incident=incident,
            alarms=tuple(map(self._alarm, self._alarms)),
            required=required,
            states=tuple(map(self._expected, incident.expected_states)),
            wrong=tuple(sorted((each for page in self._pages.values() for each in page if self._wrong(each)), key=_at)),
            unscaled=tuple(sorted(self._unscaled)),
        )

    def _series(self) -> dict[str, tuple[IncidentSeries, Incident]]:
        """Series by role, each with its file, whose limits relative values refer to."""
        sources = (healthy(), self._incident) if self._incident.healthy_otherwise else (self._incident,)
        return {f"{each.role}.{each.metric}": (each, source) for source in sources for each in source.series}

    def _simulated(self) -> Simulation:
        incident = self._incident
        read = {role for each in self._run.values() for role in each.reads}
        queues = {role for role in self._given if role.partition(".")[0] in publication.QUEUES}
        made = {role: self._points(role) for role in read | queues}
        woken = publication.woken_queues({role: made[role] for role in queues}, incident.start)
        least = publication.usual(series for series, _ in self._given.values())
        for role in read & self._given.keys():
            series = self._given[role][0]
            arriving = publication.arriving(made[role], series, incident, woken.get(series.role, ()), least)
            made[role] = list(arriving)
        metrics = {metric: made[role] for each in self._run.values() for role, metric in each.reads.items()}
        definitions = [each.definition for each in self._run.values()]
        end = incident.start + incident.length
        return simulate(definitions, metrics, incident.start, end, quotas=self._quotas, publication=least)

    def _points(self, role: str) -> list[Point]:
        """Points of a series as far back as the alarms on it look."""
        if role not in self._given:
            return []
        series, source = self._given[role]
        history = max((each.window for each in self._run.values() if role in each.reads), default=0)
        scale = self._scale(series.relative_to, source)
        return points_of(series, self._incident.start, self._incident.length, scale, history)

    def _scale(self, limit: str, source: Incident) -> float:
        if limit not in source.limits:
            return 1.0
        if limit not in self._roles.limits:
            self._unscaled.add(limit)
            return 1.0
        return self._roles.limits[limit] / source.limits[limit]

    def _says(self, name: str, at: float) -> frozenset[str]:
        """A composite alarm says what those of its rule say that are in ALARM."""
        alarm = self._run[name]
        if not alarm.composite:
            return alarm.kinds
        firing = [child for child in alarm.said_by if self._state(child, at) == ALARM]
        return frozenset().union(*(self._says(child, at) for child in firing))

    def _state(self, name: str, at: float) -> str:
        return next((each.state for each in reversed(self._states[name]) if each.at <= at), INSUFFICIENT_DATA)

    def _wrong(self, page: Page) -> bool:
        incident = self._incident
        if incident.trouble is None or page.at < incident.trouble:
            return True
        if any(page.says.intersection(each.says) and page.at >= each.begins for each in incident.must_page):
            return False
        return any(
            each.begins <= page.at <= each.ends and (not each.says or page.says.intersection(each.says))
            for each in incident.must_stay_silent
        )

    def _requirement(self, required: MustPage) -> RequirementRehearsal:
        answering = [each for pages in self._pages.values() for each in pages if answers(each, required)]
        if not answering:
            return RequirementRehearsal(required, PageOutcome.NEVER)
        first = min(answering, key=_at)
        delay = (first.at - required.begins) / 60
        if first.at > required.begins + required.within:
            return RequirementRehearsal(required, PageOutcome.LATE, first.alarm, delay)
        in_time = [each for each in answering if each.at <= required.begins + required.within]
        cleared = min((self._cleared(each, required.until) for each in in_time), key=lambda at: -at)
        if cleared < required.until:
            return RequirementRehearsal(required, PageOutcome.CLEARED, first.alarm, (cleared - required.begins) / 60)
        return RequirementRehearsal(required, PageOutcome.PAGED, first.alarm, delay)

    def _cleared(self, page: Page, until: int) -> float:
        """Time at which the page's alarm left ALARM, up to ``until``."""
        later = (each.at for each in self._states[page.alarm] if each.at > page.at and each.state != ALARM)
        return min(next(later, until), until)

    def _expected(self, expected: ExpectedState) -> StateRehearsal:
        return StateRehearsal(expected, self._state(expected.alarm, expected.at) if expected.alarm in self._run else "")

    def _alarm(self, alarm: PreparedAlarm) -> AlarmRehearsal:
        if alarm.not_checked:
            return AlarmRehearsal(alarm.name, PageOutcome.NOT_CHECKED, why=alarm.not_checked)
        if alarm.name not in self._run or not (alarm.reads or alarm.composite):
            read = f"it reads {', '.join(alarm.other_metrics)}" if alarm.other_metrics else "so are those in its rule"
            return AlarmRehearsal(alarm.name, PageOutcome.UNAFFECTED, why=read)
        outcome, minutes, why = self._outcome(alarm)
        states, pages = tuple(self._states[alarm.name]), tuple(self._pages[alarm.name])
        return AlarmRehearsal(alarm.name, outcome, minutes, why, states, pages)

    def _outcome(self, alarm: PreparedAlarm) -> tuple[PageOutcome, float | None, str]:
        pages = self._pages[alarm.name]
        wrong = next(filter(self._wrong, pages), None)
        if wrong:
            return PageOutcome.WRONG, wrong.at / 60, "nothing was wrong that it may page for"
        answered = [
            (each.at - required.begins, required.within)
            for required in self._incident.must_page
            for each in pages
            if answers(each, required)
        ]
        in_time = [delay for delay, within in answered if delay <= within]
        if in_time:
            return PageOutcome.PAGED, min(in_time) / 60, ""
        late = [page.at - required.begins for required in self._missed for page in pages if answers(page, required)]
        if late:
            return PageOutcome.LATE, min(late) / 60, ""
        if pages:
            return PageOutcome.ALSO, pages[0].at / 60, ""
        return self._without_page(alarm)

    def _without_page(self, alarm: PreparedAlarm) -> tuple[PageOutcome, float | None, str]:
        fired = next((each for each in self._states[alarm.name] if each.state == ALARM), None)
        if fired:
            return PageOutcome.NO_PAGE, fired.at / 60, alarm.no_page or "its action was suppressed"
        if alarm.reads and not any(role in self._given for role in alarm.reads):
            return PageOutcome.NO_DATA, None, f"the incident has no values of {', '.join(alarm.reads)}"
        required = {kind for each in self._missed for kind in each.says}
        return PageOutcome.NEVER if required.intersection(alarm.kinds) else PageOutcome.SILENT, None, ""


def answers(page: Page, required: MustPage) -> bool:
    """Whether it says what was required, in time or not."""
    return page.at >= required.begins and bool(page.says.intersection(required.says))


def _at(page: Page) -> float:
    return page.at
