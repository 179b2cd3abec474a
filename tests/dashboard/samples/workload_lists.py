"""Made-up lists of workloads, by the name of a sample."""

from __future__ import annotations

from datetime import UTC, datetime

from ops.errors import AccessDenied
from ops.insight.report_types import Level
from ops.insight.reports.workload_list import NOTHING_FOUND, WorkloadListReport, WorkloadStatus
from ops.target import Target
from tests.dashboard.samples.series import HOSTILE

DENIED = AccessDenied(
    "arn:aws:iam::123456789012:user/reader is not authorized to perform lambda:ListEventSourceMappings on event source "
    "mappings.",
    "Ask for an IAM policy that allows it.",
)


def row(
    stack: str | None, queue: str, level: Level | None = None, why: str = NOTHING_FOUND, *, alone: bool = True
) -> WorkloadStatus:
    return WorkloadStatus(
        name=stack if stack and alone else queue,
        stack=stack,
        queue=queue,
        region="eu-west-1",
        functions=(f"{queue}-worker",),
        level=level,
        why=why,
        queued=0,
        dead=None,
        alarms=(),
        select_stack=stack,
        select_queue=queue if alone is False or stack is None else None,
    )


USUAL = (
    row("scilearn", "scilearn-jobs", Level.CRITICAL, "54 dead letters, 2 alarms in ALARM"),
    row(None, "thumbnails", Level.CRITICAL, "event source mapping disabled"),
    row("orders", "orders-import", Level.WARNING, "no dead-letter queue", alone=False),
    row("orders", "orders-jobs", alone=False),
    row("mailing-production-eu-west-1", "mailing-production-eu-west-1-jobs"),
)


def listed(*rows: WorkloadStatus, **more: tuple[str, ...]) -> WorkloadListReport:
    return WorkloadListReport(rows, "eu-west-1", datetime.now(UTC), **more)


def of_sample(name: str, place: Target) -> WorkloadListReport:
    if name == "denied":
        raise DENIED
    if name == "empty":
        return listed()
    if name == "fine":
        return listed(row("scilearn", "scilearn-jobs"), *USUAL[1:])
    if name == "hostile":
        return listed(row(f"a{HOSTILE}", "b", Level.CRITICAL, f"why{HOSTILE}"), *USUAL, unread=(f"Queues: {HOSTILE}",))
    if name == "huge":
        many = (row(None, f"tenant-{number:04}-jobs", Level.NO_DATA, "not checked") for number in range(600))
        return listed(*USUAL, *many, limits=("Only the first 5 of 605 queues were checked, by name.",))
    return listed(*USUAL)
