"""The container's two fronts over real HTTP: POST /jobs, and POST / as the Beanstalk worker's daemon sends it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any

import pytest

from handler import contract
from tests.fakes.handler_aws import MAX_MESSAGE, FakeAws
from tests.fakes.runtime_api import REPOSITORY
from tests.handler.worlds import MODEL, SMALL, VARIABLES, cause, job

SQSD = {
    "User-Agent": "aws-sqsd/1.1",
    "Content-Type": "application/json",
    "X-Aws-Sqsd-Msgid": "3f1c8f3a-6b5e-4c11-9f0e-0d8a4f0a4b11",
    "X-Aws-Sqsd-Queue": "scilearn-jobs",
    "X-Aws-Sqsd-First-Received-At": "2026-11-23T19:00:00Z",
    "X-Aws-Sqsd-Receive-Count": "1",
    "X-Aws-Sqsd-Attr-tenant": "a",
}


@pytest.fixture
def port(aws: FakeAws) -> Iterator[int]:
    from handler.http_server import Server

    with Server("127.0.0.1", 0, workers=2, job_seconds=30) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def post(port: int, path: str, body: str | bytes, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", path, body, headers or {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_a_job_is_answered_with_its_result_which_is_stored_and_announced(port: int, aws: FakeAws) -> None:
    status, result = post(port, "/jobs", job())
    assert (status, result) == (200, aws.result("job-1"))
    assert json.loads(aws.events[0]["Detail"])["job_id"] == "job-1"


def test_the_same_job_again_gets_the_same_answer_without_work(port: int, aws: FakeAws) -> None:
    assert post(port, "/jobs", job()) == post(port, "/jobs", job())
    assert aws.calls["PutObject"] == 1


@pytest.mark.parametrize(
    ("body", "status", "error_type"),
    [
        ("{", 400, "NotJson"),
        (b"\xff\xfe", 400, "NotJson"),
        ("{}", 400, "WrongSchema"),
        (job(kind="cluster"), 400, "UnknownJob"),
        (job(data="s3://inputs/none.csv"), 422, "DataNotFound"),
        (job(params={"model": {**MODEL, "schema": 99}}), 422, "UnknownModelSchema"),
    ],
)
def test_a_rejected_job_is_answered_with_its_cause(
    port: int, aws: FakeAws, body: str, status: int, error_type: str
) -> None:
    found, document = post(port, "/jobs", body)
    assert (found, document["error_type"]) == (status, error_type)
    assert document["error_message"] and aws.sent == []


def test_an_id_that_was_used_is_a_conflict(port: int, aws: FakeAws) -> None:
    post(port, "/jobs", job())
    assert post(port, "/jobs", job(params={"model": MODEL, "top": 0.5}))[0] == 409


def test_a_body_over_a_mebibyte_and_one_without_a_length_are_refused(port: int, aws: FakeAws) -> None:
    # Announced, not sent: the server closes at once, and might reset the connection before its answer is read.
    assert post(port, "/jobs", b"", {"Content-Length": str(MAX_MESSAGE + 1)})[0] == 413
    assert post(port, "/jobs", job(), {"Transfer-Encoding": "chunked"})[0] == 411


def test_a_body_that_breaks_off_is_not_judged(port: int, aws: FakeAws) -> None:
    body = job().encode()
    head = f"POST / HTTP/1.1\r\nHost: h\r\nX-Aws-Sqsd-Msgid: m\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(head.encode() + body[:-20])
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b""
    assert aws.sent == []


def test_aws_in_trouble_is_try_again(port: int, aws: FakeAws) -> None:
    aws.fail("PutObject", 500, "InternalError")
    assert post(port, "/jobs", job())[0] == 503
    aws.fail("PutObject", 500, "InternalError", times=0)
    aws.refused_events.add("job-1")
    assert post(port, "/jobs", job())[0] == 503
    aws.refused_events.clear()
    assert post(port, "/jobs", job())[0] == 200


def test_other_paths(port: int, aws: FakeAws) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    for path, status in (("/health", 200), ("/", 404)):
        connection.request("GET", path)
        answer = connection.getresponse()
        assert (answer.status, bool(answer.read())) == (status, True)
    connection.close()
    assert post(port, "/", job())[0] == 404


def test_a_workers_message_is_deleted_when_its_job_is_done(port: int, aws: FakeAws) -> None:
    status, pointer = post(port, "/", job(), SQSD)
    assert (status, pointer["key"]) == (200, "results/job-1.json")
    assert json.loads(aws.events[0]["Detail"])["message_id"] == SQSD["X-Aws-Sqsd-Msgid"]


def test_a_workers_message_that_can_never_succeed_is_buried_then_deleted(port: int, aws: FakeAws) -> None:
    assert post(port, "/", "{", SQSD)[0] == 200
    [message] = aws.sent
    assert (message["MessageBody"], cause(message)) == ("{", "NotJson")
    attributes = message["MessageAttributes"]
    assert attributes["tenant"]["StringValue"] == "a"
    assert attributes[contract.DLQ_ORIGINAL_MESSAGE_ID]["StringValue"] == SQSD["X-Aws-Sqsd-Msgid"]
    arn = "arn:aws:sqs:us-east-1:000000000000:scilearn-jobs"
    assert attributes[contract.DLQ_SOURCE_ARN]["StringValue"] == arn


def test_a_workers_message_that_could_not_be_buried_is_kept(port: int, aws: FakeAws) -> None:
    aws.fail("SendMessage", 500, "InternalFailure")
    assert post(port, "/", "{", SQSD)[0] == 503


def test_a_periodic_self_test_runs_a_small_job_once_for_each_time(port: int, aws: FakeAws) -> None:
    task = {**SQSD, "X-Aws-Sqsd-Taskname": "self-test", "X-Aws-Sqsd-Scheduled-At": "2026-11-29T23:00:00Z"}
    for _ in range(2):
        status, pointer = post(port, "/tasks/self-test", "elasticbeanstalk scheduled job", task)
        assert (status, pointer["key"]) == (200, "results/self-test-20261129T230000Z.json")
    assert aws.calls["PutObject"] == 1
    assert post(port, "/tasks/other", "", {**task, "X-Aws-Sqsd-Taskname": "other"})[0] == 404
    assert aws.sent == []


def test_an_answer_says_how_long_the_job_ran_and_health_how_many_workers_are_busy(port: int, aws: FakeAws) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/jobs", job())
    answer = connection.getresponse()
    answer.read()
    assert re.fullmatch(r"queue;dur=\d+\.\d, job;dur=\d+\.\d", answer.getheader("Server-Timing", ""))
    connection.request("GET", "/health")
    assert json.loads(connection.getresponse().read()) == {"status": "ok", "workers": 2, "busy": 0}
    connection.close()


def test_jobs_side_by_side_do_not_mix(port: int, aws: FakeAws) -> None:
    def score(number: int) -> tuple[int, Any]:
        data = {"columns": {"a": [number] * (number + 1), "b": [0] * (number + 1)}}
        return post(port, "/jobs", job(job_id=f"j{number}", data=data))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(score, range(16)))
    assert [(status, answer["result"]["summary"]["rows"]) for status, answer in answers] == [
        (200, number + 1) for number in range(16)
    ]


def test_the_program_says_where_it_is_and_ends_when_told(aws: FakeAws) -> None:
    variables = {**VARIABLES, "AWS_ENDPOINT_URL": aws.url, "PORT": "0", "PATH": os.environ["PATH"]}
    command = [sys.executable, "-m", "handler.http_server"]
    with subprocess.Popen(command, env=variables, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline()
        status, result = post(int(address.rpartition(":")[2]), "/jobs", job(data=SMALL))
        process.send_signal(signal.SIGTERM)
        assert (status, result["job_id"], process.wait(60)) == (200, "job-1", 0)


def test_the_program_that_cannot_start_says_why() -> None:
    variables = {**VARIABLES, "PORT": "seven", "PATH": os.environ["PATH"]}
    command = [sys.executable, "-m", "handler.http_server"]
    done = subprocess.run(command, env=variables, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "PORT" in done.stderr
