"""A log group that can be asked as Logs Insights is, and a snapshot beside it: what explaining messages needs.

It understands what ``ops.deadletters.causes`` asks: ``filter @message like /…/`` (all of them), times, order, a
limit; and says how much matched and what was scanned.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import pytest

from handler import contract
from ops.aws import Aws
from ops.aws.sqs import Attribute
from ops.deadletters.messages.model import DeadLetter, Kind, Place
from ops.deadletters.queue import DeadLetterQueue
from ops.deadletters.snapshot import Snapshot
from ops.target import Target
from tests.factories import QUEUE, a_dead_letter
from tests.fakes.aws import Refusal, serve
from tests.ops.insight.world import WORKLOAD

SENT_AT = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=1)
"""When the messages here were sent: recently, since logs older than a message can be are not queried, and on a whole
minute, as CloudWatch's data points are."""
_MILLISECONDS = re.compile(r"filter toMillis\(@timestamp\) (<|>=) (\d+)")
_LIKE = re.compile(r"filter @message like /(.*?)/ (?=\||$)", re.DOTALL)


def row(seconds: float, message: str | dict[str, Any], stream: str = "2026/11/23/[7]abc") -> dict[str, str]:
    """A row as Logs Insights gives it, that many seconds after ``SENT_AT``."""
    at = SENT_AT + timedelta(seconds=seconds)
    text = message if isinstance(message, str) else json.dumps(message)
    return {"@timestamp": at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3], "@message": text, "@logStream": stream}


def silent(message_id: str = "m1", first_receive: float = 0.0, **more: Any) -> DeadLetter:
    """A message that carries no cause."""
    received = SENT_AT + timedelta(seconds=first_receive)
    system = {"ApproximateFirstReceiveTimestamp": str(int(received.timestamp() * 1000))}
    return a_dead_letter(message_id=message_id, system=system, **{"sent": SENT_AT, **more})


def rejected(
    number: int, error_type: str = "DataNotFound", text: str = "s3://b/data/{}.csv is not there"
) -> DeadLetter:
    attributes = {contract.DLQ_ERROR_TYPE: error_type, contract.DLQ_ERROR_MESSAGE: text.format(number)}
    return a_dead_letter(
        f'{{"kind": "score", "n": {number}}}',
        f"{error_type}-{number}",
        {name: Attribute("String", value) for name, value in attributes.items()},
        kind=Kind.REJECTED,
        sent=SENT_AT + timedelta(minutes=number),
    )


def failed(seconds: float, error_type: str, request: str, message_id: str = "m1", **more: Any) -> dict[str, str]:
    record = {
        "level": "ERROR",
        "message": contract.LOG_JOB_FAILED,
        "message_id": message_id,
        "error_type": error_type,
        "error_message": "why",
        "function_request_id": request,
    }
    return row(seconds, {**record, **more})


def batch(seconds: float, request: str, *message_ids: str) -> dict[str, str]:
    record = {"level": "INFO", "message": contract.LOG_BATCH, "message_ids": message_ids}
    return row(seconds, {**record, "function_request_id": request})


def invocation_record(seconds: float, request: str, status: str = "timeout", **more: Any) -> dict[str, str]:
    return row(seconds, {"record": "invocation", "request_id": request, "status": status, **more})


@dataclass
class FakeLogs:
    """``rows``: of every group that ``groups`` does not name. ``asked``: the query texts. ``most``: rows that one
    answer holds. ``refuse``: an error code instead. ``mappings``: by ARN of a queue. ``functions``: by name; without
    any the workload's own alone is known. ``metrics``: by name and minute since ``SENT_AT``. ``gone``: log groups that do
    not exist. ``metric_calls``: the metrics' names of each GetMetricData call."""

    rows: list[dict[str, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    most: int = 10_000
    events_a_page: int = 10_000
    bytes_a_row: int = 1_000
    refuse: str = ""
    hourly_bytes: float | None = None
    groups: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    mappings: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    functions: dict[str, dict[str, Any]] = field(default_factory=dict)
    metrics: dict[str, dict[int, float]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    metric_calls: list[list[str]] = field(default_factory=list)
    _answers: dict[str, Any] = field(default_factory=dict)

    def answer(self, service: str, operation: str, asked: dict[str, Any]) -> Any:
        if service == "logs" and self.refuse:
            raise Refusal(self.refuse)
        if service == "logs" and asked.get("logGroupName") in self.gone:
            raise Refusal("ResourceNotFoundException")
        if operation == "StartQuery":
            self.asked.append(asked["queryString"])
            self._answers[str(len(self.asked))] = self._found(asked)
            return {"queryId": str(len(self.asked))}
        if operation == "GetQueryResults":
            return self._answers[asked["queryId"]]
        if operation == "FilterLogEvents":
            return self._events(asked)
        if operation == "GetMetricData":
            names = [query["MetricStat"]["Metric"]["MetricName"] for query in asked["MetricDataQueries"]]
            self.metric_calls.append(names)
            return {"MetricDataResults": [self._metric(f"q{at}", name, asked) for at, name in enumerate(names)]}
        if service == "lambda":
            return self._lambda(urlsplit(operation))
        raise AssertionError(f"{service} {operation} is not asked here")

    def _events(self, asked: dict[str, Any]) -> dict[str, Any]:
        """One page of at most ``most`` lines. ``nextToken``: how many lines came before."""
        rows = list(enumerate(self.groups.get(asked["logGroupName"], self.rows)))
        rows.sort(key=lambda one: _at(one[1]), reverse=asked.get("startFromHead") is False)
        inside = [
            {"eventId": str(number), "timestamp": ms, "logStreamName": row["@logStream"], "message": row["@message"]}
            for number, row in rows
            if asked["startTime"] <= (ms := round(_at(row).timestamp() * 1000)) <= asked["endTime"]
            and row["@logStream"] in asked.get("logStreamNames", [row["@logStream"]])
        ]
        begin = int(asked.get("nextToken", 0))
        end = begin + min(asked["limit"], self.most, self.events_a_page)
        return {"events": inside[begin:end], **({"nextToken": str(end)} if end < len(inside) else {})}

    def _lambda(self, asked: SplitResult) -> dict[str, Any]:
        if asked.path.endswith("/event-source-mappings"):
            (queue,) = parse_qs(asked.query)["EventSourceArn"]
            return {"EventSourceMappings": self.mappings.get(queue, [])}
        name = unquote(asked.path).split("/")[-2].rsplit(":", 1)[-1]
        return self.functions[name]

    def _found(self, asked: dict[str, Any]) -> dict[str, Any]:
        begins, ends = (datetime.fromtimestamp(asked[name], UTC) for name in ("startTime", "endTime"))
        inside = [row for row in self.groups.get(asked["logGroupName"], self.rows) if begins <= _at(row) <= ends]
        for sign, bound in _MILLISECONDS.findall(asked["queryString"]):
            inside = [row for row in inside if (_at(row).timestamp() * 1000 < int(bound)) is (sign == "<")]
        patterns = [re.compile(one) for one in _LIKE.findall(asked["queryString"])]
        matched = [row for row in inside if all(pattern.search(row["@message"]) for pattern in patterns)]
        matched.sort(key=_at, reverse="sort @timestamp asc" not in asked["queryString"])
        return {
            "status": "Complete",
            "results": [
                [{"field": k, "value": v} for k, v in row.items()]
                for row in matched[: min(self.most, asked.get("limit", self.most))]
            ],
            "statistics": {"recordsMatched": len(matched), "bytesScanned": len(inside) * self.bytes_a_row},
        }

    def _metric(self, key: str, name: str, asked: dict[str, Any]) -> dict[str, Any]:
        start, end = (float(asked[name]) for name in ("StartTime", "EndTime"))
        points = {
            (SENT_AT + timedelta(minutes=at)).timestamp(): value for at, value in self.metrics.get(name, {}).items()
        }
        if name == "IncomingBytes" and self.hourly_bytes is not None:
            points = {start + 3600 * n: self.hourly_bytes for n in range(int((end - start) // 3600) + 1)}
        found = {at: value for at, value in points.items() if start <= at <= end}
        return {
            "Id": key,
            "Label": name,
            "Timestamps": list(found),
            "Values": list(found.values()),
            "StatusCode": "Complete",
        }


def _at(row: dict[str, str]) -> datetime:
    return datetime.fromisoformat(row["@timestamp"]).replace(tzinfo=UTC)


@contextmanager
def a_source(
    folder: Path,
    patch: pytest.MonkeyPatch,
    messages: Iterable[DeadLetter],
    rows: Iterable[dict[str, str]] = (),
    **workload: Any,
) -> Iterator[tuple[DeadLetterQueue, FakeLogs]]:
    """A source whose snapshot has ``messages`` and whose function logged ``rows``."""
    fake = FakeLogs(list(rows))
    with serve(fake.answer, patch):
        described = replace(WORKLOAD, **{"queue": replace(WORKLOAD.queue, arn=QUEUE), **workload})
        assert described.dlq is not None
        here = DeadLetterQueue(Aws(Target(), max_attempts=1), described, described.dlq, folder)
        with Snapshot.open(here) as snapshot:
            snapshot.add(messages, Place.QUEUE)
        yield here, fake
