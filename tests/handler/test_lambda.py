"""The handler in a real ``awslambdaric`` process: what it writes, traces and imports."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from handler import contract
from tests.fakes.handler_aws import FakeAws
from tests.fakes.runtime_api import TRACE, RuntimeApi
from tests.handler.worlds import VARIABLES, job, record


class Run:
    """What one environment left behind after three batches."""

    def __init__(self, lines: list[dict[str, Any]], segments: list[dict[str, Any]], answers: list[Any]) -> None:
        self.lines, self.segments, self.answers = lines, segments, answers

    def said(self, message: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line.get("message") == message]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    output = tmp_path_factory.mktemp("lambda") / "output"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon, FakeAws() as aws, output.open("w") as file:
        daemon.bind(("127.0.0.1", 0))
        daemon.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        variables = {
            **VARIABLES,
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{daemon.getsockname()[1]}",
        }
        batches = [
            [record("m1", job(job_id="a")), record("m2", "{"), record("m3", job(job_id="c"))],
            [record("m4", job(job_id="a"))],
            [record("m5", job(job_id="e"))],
        ]
        with RuntimeApi("handler.app.lambda_handler", variables, file) as environment:
            environment.wait_ready()
            answers = [environment.invoke({"Records": batch}) for batch in batches[:2]]
            aws.fail("PutObject", 500, "InternalError")
            answers.append(environment.invoke({"Records": batches[2]}))
        yield Run([json.loads(line) for line in Path(output).read_text().splitlines()], packets(daemon), answers)


def packets(daemon: socket.socket) -> list[dict[str, Any]]:
    daemon.setblocking(False)
    found: list[dict[str, Any]] = []
    while True:
        try:
            header, _, body = daemon.recv(65_536).partition(b"\n")
        except BlockingIOError:
            return found
        assert json.loads(header) == {"format": "json", "version": 1}
        found.append(json.loads(body))


def test_a_batch_begins_with_one_line_that_lists_its_messages(run: Run) -> None:
    batches = run.said(contract.LOG_BATCH)
    assert [line["message_ids"] for line in batches] == [["m1", "m2", "m3"], ["m4"], ["m5"]]
    assert len({line[contract.LOG_REQUEST_ID] for line in batches}) == 3


def test_each_line_carries_its_message_job_and_request(run: Run) -> None:
    ok = [(line[contract.LOG_MESSAGE_ID], line[contract.LOG_JOB_ID]) for line in run.said(contract.LOG_JOB_OK)]
    assert ok == [("m1", "a"), ("m3", "c")]
    [repeated] = run.said(contract.LOG_JOB_REPEATED)
    assert (repeated[contract.LOG_MESSAGE_ID], repeated[contract.LOG_JOB_KIND]) == ("m4", "score")
    poison, broken = run.said(contract.LOG_JOB_FAILED)
    assert (poison[contract.LOG_MESSAGE_ID], poison[contract.LOG_ERROR_TYPE]) == ("m2", "NotJson")
    assert poison[contract.LOG_PERMANENT] is True and poison["stack_trace"]
    assert contract.LOG_JOB_ID not in poison
    assert (broken[contract.LOG_JOB_ID], broken[contract.LOG_ERROR_TYPE]) == ("e", "AwsError")
    assert broken[contract.LOG_PERMANENT] is False
    assert all(contract.LOG_REQUEST_ID in line for line in run.lines if "message" in line)


def test_metrics_count_what_became_of_the_jobs(run: Run) -> None:
    metrics = [line for line in run.lines if "_aws" in line]
    counts = [{key: sum(value) for key, value in line.items() if key.startswith("Jobs")} for line in metrics]
    assert counts == [
        {contract.METRIC_JOBS_SUCCEEDED: 2, contract.METRIC_JOBS_REJECTED: 1},
        {contract.METRIC_JOBS_REPEATED: 1},
        {contract.METRIC_JOBS_FAILED: 1},
    ]  # fmt: skip
    now_ms = time.time() * 1000
    latencies = [line.get(contract.METRIC_END_TO_END, []) for line in metrics]
    assert [len(values) for values in latencies] == [2, 1, 0], "one for each job that succeeded, also a repeated one"
    sent_ms = float(record("m1", job())["attributes"]["SentTimestamp"])
    assert all(now_ms - sent_ms - 600_000 < value <= now_ms - sent_ms for values in latencies for value in values)
    [directive] = metrics[0]["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"]) == (contract.JOB_NAMESPACE, [[contract.JOB_DIMENSION]])


def test_only_what_failed_is_returned(run: Run) -> None:
    assert run.answers == [
        {"batchItemFailures": []},
        {"batchItemFailures": []},
        {"batchItemFailures": [{"itemIdentifier": "m5"}]},
    ]


def test_segments_of_a_batch_form_a_tree_under_lambdas_own(run: Run) -> None:
    root, parent = (part.split("=")[1] for part in TRACE.split(";")[:2])
    by_id = {segment["id"]: segment for segment in run.segments}
    assert {segment["trace_id"] for segment in run.segments} == {root}
    handlers = [segment for segment in run.segments if segment["name"] == "## lambda_handler"]
    assert [segment["parent_id"] for segment in handlers] == [parent] * 3
    assert [segment["annotations"]["ColdStart"] for segment in handlers] == [True, False, False]
    writes = [segment for segment in run.segments if segment.get("aws", {}).get("operation") == "PutObject"]
    assert len(writes) == 3
    for write in writes:
        work = by_id[write["parent_id"]]
        assert write["namespace"] == "aws" and work["name"].startswith("## ")
        assert by_id[work["parent_id"]]["name"] == "## lambda_handler"
        assert work["start_time"] <= write["start_time"] <= write["end_time"] <= work["end_time"]
    assert [work["annotations"]["job_id"] for work in by_id.values() if "job_id" in work.get("annotations", {})] == [
        "a", "c", "a", "e",
    ]  # fmt: skip
    assert [segment["cause"]["exceptions"][0]["type"] for segment in writes if segment.get("fault")] == ["AwsError"]
