"""Who fills the queue: the sample, its shares, SQS's own fair-queue metrics, and the resulting sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ops import formatting
from ops.deadletters.queue import open_queue
from ops.errors import UsageError
from ops.insight.report_types import Finding, Level
from ops.logs import log_sources
from ops.logs.search import MAX_USD
from ops.tenants.body_field import body_field
from ops.tenants.fair_queue import fair_queue_metrics
from ops.tenants.live_peek import peek
from ops.tenants.model import FairQueueMetrics, Grouping, Peak, Source, TenantReport, TenantShare
from ops.tenants.samples import Sample, dead_letter_sample, logged_sample
from ops.tenants.shares import peak, tenant_shares
from ops.tenants.waiting import waiting_now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ops.aws import Aws
    from ops.workload import Workload

MAX_TENANTS = 50
LARGE_SHARE = 0.5
"""The share of the waiting messages from which one key is called the reason for the backlog."""
LONG_WAIT_S = 60.0
"""p95 of waiting below which no sender is held up by another."""
MIN_SAMPLE = 20


@dataclass(frozen=True)
class TenantQuestion:
    """``by``: None: message groups where there are any, else tenants, else senders. ``expression``: for the body.
    ``source``: None: log lines, or dead letters for the body, which is not logged. ``peek``: messages to receive from the live
    queue."""

    start: datetime
    end: datetime
    by: Grouping | None = None
    expression: str = ""
    source: Source | None = None
    peek: int = 0


def tenants_report(
    aws: Aws,
    workload: Workload,
    question: TenantQuestion,
    *,
    max_usd: float = MAX_USD,
    say: Callable[[str], None] = lambda _: None,
) -> TenantReport:
    """Who sent the messages of the range, and how long whose waited.

    Log lines are searched within ``max_usd``; ``say`` gets the estimate. The queue is not touched unless ``source`` is PEEK.
    Raises UsageError for what does not go together, ReadOnly, and what ``ops.aws`` raises.
    """
    by, expression = question.by, question.expression
    if expression and by not in (None, Grouping.BODY):
        raise UsageError("An expression is of the body.", "Omit --by, or the expression.")
    by = Grouping.BODY if expression else by
    if by is Grouping.BODY and not expression:
        raise UsageError("Which field of the body?", "Give a JMESPath expression: --body params.tenant.")
    source = question.source or (Source.DEAD_LETTERS if by is Grouping.BODY else Source.LOGS)
    if by is Grouping.BODY and source is Source.LOGS:
        raise UsageError(
            "Bodies are not logged.",
            "Use --source dead-letters or --peek N; or set the template's TenantField, and use --by tenant.",
        )
    by, sample = _sample(aws, workload, question, by, source, max_usd, say)
    metrics, look = fair_queue_metrics(aws, workload.queue, question.end)
    look = replace(look, usd=look.usd + sample.usd, partial=(*sample.notes, *look.partial))
    shares, others, other_messages = tenant_shares(sample.messages, MAX_TENANTS)
    report = TenantReport(
        Finding(Level.NO_DATA, ""),
        by,
        expression,
        source,
        sample.method,
        len(sample.messages),
        sample.whole,
        sum(not message.key for message in sample.messages),
        tuple(shares),
        others,
        other_messages,
        peak(sample.messages),
        metrics,
        waiting_now(metrics, fifo=workload.queue.fifo, peeked=source is Source.PEEK),
        look,
    )
    return replace(report, finding=_finding(report, sample))


def _sample(
    aws: Aws,
    workload: Workload,
    question: TenantQuestion,
    by: Grouping | None,
    source: Source,
    max_usd: float,
    say: Callable[[str], None],
) -> tuple[Grouping, Sample]:
    if source is Source.LOGS:
        sources = log_sources(workload)
        if not sources:
            raise UsageError(
                f"No function reads {workload.queue.name}, so there are no log lines about its messages.",
                "Use --source dead-letters or --peek N.",
            )
        keys = (by,) if by else (Grouping.GROUP, Grouping.TENANT, Grouping.SENDER)
        samples = logged_sample(aws, sources, question.start, question.end, keys, max_usd, say)
        return _first_named(samples)
    field = body_field(question.expression) if by is Grouping.BODY else None
    if source is Source.DEAD_LETTERS:
        chosen = by or Grouping.GROUP
        if chosen is Grouping.TENANT:
            raise UsageError("Dead letters carry no logged tenant.", "Name the field: --body params.tenant.")
        return chosen, dead_letter_sample(
            open_queue(aws, workload), lambda letter: field(letter.body) if field else _system(letter.system, chosen)
        )
    chosen = by or Grouping.GROUP
    if chosen is Grouping.TENANT:
        raise UsageError("Messages carry no logged tenant.", "Name the field: --body params.tenant.")
    return chosen, peek(
        aws,
        workload.queue,
        question.peek,
        lambda message: field(message.body) if field else _system(message.system, chosen),
    )


def _system(system: Mapping[str, str], by: Grouping) -> str:
    return system.get("MessageGroupId" if by is Grouping.GROUP else "SenderId", "")[:128]


def _first_named(samples: Mapping[Grouping, Sample]) -> tuple[Grouping, Sample]:
    """The first by which messages can be told apart."""
    for by, sample in samples.items():
        if any(message.key for message in sample.messages):
            return by, sample
    return next(iter(samples.items()))


_WHO = {Grouping.GROUP: "Message group", Grouping.SENDER: "Sender", Grouping.TENANT: "Tenant", Grouping.BODY: "Value"}
_UNNAMED = {
    Grouping.GROUP: "No message has a message group: the sender sets MessageGroupId, on a standard queue, too.",
    Grouping.SENDER: "No message has a sender on record.",
    Grouping.TENANT: "No tenant is logged: set the template's TenantField to the body's field, such as params.tenant.",
    Grouping.BODY: "No body has a value there.",
}


def _finding(report: TenantReport, sample: Sample) -> Finding:
    if not report.sampled:
        why = (
            "No message was received in the range."
            if sample.detailed and report.source is Source.LOGS
            else "The function's log lines do not name groups or senders: deploy this version's handler."
            if report.source is Source.LOGS
            else "No message was found."
        )
        return Finding(Level.NO_DATA, why, "", why)
    if not report.tenants:
        return Finding(Level.NO_DATA, _UNNAMED[report.by], "", _UNNAMED[report.by])
    top = report.tenants[0]
    waited = report.peak if report.source is Source.LOGS and not _is_alone(report) else None
    if waited and waited.key:
        headline = _at_peak(report.by, waited)
        largest = next((tenant for tenant in report.tenants if tenant.key == waited.key), top)
    else:
        headline = _of_sample(report, top)
        largest = top
    sample_chip = _of_sample(report, top) if waited else ""
    chips = tuple(filter(None, (_waits(largest), sample_chip, _unseen(report), _quiet(report.fair_queue))))
    return Finding(_level(report, largest, waited), f"{'; '.join((headline, *chips))}.", "", f"{headline}.", chips)


def _at_peak(by: Grouping, waited: Peak) -> str:
    return (
        f"{_WHO[by]} {waited.key} had {formatting.percent(waited.share)} of the {formatting.count(waited.waiting, 'message')} "
        f"that waited at {formatting.clock(waited.at, datetime.now(UTC))} and were received since"
    )


def _is_alone(report: TenantReport) -> bool:
    return len(report.tenants) + report.others == 1 and not report.unnamed


def _of_sample(report: TenantReport, top: TenantShare) -> str:
    if _is_alone(report):
        count = "the message" if report.sampled == 1 else f"all {report.sampled:,} messages"
        return f"{_WHO[report.by]} {top.key} has {count} in the sample"
    interval = f"95% interval {formatting.percent(top.share_low)} to {formatting.percent(top.share_high)}"
    what = "dead letter" if report.source is Source.DEAD_LETTERS else "message"
    return (
        f"{_WHO[report.by]} {top.key} has {formatting.percent(top.share)} of {formatting.count(report.sampled, what)} "
        f"in the sample ({interval})"
    )


def _waits(tenant: TenantShare) -> str:
    if tenant.wait_p95_s is None:
        return ""
    own = f"its messages wait p95 {formatting.duration(tenant.wait_p95_s)}"
    return own if tenant.wait_p95_others_s is None else f"{own}, others {formatting.duration(tenant.wait_p95_others_s)}"


def _unseen(report: TenantReport) -> str:
    """What waits now has not been received, so that no log line has it."""
    waiting = report.fair_queue.visible
    if report.source is not Source.LOGS or not waiting:
        return ""
    return f"{formatting.count(waiting, 'message')} waiting now {'is' if waiting == 1 else 'are'} not in the sample"


def _quiet(metrics: FairQueueMetrics) -> str:
    if not metrics.noisy_groups:
        return ""
    quiet = metrics.visible_in_quiet_groups
    beside = "" if quiet is None else f", {formatting.count(quiet, 'message')} wait in quiet groups"
    return f"SQS counts {formatting.count(metrics.noisy_groups, 'noisy group')}{beside}"


def _level(report: TenantReport, largest: TenantShare, waited: Peak | None) -> Level:
    """A warning where one holds more than half of what waits, by more than chance, and waits are long; a single sender that
    has all is no news."""
    if report.sampled < MIN_SAMPLE:
        return Level.NO_DATA
    held_up = waited is not None and max(largest.wait_p95_s or 0.0, largest.wait_p95_others_s or 0.0) >= LONG_WAIT_S
    several = len(report.tenants) + report.others > 1
    if waited and held_up and several and waited.share_low > LARGE_SHARE:
        return Level.WARNING
    return Level.OK
