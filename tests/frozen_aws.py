"""AWS as it is at one moment: what has been read once is answered from memory, so that every reader gets the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

from botocore.client import BaseClient

from ops.insight import time_window

PUBLISHING_LAG = timedelta(seconds=25)
"""Metrics of a time this long ago are published, on the twin."""
NOT_REMEMBERED = ("Receive", "Send", "Delete", "Change", "Put", "Update", "Create", "Purge", "Start", "Assume")


@contextmanager
def frozen(now: datetime) -> Iterator[None]:
    """Ranges that reach up to now end at ``now``; each metric, depth and alarm is read once."""
    remembered: dict[str, Any] = {}
    seen: dict[str, Any] = {}
    call = BaseClient._make_api_call  # type: ignore[attr-defined]  # private: the one door of all calls
    last, between = time_window.last, time_window.between

    def asked(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        if operation == "GetMetricData":
            return _metric_data(client, parameters)
        if operation == "GetQueueAttributes":  # pages ask for different sets of them, and must get those of one moment
            parameters = {**parameters, "AttributeNames": ["All"]}
        if operation == "DescribeAlarms":
            return _alarms(client, parameters)
        if (
            operation == "StartQuery"
        ):  # lines after that moment are not there yet, and one minute's queries are the same
            start, end = int(parameters["startTime"]) // 60 * 60, min(int(parameters["endTime"]), int(now.timestamp()))
            parameters = {**parameters, "startTime": start, "endTime": end}
        if operation == "StartQuery" or not operation.startswith(NOT_REMEMBERED):
            return _once(client, operation, parameters)
        return call(client, operation, parameters)

    def _once(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        key = json.dumps([client.meta.service_model.service_name, operation, parameters], default=str, sort_keys=True)
        if key in remembered:
            return remembered[key]
        answer = call(client, operation, parameters)
        if answer.get("status") not in ("Scheduled", "Running"):  # a query of the logs that is not over yet
            remembered[key] = answer
        return answer

    def _metric_data(client: Any, parameters: dict[str, Any]) -> Any:
        """Each metric by itself: pages ask for different sets of them."""
        answers = []
        for query in parameters["MetricDataQueries"]:
            one = _once(
                client, "GetMetricData", {**parameters, "MetricDataQueries": [{**query, "Id": "one", "Label": "one"}]}
            )
            answers += [{**result, "Id": query["Id"]} for result in one["MetricDataResults"]]
        return {"MetricDataResults": answers, "Messages": [], "ResponseMetadata": {"HTTPStatusCode": 200}}

    def _alarms(client: Any, parameters: dict[str, Any]) -> Any:
        """Each alarm as it was first seen: some readers ask by name, others for all, or for those in one state."""
        every = {name: value for name, value in parameters.items() if name != "StateValue"}
        answer = dict(_once(client, "DescribeAlarms", every))
        for kind in ("MetricAlarms", "CompositeAlarms"):
            alarms = [seen.setdefault(alarm["AlarmName"], alarm) for alarm in answer.get(kind, ())]
            answer[kind] = [alarm for alarm in alarms if parameters.get("StateValue") in (None, alarm["StateValue"])]
        return answer

    def last_(minutes: float, finest: int = 60, _now: datetime | None = None) -> Any:
        return last(minutes, finest, now)

    def between_(start: datetime, end: datetime, finest: int = 60, _now: datetime | None = None) -> Any:
        return between(start, end, finest, now)

    with (
        mock.patch.object(BaseClient, "_make_api_call", asked),
        mock.patch.object(time_window, "last", last_),
        mock.patch.object(time_window, "between", between_),
    ):
        yield
