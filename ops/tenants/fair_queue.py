"""SQS's own metrics of a fair queue: noisy groups, and what waits in the quiet ones.

Names as of the SQS developer guide (sqs-available-cloudwatch-metrics, 2026-11). They are published for standard queues whose
messages have message group IDs.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops import pricing
from ops.aws.cloudwatch import MetricQuery, get_metric_data
from ops.errors import AwsError, CredentialsError, Unreachable
from ops.insight.report_types import QueryCost
from ops.tenants.model import FairQueueMetrics

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.sqs import Queue

METRICS = {
    "noisy_groups": "ApproximateNumberOfNoisyGroups",
    "visible": "ApproximateNumberOfMessagesVisible",
    "visible_in_quiet_groups": "ApproximateNumberOfMessagesVisibleInQuietGroups",
    "oldest_s": "ApproximateAgeOfOldestMessage",
    "oldest_in_quiet_groups_s": "ApproximateAgeOfOldestMessageInQuietGroups",
}
LATEST = timedelta(minutes=15)


def fair_queue_metrics(aws: Aws, queue: Queue, end: datetime) -> tuple[FairQueueMetrics, QueryCost]:
    """The latest points of the 15 minutes to ``end``. A refusal is a note. Raises CredentialsError and Unreachable."""
    at = (("QueueName", queue.name),)
    queries = [MetricQuery(name, "AWS/SQS", metric, "Maximum", at) for name, metric in METRICS.items()]
    try:
        data = get_metric_data(aws, queries, end - LATEST, end, 60)
    except (CredentialsError, Unreachable):
        raise
    except AwsError as error:
        return FairQueueMetrics(), QueryCost(partial=(f"Fair-queue metrics were not read: {error}",))
    latest = {name: points[-1][1] for name, points in data.series.items() if points}
    usd = data.requested * pricing.load(aws.region).metric_requested
    return FairQueueMetrics(**latest), QueryCost(
        data.requested, usd, tuple(f"CloudWatch: {text}" for text in data.partial)
    )
