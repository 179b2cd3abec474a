"""Checks that take too long for a page's first view: delivery of the alarms, comparison with the catalogue, and
findings of ``ops doctor``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ops import formatting
from ops.alarms import delivery
from ops.alarms.applying import OwnRecommendation, recommend_for, remembered_options
from ops.alarms.catalogue import CatalogueOptions, InitBaseline, Recommendation, RecommendedAlarm
from ops.alarms.delivery import AlarmDelivery, DeliveryStatus
from ops.aws import cloudwatch
from ops.doctor.examination import Examination, examine
from ops.doctor.live import live_settings as live
from ops.doctor.rule import RuleSeverity
from ops.errors import UsageError
from ops.insight.reports import alarms, init_baseline
from ops.insight.reports.alarms_page import recommended
from ops.insight.reports.alarms_page import rows as alarm_rows
from ops.insight.reports.alarms_page.recommended import CatalogueMatch
from ops.workload import pairs

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.cloudwatch import Alarm, CompositeAlarm
    from ops.doctor.settings import WorkloadSettings
    from ops.insight.reports.alarms_page.rows import AlarmRow
    from ops.workload import Workload

OF_DEAD_LETTERS = "This queue is itself a dead-letter queue: its settings are checked with the queue before it."


@dataclass(frozen=True)
class AlarmChecks:
    """``examination``: None of a queue that is itself a dead-letter queue. ``deliveries``: by alarm. ``definitions``: of
    the workload's alarms. ``doctor_command``: shows the findings in a terminal. ``matches``: the catalogue's
    alarm by the name of the workload's own. ``remembered``: the options of an earlier ``ops alarms apply`` that were used, as a
    sentence, or why they are not known."""

    at: datetime
    settings: WorkloadSettings
    examination: Examination | None
    deliveries: Mapping[str, AlarmDelivery]
    recommendation: Recommendation
    definitions: tuple[Mapping[str, Any], ...]
    doctor_command: str
    matches: Mapping[str, CatalogueMatch]
    notes: tuple[str, ...] = ()
    remembered: str = ""

    def nobody(self, row: AlarmRow) -> bool:
        """Whether the alarm is certain to reach no one."""
        found = self.deliveries.get(row.name)
        return found.status is DeliveryStatus.BROKEN if found else row.receivers.nobody

    @property
    def missing(self) -> tuple[RecommendedAlarm, ...]:
        """Recommended alarms that the account does not have."""
        return recommended.missing(self.recommendation, self.matches)

    def clauses(self, rows: Sequence[AlarmRow]) -> tuple[str, ...]:
        """Clauses for the page's finding, besides the states."""
        unheard = sum(map(self.nobody, rows))
        texts = [formatting.count(unheard, "reaches no one", "reach no one")] if unheard else []
        if self.examination is not None and (critical := self.examination.count(RuleSeverity.CRITICAL)):
            texts.append(formatting.count(critical, "critical setting"))
        return tuple(texts)


def check(aws: Aws, workload: Workload) -> AlarmChecks:
    """Checks as ``ops doctor`` and ``ops alarms delivery`` do, with a GetMetricData call for two weeks. Raises what
    ``ops.aws`` raises."""
    known, _ = alarms.read(aws, workload)
    composites = cloudwatch.composite_alarms(aws) if known else ()
    own: tuple[Alarm | CompositeAlarm, ...] = (*known, *alarm_rows.of_workload(composites, workload.alarms))
    read = live.read(aws, workload)
    reached = delivery.check(aws, own, composites) if own else None
    definitions = tuple(alarm.definition for alarm in own)
    catalogue = _recommended(aws, workload, read.workload)
    recommendation = catalogue.recommendation
    return AlarmChecks(
        at=datetime.now(UTC),
        settings=read.workload,
        examination=None if workload.serves else examine(read.workload),
        deliveries={delivery.name: delivery for delivery in reached.alarms} if reached else {},
        recommendation=recommendation,
        matches=recommended.match(definitions, recommendation),
        definitions=definitions,
        doctor_command=pairs.command("doctor", workload.queue, aws.target),
        notes=(*((OF_DEAD_LETTERS,) if workload.serves else ()), *(reached.notes if reached else ())),
        remembered=" ".join(
            filter(None, (catalogue.unread, remembered_options.sentence(catalogue.kept), catalogue.not_compared))
        ),
    )


def _recommended(aws: Aws, workload: Workload, settings: WorkloadSettings) -> OwnRecommendation:
    """The recommendation with the options of an earlier ``ops alarms apply``; without them if the alarms' tags
    disagree."""

    def init_before() -> InitBaseline | str:
        return init_baseline.read_daily(aws, workload)

    try:
        return recommend_for(aws, workload, settings, CatalogueOptions(), strict=False, read_init=init_before)
    except UsageError as error:
        found = recommend_for(aws, workload, settings, CatalogueOptions(), forget=True, strict=False)
        return replace(found, unread=f"{error} None of them was used here.")
