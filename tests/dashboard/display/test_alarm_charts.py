"""An alarm of template.yaml on a metric that a page draws has its threshold there as a named line.

Others, and those on metric math, have their chart on the Alarms page only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from dashboard.charts import concurrency, dead_letters, failures, queue
from dashboard.charts.drawing import base
from ops.aws import Aws
from ops.insight.reports import concurrency as concurrency_report
from ops.insight.reports import dead_letters as dead_letters_report
from ops.insight.reports import failures as failures_report
from ops.insight.reports import overview as overview_report
from ops.insight.reports import queue as queue_report
from ops.target import Target
from tests.fakes.aws import start
from tests.ops.insight.world import WINDOW, WORKLOAD, Stage, world

TEMPLATE = yaml_parse((Path(__file__).resolve().parents[3] / "template.yaml").read_text())
NAMES = {"JobQueue": "jobs", "DeadLetterQueue": "dead", "UndeliveredQueue": "undelivered", "Function": "worker"}
ALARMS = {
    resource["Properties"]["AlarmName"]["Fn::Sub"].removeprefix("${AWS::StackName}-"): resource["Properties"]
    for resource in TEMPLATE["Resources"].values()
    if resource["Type"] == "AWS::CloudWatch::Alarm" and "MetricName" in resource["Properties"]
}

ONLY_ON_ALARMS_PAGE = {"async-events-dropped", "cost-per-day", "init-slower"}


def value(written: Any) -> float:
    """A number of the template, or the default of the parameter that holds it."""
    return float(TEMPLATE["Parameters"][written["Ref"]]["Default"] if isinstance(written, dict) else written)


def about(dimension: Any) -> str:
    named = dimension["Value"].get("Ref") or dimension["Value"]["Fn::GetAtt"]
    return NAMES[(named if isinstance(named, str) else named[0]).partition(".")[0]]


def described(name: str) -> dict[str, Any]:
    """As DescribeAlarms answers."""
    alarm = ALARMS[name]
    return {
        "AlarmName": name,
        "StateValue": "OK",
        "MetricName": alarm["MetricName"],
        "Namespace": alarm["Namespace"],
        "Dimensions": [{"Name": dimension["Name"], "Value": about(dimension)} for dimension in alarm["Dimensions"]],
        "Threshold": value(alarm["Threshold"]),
        "ComparisonOperator": alarm["ComparisonOperator"],
        "StateTransitionedTimestamp": WINDOW.end.timestamp(),
    }


@pytest.fixture(scope="module")
def aws() -> Iterator[Stage]:
    with start(lambda *asked: {}) as fake:
        target = Target(endpoint=fake.endpoint, access_key_id="key", secret_access_key="secret", region="us-east-1")
        yield Stage(fake, Aws(target, max_attempts=1))


@pytest.fixture(scope="module")
def named_lines(aws: Stage) -> set[str]:
    """The lines in the charts of all pages, while each alarm's metric is at its threshold."""
    metrics = {alarm["MetricName"]: max(1.0, value(alarm["Threshold"])) for alarm in ALARMS.values()}
    workload = replace(WORKLOAD, alarms=tuple(ALARMS))
    with world(aws, {**metrics, "Invocations": 5.0}) as (client, fake):
        answered = fake.answer

        def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
            if operation == "DescribeAlarms":
                return {"MetricAlarms": [described(name) for name in asked["AlarmNames"]]}
            return answered(service, operation, asked)

        fake.answer = answer
        watched = overview_report.report(client, workload, WINDOW, over_time=True).watched
        limits = concurrency_report.report(client, workload, WINDOW)
        failed = failures_report.report(client, workload, WINDOW)
        charts = [
            *filter(None, (queue.watched(watched_queue, UTC) for watched_queue in watched)),
            queue.age(queue_report.report(client, workload, WINDOW), UTC),
            concurrency.executions(limits, UTC),
            concurrency.throttles(limits, UTC),
            failures.errors(failed, UTC),
            failures.durations(failed, UTC),
            dead_letters.depth(dead_letters_report.report(client, workload, WINDOW), UTC),
        ]
    return {name for chart in charts for name, _ in base.lines(chart)}


@pytest.mark.parametrize("alarm", sorted(ALARMS.keys() - ONLY_ON_ALARMS_PAGE))
def test_the_threshold_is_in_a_chart(alarm: str, named_lines: set[str]) -> None:
    assert any(line.startswith(f"alarm {alarm} ") for line in named_lines), (
        f"no chart of a page draws the threshold of {alarm}: {sorted(named_lines)}"
    )
