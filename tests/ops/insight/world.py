"""A workload whose metrics a test writes down: the reports then run as against AWS, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ops.aws import Aws
from ops.aws.lambda_ import EventSourceMapping, Function
from ops.aws.sqs import Queue
from ops.insight.report_types import Window
from ops.insight.rules.cost.week_before import kept_readings
from ops.workload import Workload
from tests.fakes.aws import FakeAws, Refusal

MINUTES = 10
END = datetime.now(UTC).replace(second=30, microsecond=0)
"""Half-way through a minute, so that the last period is not over yet."""
WINDOW = Window((END - timedelta(minutes=MINUTES - 1)).replace(second=0), END, 60)

WEEK = timedelta(days=7)

QUEUE = Queue("jobs", "http://aws/1/jobs", "arn:aws:sqs:eu-west-1:1:jobs", 360, 345_600, 0, 20, "arn:dead", 3, False)
DLQ = Queue("dead", "http://aws/1/dead", "arn:aws:sqs:eu-west-1:1:dead", 30, 1_209_600, 0, 0, None, None, False)
FUNCTION = Function(
    "worker",
    "arn:aws:lambda:eu-west-1:1:function:worker",
    "$LATEST",
    60,
    1024,
    512,
    "arm64",
    "Image",
    "/aws/lambda/worker",
    None,
    None,
    ("Shop", "shop"),
)
MAPPING = EventSourceMapping("u", QUEUE.arn, FUNCTION.arn, "Enabled", 10, 0, 10, True, None)
WORKLOAD = Workload(
    name="shop",
    region="us-east-1",
    account="1",
    queue=QUEUE,
    dlq=DLQ,
    function=FUNCTION,
    mapping=MAPPING,
    alarms=("shop-age", "shop-dead"),
    api_url="https://api/v1",
    results_queue_url=None,
    results_bucket=None,
    account_concurrency=1_000,
    stack="shop",
)

Points = Sequence[float | None] | float
"""A value for each of ``MINUTES`` minutes (None: no point), or one value for all of them."""


@dataclass(frozen=True)
class Stage:
    """Where worlds are played: one server and one set of clients for all tests, because clients take long to make."""

    fake: FakeAws
    aws: Aws


@contextmanager
def world(
    stage: Stage,
    metrics: Mapping[str, Points] | None = None,
    *,
    depths: Mapping[str, tuple[int, int]] | None = None,
    firing: Sequence[str] = (),
    log_lines: Sequence[str] = (),
    streams: Sequence[str] = (),
    refuse: Mapping[str, Refusal] | None = None,
    alarm_changes: Sequence[tuple[float, str, str, str]] = (),
    more_history: bool = False,
    matched: int = 0,
    versions: Sequence[Mapping[str, Any]] = (),
    definitions: Mapping[str, Mapping[str, Any]] | None = None,
    composites: Sequence[Mapping[str, Any]] = (),
    events: Sequence[str] | None = None,
    provisioned: Sequence[Mapping[str, Any]] = (),
    week_before: Mapping[str, Points] | None = None,
) -> Iterator[tuple[Aws, FakeAws]]:
    """``metrics``: "QueueName=jobs NumberOfMessagesSent" or just the metric's name → points. ``depths``: queue →
    (visible, in flight). ``firing``: alarms in ALARM. ``alarm_changes``: (minutes after the window's start, alarm, before,
    after), newest first; ``more_history``: they are never all. ``matched``: log lines, if more than
    ``log_lines``; ``streams``: that of each of these. ``versions``: published ones, as Lambda lists them. ``definitions``: of
    alarms, beside their names; ``composites``: as
    DescribeAlarms answers them; ``provisioned``: provisioned concurrency, as Lambda lists it.
    ``week_before``: metrics of the same minutes then.
    ``refuse``: operation → what AWS says instead. ``events``: lines that FilterLogEvents returns; None: it
    may not be called."""

    kept_readings.clear()  # of another world's week before

    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        if service == "lambda" and "/versions" in operation:  # Lambda's operations are paths
            operation = "ListVersionsByFunction"
        if service == "lambda" and "/provisioned-concurrency" in operation:
            operation = "ListProvisionedConcurrencyConfigs"
        if refuse and operation in refuse:
            raise refuse[operation]
        return answers[operation](asked)

    def metric_data(asked: dict[str, Any]) -> Any:
        earlier = asked["EndTime"] < WINDOW.start.timestamp()
        known, start = ((week_before or {}), WINDOW.start - WEEK) if earlier else ((metrics or {}), WINDOW.start)
        return {"MetricDataResults": [_series(query, known, start) for query in asked["MetricDataQueries"]]}

    def attributes(asked: dict[str, Any]) -> Any:
        visible, in_flight = (depths or {}).get(asked["QueueUrl"].rsplit("/", 1)[-1], (0, 0))
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        return {"Attributes": dict(zip(names, (str(visible), str(in_flight)), strict=True))}

    def alarms(asked: dict[str, Any]) -> Any:
        types, own, found = asked.get("AlarmTypes", ("MetricAlarm",)), definitions or {}, {}
        if "CompositeAlarm" in types:
            found["CompositeAlarms"] = list(composites)
        if "MetricAlarm" in types:
            names = asked["AlarmNames"]
            found["MetricAlarms"] = [{**_alarm(name, name in firing), **own.get(name, {})} for name in names]
        return found

    def logged(asked: dict[str, Any]) -> Any:
        at = END.strftime("%Y-%m-%d %H:%M:%S.000")
        rows = [
            [
                {"field": "@timestamp", "value": at},
                {"field": "@message", "value": line},
                {"field": "@logStream", "value": streams[number] if streams else ""},
            ]
            for number, line in enumerate(log_lines)
        ]
        size = float(sum(map(len, log_lines)))
        return {
            "status": "Complete",
            "results": rows,
            "statistics": {"recordsMatched": max(matched, len(rows)), "bytesScanned": size},
        }

    def filtered(asked: dict[str, Any]) -> Any:
        if events is None:
            raise Refusal("AccessDeniedException")
        at = asked["endTime"]
        return {"events": [{"eventId": "", "timestamp": at, "logStreamName": "", "message": event} for event in events]}

    def history(asked: dict[str, Any]) -> Any:
        items = [
            {
                "AlarmName": alarm,
                "Timestamp": (WINDOW.start + timedelta(minutes=minute)).timestamp(),
                "HistoryItemType": "StateUpdate",
                "HistorySummary": f"Alarm updated from {before} to {after}",
            }
            for minute, alarm, before, after in alarm_changes
        ]
        return {"AlarmHistoryItems": items, **({"NextToken": "more"} if more_history else {})}

    def versions_of(asked: dict[str, Any]) -> Any:
        return {"Versions": [{"FunctionName": "worker", "FunctionArn": FUNCTION.arn, "Version": "$LATEST"}, *versions]}

    answers = {
        "ListProvisionedConcurrencyConfigs": lambda asked: {"ProvisionedConcurrencyConfigs": list(provisioned)},
        "ListVersionsByFunction": versions_of,
        "DescribeAlarmHistory": history,
        "GetMetricData": metric_data,
        "GetQueueAttributes": attributes,
        "DescribeAlarms": alarms,
        "StartQuery": lambda asked: {"queryId": "q"},
        "FilterLogEvents": filtered,
        "GetQueryResults": logged,
    }
    stage.fake.answer = answer
    stage.fake.calls.clear()
    yield stage.aws, stage.fake


def without(**changes: Any) -> Workload:
    """The workload with something changed."""
    return replace(WORKLOAD, **changes)


def record(**values: Any) -> str:
    """An invocation record, as the extension writes it."""
    return json.dumps({"record": "invocation", "function_version": "$LATEST", "status": "success", **values})


def _series(query: Any, metrics: Mapping[str, Points], began: datetime) -> Any:
    metric = query["MetricStat"]["Metric"]
    dimension = " ".join(f"{item['Name']}={item['Value']}" for item in metric["Dimensions"])
    name = metric["MetricName"] + ("/count" if query["MetricStat"]["Stat"] == "SampleCount" else "")
    points = metrics.get(f"{dimension} {name}", metrics.get(name, ()))
    values = [points] * MINUTES if isinstance(points, int | float) else list(points)
    known = [(minute, value) for minute, value in enumerate(values) if value is not None]
    start = began.timestamp()
    return {
        "Id": query["Id"],
        "Timestamps": [start + 60 * minute for minute, _ in known],
        "Values": [float(value) for _, value in known],
        "StatusCode": "Complete",
    }


def _alarm(name: str, fires: bool) -> Any:
    about = {"shop-age": ("ApproximateAgeOfOldestMessage", "jobs", 540.0), "shop-dead": ("Visible", "dead", 0.0)}
    metric, queue, threshold = about.get(name, ("Errors", "worker", 0.0))
    return {
        "AlarmName": name,
        "StateValue": "ALARM" if fires else "OK",
        "AlarmDescription": f"Why. Runbook: runbooks/{'dead-letters' if queue == 'dead' else 'oldest-message-age'}.md",
        "MetricName": metric,
        "Namespace": "AWS/SQS",
        "Dimensions": [{"Name": "QueueName", "Value": queue}],
        "Threshold": threshold,
        "StateTransitionedTimestamp": END.timestamp(),
    }
