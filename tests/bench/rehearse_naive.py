"""AWS's recommended alarms alone over the same incidents: the comparison for ``tests.bench.rehearse``, with its keys.

The set is that of the CloudWatch user guide, Best_Practice_Recommended_Alarms_AWS_Services (read 2026-11), for SQS and
Lambda: metric, statistic, comparison and M of N as the page has them. It leaves thresholds to the reader ("50% above the
maximum expected", "from history"); they are set here as ``template.yaml`` understands them, for its own limits. The page names
the depth of a dead-letter queue; "above 0" is common practice. What it does not say of missing data is CloudWatch's default.
"""

from __future__ import annotations

from typing import Any

from ops.alarms.incidents import shipped
from ops.alarms.rehearsal import rehearse
from ops.cli.alarms import alarm_source
from tests.bench.rehearse import report
from tests.template.resources import TEMPLATE

QUEUE, DLQ = ("QueueName", "${JobQueue.QueueName}"), ("QueueName", "${DeadLetterQueue.QueueName}")
FUNCTION = ("FunctionName", "${Function}")
ABOVE, AT_LEAST, AT_MOST = "GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanOrEqualToThreshold"

RECOMMENDED = (
    ("AWS/SQS", "ApproximateAgeOfOldestMessage", QUEUE, "Maximum", AT_LEAST, 15, 540),  # 1.5 × one visibility timeout
    ("AWS/SQS", "ApproximateNumberOfMessagesNotVisible", QUEUE, "Average", AT_LEAST, 15, 150),  # 1.5 × 10 batches of 10
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", QUEUE, "Average", AT_LEAST, 15, 120),  # 1.5 × a quiet day's most
    ("AWS/SQS", "NumberOfMessagesSent", QUEUE, "Sum", AT_MOST, 15, 0),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", DLQ, "Maximum", ABOVE, 1, 0),
    ("AWS/Lambda", "ClaimedAccountConcurrency", None, "Maximum", ABOVE, 10, 900),  # 90% of the default quota
    ("AWS/Lambda", "ConcurrentExecutions", FUNCTION, "Maximum", ABOVE, 10, 9),  # 90% of MaximumConcurrency
    ("AWS/Lambda", "Duration", FUNCTION, "p90", ABOVE, 15, 48_000),  # 80% of the timeout
    ("AWS/Lambda", "Errors", FUNCTION, "Sum", ABOVE, 3, 0),
    ("AWS/Lambda", "Throttles", FUNCTION, "Sum", AT_LEAST, 5, 1),
)


def main() -> None:
    source = alarm_source.of_template(TEMPLATE, {}, None)
    report(rehearse(map(_definition, RECOMMENDED), shipped(), source.roles))


def _definition(row: tuple[Any, ...]) -> dict[str, Any]:
    namespace, metric, dimension, statistic, comparison, periods, threshold = row
    dimensions = [{"Name": dimension[0], "Value": dimension[1]}] if dimension else []
    return {
        "AlarmName": f"dlq {metric}" if dimension == DLQ else metric,
        "Namespace": namespace,
        "MetricName": metric,
        "Dimensions": dimensions,
        "ExtendedStatistic" if statistic.startswith("p") else "Statistic": statistic,
        "Period": 60,
        "EvaluationPeriods": periods,
        "DatapointsToAlarm": periods,
        "ComparisonOperator": comparison,
        "Threshold": threshold,
        "AlarmActions": ["arn:aws:sns:eu-west-1:111122223333:alarms"],
    }


if __name__ == "__main__":
    main()
