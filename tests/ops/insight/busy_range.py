"""A day with more invocations than a page reads lines of, of a function with a log group of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from handler import contract
from ops.aws import Aws
from ops.insight.report_types import Window
from ops.workload import Workload
from tests.fakes.aws import FakeAws, Refusal
from tests.fakes.busy_day import BusyDay, BusyService, Deployed
from tests.ops.insight.world import FUNCTION, WORKLOAD, Stage

MIDNIGHT = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
"""The end of yesterday, so that ``DAY`` is a whole day of the fake's."""
DAY = Window(MIDNIGHT - timedelta(days=1), MIDNIGHT, 300, past=True)
INVOCATIONS = 30_000
QUEUE_COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


@contextmanager
def busy(
    stage: Stage, name: str, *, extension: bool = True, refused: tuple[str, ...] = ()
) -> Iterator[tuple[Aws, FakeAws, Workload, BusyService]]:
    """A day with ``INVOCATIONS``, of a function with a log group of its own."""
    group = f"/busy/{name}"
    day = BusyDay(Deployed("worker", "jobs", "dead", group, extension=extension), INVOCATIONS)
    service, counted = BusyService(day), (contract.JOB_NAMESPACE, contract.SERVICE)

    def answer(_: str, operation: str, asked: dict[str, Any]) -> Any:
        if operation in refused:
            raise Refusal("AccessDeniedException")
        if operation == "DescribeAlarms":
            return {"MetricAlarms": []}
        if "/provisioned-concurrency" in operation:
            return {"ProvisionedConcurrencyConfigs": []}
        if operation == "GetQueueAttributes":
            return {"Attributes": dict.fromkeys(QUEUE_COUNTS, "0")}
        if operation == "GetMetricData":
            return service.metrics.answer(asked, time.time())
        return service.insights.answer(operation, asked, time.time())

    stage.fake.answer = answer
    stage.fake.calls.clear()
    yield (
        stage.aws,
        stage.fake,
        replace(WORKLOAD, function=replace(FUNCTION, log_group=group, metrics=counted)),
        service,
    )


def aggregates(service: BusyService) -> int:
    return sum("| stats " in query for query in service.insights.queries)
