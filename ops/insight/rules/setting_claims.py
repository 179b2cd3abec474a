"""Findings of ``ops doctor`` as claims of a page: those related to what the page shows.

Whether a setting is wrong, and the words for it, are the doctor's; here is how urgent it is beside what the metrics show.
``ops doctor`` and the page Alarms have all findings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.doctor.examination import RuleFinding, examine
from ops.doctor.live import described_settings
from ops.doctor.rules import dead_letter_queues, mappings, queues
from ops.doctor.settings import Unknown, WorkloadSettings
from ops.insight.report_types import Level
from ops.insight.rules.findings import Observation, of_now
from ops.workload.gaps import Gap, Part, Why

if TYPE_CHECKING:
    from ops.aws import sqs
    from ops.doctor.rule import Rule
    from ops.insight.report_types import Window
    from ops.workload import Workload
    from ops.workload.listing import ListedWorkload

NOT_READ = Unknown("ops doctor reads it")
HALTED = "nothing is processed until you enable it: follow runbooks/stalled-consumer.md"


def visibility(workload: Workload, window: Window) -> list[Observation]:
    """Whether a message may become visible again while it is still being processed."""
    return of_now(_claims(described_settings.settings(workload, ()), queues.visibility_timeout, "queue"), window)


def disabled(workload: Workload) -> list[Observation]:
    """An observation that every mapping of the queue is off."""
    found = _claims(described_settings.settings(workload, ()), mappings.mapping_disabled, "queue")
    return [Observation(Level.CRITICAL, f"{claim.text}: {HALTED}", claim.page) for claim in found[:1]]


def dead_lettering(workload: Workload, window: Window) -> list[Observation]:
    """Whether a queue that a function reads has a dead-letter queue for messages that keep failing."""
    if workload.serves:
        return []
    gap = workload.gap(Part.DLQ)
    if gap is not None and gap.why is not Why.GONE:
        return of_now([unread_dead_letter_queue(workload.queue, gap)], window)
    return of_now(
        _claims(described_settings.settings(workload, ()), dead_letter_queues.dlq_missing, "dead_letters"), window
    )


def unread_dead_letter_queue(queue: sqs.Queue, gap: Gap) -> Observation:
    """An observation that the dead-letter queue that the queue names could not be read."""
    text = f"{queue.name}'s dead-letter queue {gap.name} {gap.verb}, so the number of dead letters is unknown"
    return Observation(Level.NO_DATA, text, "dead_letters")


def of_listed(listed: ListedWorkload) -> list[tuple[Level, str]]:
    """Claims, a few words each, about a workload in a list, of which nothing more is read."""
    queue, dlq = listed.queue, listed.dlq
    gone = dlq.name if isinstance(dlq, Gap) and dlq.why is Why.GONE else ""
    settings = WorkloadSettings(
        name=listed.queue_arn,
        scope=described_settings.SCOPE,
        queue=NOT_READ if queue is None or isinstance(queue, Gap) else described_settings.queue(queue[0]),
        dlq=None if gone or dlq is None else NOT_READ,
        mappings=tuple(described_settings.mapping_settings(mapping, NOT_READ) for mapping in listed.mappings),
        other_mappings=NOT_READ,
        dlq_mappings=NOT_READ,
        alarms=NOT_READ,
        topics=NOT_READ,
        account_concurrency=NOT_READ,
        dlq_gone=gone,
    )
    short = {
        mappings.mapping_disabled.id: f"event source mapping {listed.mappings[0].state.lower()}",
        dead_letter_queues.dlq_missing.id: f"dead-letter queue {dlq.verb}"
        if isinstance(dlq, Gap)
        else "no dead-letter queue",
    }
    found = examine(settings, [mappings.mapping_disabled, dead_letter_queues.dlq_missing]).findings
    return list(dict.fromkeys((_level(finding, settings), short[finding.rule]) for finding in found))


def _claims(settings: WorkloadSettings, rule: Rule, page: str) -> list[Observation]:
    return [
        Observation(_level(finding, settings), finding.text, page) for finding in examine(settings, [rule]).findings
    ]


def _level(finding: RuleFinding, settings: WorkloadSettings) -> Level:
    """Critical is what harms work now: nothing runs, or failed messages have nowhere to go."""
    halted = finding.rule == mappings.mapping_disabled.id
    lost = finding.rule == dead_letter_queues.dlq_missing.id and settings.dlq_gone
    return Level.CRITICAL if halted or lost else Level.WARNING
