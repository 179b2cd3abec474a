"""The workload ``orders`` with what a runbook's checks look at: metrics, alarms, log lines, changes, destinations."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.cases.workloads.account_parts import M, Reads, arn, url
from tests.cases.workloads.accounts import Account
from tests.fakes.aws import Refusal
from tests.fakes.stalled_workload import StalledWorkload


class ObservedWorkload(StalledWorkload):
    """``metrics``: by name, what each of the last ten minutes shows. ``metric_alarms``, ``composites``: as DescribeAlarms
    answers. ``log_lines``: of the last minute, oldest first. ``move_tasks``, ``invoke_configs``, ``published``: as their
    services answer. ``changed_at``: when the mapping was changed. ``refused``: operation → what AWS says instead."""

    def __init__(self) -> None:
        super().__init__()
        self.state = "Enabled"
        self.metrics: dict[str, float] = {}
        self.metric_alarms: list[dict[str, Any]] = []
        self.composites: list[dict[str, Any]] = []
        self.log_lines: list[str] = []
        self.move_tasks: list[dict[str, Any]] = []
        self.invoke_configs: list[dict[str, Any]] = []
        self.published: list[dict[str, Any]] = []
        self.refused: dict[str, Refusal] = {}
        self.queries: list[str] = []
        self.changed_at: float | None = None
        self.more_mappings: dict[str, Reads] = {}

    def account(self) -> Account:
        known = super().account()
        own = known.mappings[M[0]]
        own = replace(own, more={**own.more, **({"LastModified": self.changed_at} if self.changed_at else {})})
        return Account(known.queues, {M[0]: own, **self.more_mappings}, per_minute=self.metrics)

    def _answer(self, service: str, operation: str, asked: dict[str, Any]) -> Any:
        if operation in self.refused:
            raise self.refused[operation]
        if service == "logs":
            return self._logs(operation, asked)
        if operation == "DescribeAlarms":
            names = asked.get("AlarmNames")
            return {
                "MetricAlarms": [alarm for alarm in self.metric_alarms if names is None or alarm["AlarmName"] in names],
                "CompositeAlarms": [
                    composite for composite in self.composites if names is None or composite["AlarmName"] in names
                ],
            }
        if operation == "ListMessageMoveTasks":
            return {"Results": self.move_tasks}
        if "event-invoke-config" in operation:
            return {"FunctionEventInvokeConfigs": self.invoke_configs}
        if "/versions" in operation:
            return {"Versions": self.published}
        found = super()._answer(service, operation, asked)
        if operation == "GetQueueAttributes" and asked["QueueUrl"] == url("orders"):
            found["Attributes"]["ApproximateNumberOfMessagesNotVisible"] = "2"
        return found

    def _logs(self, operation: str, asked: dict[str, Any]) -> Any:
        written = datetime.now(UTC) - timedelta(seconds=5)  # before the search that finds them
        if operation == "StartQuery":
            self.queries.append(asked["queryString"])
            return {"queryId": "1"}
        if operation == "FilterLogEvents":
            at = round(time.time() * 1000) - 5_000
            events = [
                {"eventId": str(number), "timestamp": at, "logStreamName": "2026/11/23/[1]a", "message": line}
                for number, line in enumerate(self.log_lines)
            ]
            return {"events": events[::-1]}
        rows = [
            [
                {"field": "@timestamp", "value": written.strftime("%Y-%m-%d %H:%M:%S.000")},
                {"field": "@message", "value": line},
                {"field": "@logStream", "value": "2026/11/23/[1]a"},
            ]
            for line in self.log_lines
        ]
        statistics = {"recordsMatched": float(len(rows)), "bytesScanned": 1e9}
        return {"status": "Complete", "results": rows, "statistics": statistics}


def an_alarm(name: str, state: str = "ALARM", metric: str = "Errors", **more: Any) -> dict[str, Any]:
    """On a metric of function ``worker``: above 0 in 3 of 3 minutes."""
    return {
        "AlarmName": name,
        "AlarmArn": arn("cloudwatch", f"alarm:{name}"),
        "StateValue": state,
        "StateReason": "Threshold Crossed: 3 out of the last 3 datapoints were greater than the threshold (0.0).",
        "StateTransitionedTimestamp": time.time() - 600,
        "AlarmDescription": "The function crashes. Runbook: runbooks/function-errors.md",
        "Namespace": "AWS/Lambda",
        "MetricName": metric,
        "Dimensions": [{"Name": "FunctionName", "Value": "worker"}],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 3,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 0.0,
        "TreatMissingData": "notBreaching",
        **more,
    }
