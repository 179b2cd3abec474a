"""Answers in pages and parts: metrics, log queries, messages."""

from __future__ import annotations

import base64
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops.aws import Aws, cloudwatch, lambda_, logs, sqs
from ops.aws.clients import parse_timestamp
from ops.aws.cloudwatch import MetricQuery
from ops.errors import AwsError, Throttled
from ops.target import Target
from tests.fakes.aws import Refusal, serve

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
END = START + timedelta(minutes=3)
QUERIES = [MetricQuery("a", "N", "Apples", "Sum", (("D", "x"),)), MetricQuery("b", "N", "Bears", "Maximum")]


def minute(number: int) -> float:
    return (START + timedelta(minutes=number)).timestamp()


def test_times_in_answers_are_utc() -> None:
    at = datetime(2026, 11, 23, 12, 0, 0, 500_000, UTC)
    assert parse_timestamp(at.timestamp()) == parse_timestamp("2026-11-23T13:00:00.500+01:00") == at
    assert parse_timestamp(int(START.timestamp())).tzinfo is UTC
    with pytest.raises(RuntimeError, match="timezone offset"):
        parse_timestamp(1e30)


def test_metric_pages_are_joined_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        assert operation == "GetMetricData"
        assert [query["MetricStat"]["Stat"] for query in asked["MetricDataQueries"]] == ["Sum", "Maximum"]
        if "NextToken" not in asked:
            first = {"Id": "q0", "Timestamps": [minute(1)], "Values": [2.0], "StatusCode": "PartialData"}
            return {"MetricDataResults": [first], "NextToken": "more"}
        rest = {"Id": "q0", "Timestamps": [minute(0)], "Values": [1.0], "StatusCode": "Complete"}
        other = {"Id": "q1", "Timestamps": [], "Values": [], "StatusCode": "Complete"}
        return {"MetricDataResults": [rest, other]}

    with serve(answer, monkeypatch) as fake:
        found = cloudwatch.get_metric_data(Aws(Target()), QUERIES, START, END, 60)
    assert [value for _, value in found.series["a"]] == [1.0, 2.0]
    assert found.series["b"] == ()
    assert found.partial == ()
    assert found.requested == 4, "each page asks for every metric again"
    assert fake.count("GetMetricData") == 2


def test_missing_parts_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        broken = {"Id": "q0", "Timestamps": [], "Values": [], "StatusCode": "InternalError"}
        cut = {"Id": "q1", "Timestamps": [minute(0)], "Values": [1.0], "StatusCode": "PartialData"}
        messages = [{"Code": "ArchivedData", "Value": "some data is archived"}]
        return {"MetricDataResults": [broken, cut], "Messages": messages}

    with serve(answer, monkeypatch):
        found = cloudwatch.get_metric_data(Aws(Target()), QUERIES, START, END, 60)
    assert found.partial == ("some data is archived", "Apples: InternalError", "Bears: PartialData")


def test_more_queries_than_cloudwatch_takes() -> None:
    with pytest.raises(ValueError, match="501"):
        cloudwatch.get_metric_data(Aws(Target()), QUERIES[:1] * 501, START, END, 60)


def test_a_log_query_is_waited_for_and_paged(monkeypatch: pytest.MonkeyPatch) -> None:
    statuses = iter(["Scheduled", "Running", "Complete"])

    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        if operation == "StartQuery":
            assert asked["startTime"] == int(START.timestamp())
            return {"queryId": "q"}
        row = [{"field": "@message", "value": asked.get("nextToken", "first")}]
        if "nextToken" in asked:
            return {"status": "Complete", "results": [row], "statistics": {"recordsMatched": 2.0, "bytesScanned": 9.0}}
        status = next(statuses)
        more = {"nextToken": "second"} if status == "Complete" else {}
        return {"status": status, "results": [row] if status == "Complete" else [], "statistics": {}, **more}

    with serve(answer, monkeypatch):
        found = logs.run_query(Aws(Target()), "g", "fields @message", START, END)
    assert [row["@message"] for row in found.rows] == ["first", "second"]
    assert found.bytes_scanned == 9.0
    assert not found.truncated


def test_a_log_query_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        if operation == "StartQuery":
            return {"queryId": "q"}
        if operation == "StopQuery":
            return {"success": True}
        row = [{"field": "@message", "value": "so far"}]
        return {"status": "Running", "results": [row], "statistics": {"recordsMatched": 1.0}}

    with serve(answer, monkeypatch) as fake:
        found = logs.run_query(Aws(Target()), "g", "fields @message", START, END, timeout_s=0.1)
    assert fake.count("StopQuery") == 1
    assert len(found.rows) == 1
    assert found.truncated


def test_a_log_query_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        return {"queryId": "q"} if operation == "StartQuery" else {"status": "Timeout", "results": []}

    with serve(answer, monkeypatch), pytest.raises(AwsError, match="ended with status Timeout") as caught:
        logs.run_query(Aws(Target()), "g", "fields @message", START, END)
    assert "shorter time range" in caught.value.next_step


def test_a_log_query_that_is_refused_for_too_many_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    refusals = iter([Refusal("LimitExceededException"), Refusal("ThrottlingException")])

    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        if operation == "StartQuery" and (refusal := next(refusals, None)):
            raise refusal
        return {"queryId": "q"} if operation == "StartQuery" else {"status": "Complete", "results": []}

    monkeypatch.setattr(logs, "REFUSED_PAUSE_S", 0.01)
    with serve(answer, monkeypatch) as fake:
        found = logs.run_query(Aws(Target()).without_retries(), "g", "fields @message", START, END)
        assert found.complete
        assert fake.count("StartQuery") == 3
        monkeypatch.setattr(logs, "REFUSED_FOR_S", 0.0)
        refusals = iter([Refusal("LimitExceededException")])
        with pytest.raises(Throttled, match="too many requests"):
            logs.run_query(Aws(Target()).without_retries(), "g", "fields @message", START, END)


def test_no_more_log_queries_run_at_a_time_than_is_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    lock, running, most = threading.Lock(), 0, 0

    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        nonlocal running, most
        with lock:
            running += 1 if operation == "StartQuery" else -1
            most = max(most, running)
        return {"queryId": "q"} if operation == "StartQuery" else {"status": "Complete", "results": []}

    with serve(answer, monkeypatch), ThreadPoolExecutor(24) as pool:
        aws = Aws(Target())
        found = list(pool.map(lambda _: logs.run_query(aws, "g", "fields @message", START, END), range(24)))
    assert len(found) == 24
    assert 1 <= most <= logs.MAX_RUNNING


def test_binary_attributes_become_base64_and_each_entry_of_a_batch_has_its_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    blob = base64.b64encode(b"\x00\xff").decode()

    def answer(service: str, operation: str, asked: dict[str, Any]) -> Any:
        if operation == "ReceiveMessage":
            attributes = {"Blob": {"DataType": "Binary", "BinaryValue": blob}}
            return {
                "Messages": [{"MessageId": "1", "ReceiptHandle": "r", "Body": "{}", "MessageAttributes": attributes}]
            }
        entries = asked["Entries"]
        return {
            "Successful": [],
            "Failed": [{"Id": entry["Id"], "SenderFault": True, "Code": "x"} for entry in entries if answers["Failed"]],
        }

    answers = {"Failed": True}

    queue = sqs.Queue("jobs", "http://x/jobs", "arn:aws:sqs:eu-west-1:1:jobs", 30, 60, 0, 0, None, None, False)
    with serve(answer, monkeypatch):
        aws = Aws(Target())
        messages = sqs.receive_messages(aws, queue, 30, 0)
        assert messages[0].attributes == {"Blob": sqs.Attribute("Binary", blob)}
        refused = sqs.change_visibility_batch(aws, queue, [messages[0].receipt] * 3, 0)
        assert refused == (sqs.BatchEntryError("x", "", True),) * 3
        answers["Failed"] = False
        assert sqs.delete_batch(aws, queue, ["r", "s"]) == (sqs.MISSING_ENTRY,) * 2


@pytest.mark.parametrize(
    ("queue", "name"),
    [
        ("jobs", "jobs"),
        ("https://sqs.eu-west-1.amazonaws.com/123456789012/jobs.fifo", "jobs.fifo"),
        ("http://127.0.0.1:4566/000000000000/jobs", "jobs"),
        ("arn:aws:sqs:eu-west-1:123456789012:jobs", "jobs"),
    ],
)
def test_queue_names(queue: str, name: str) -> None:
    assert sqs.name_of(queue) == name


@pytest.mark.parametrize(
    "function",
    [
        "worker",
        "worker:live",
        "123456789012:function:worker",
        "arn:aws:lambda:eu-west-1:123456789012:function:worker:7",
    ],
)
def test_function_names(function: str) -> None:
    assert lambda_.short_name(function) == "worker"


def test_clients_are_made_once_for_all_threads() -> None:
    from concurrent.futures import ThreadPoolExecutor

    aws = Aws(Target(region="eu-west-1"))
    with ThreadPoolExecutor(8) as pool:
        clients = set(pool.map(lambda _: id(aws.sqs), range(32)))
    assert len(clients) == 1
    assert aws.region == "eu-west-1"
