"""Log lines of real invocations: all of a job's invocation, by the message that brought it, and as they come."""

from __future__ import annotations

import json
import time
import uuid
from datetime import UTC, datetime

import pytest

from handler import contract
from ops import workload
from ops.aws import Aws
from ops.cli.app import run
from ops.logs import follow_log_lines, log_sources
from ops.target import resolve
from tests.twins import Twin, wait_for

pytestmark = pytest.mark.twin


def test_lines_by_text_by_request_and_by_message(twin: Twin, capsys: pytest.CaptureFixture[str]) -> None:
    kind = f"nonsense-{uuid.uuid4().hex}"
    job = {"schema": contract.JOB_SCHEMA, "job_id": uuid.uuid4().hex, "kind": kind, "data": {"columns": {}}}
    assert twin.post(job).status == 202

    def lines(*arguments: str) -> list[dict[str, str]]:
        assert run(["logs", "--limit", "1000", *arguments, "--json"]) == 0
        found: list[dict[str, str]] = json.loads(capsys.readouterr().out)["lines"]
        return found

    (failure, *_) = wait_for(lambda: lines("--search", kind), 180, "the job left no line")
    request = failure["request_id"]
    wait_for(lambda: any("REPORT RequestId" in line["text"] for line in lines("--request", request)), 180, "no REPORT")
    by_request = lines("--request", request)
    assert [line["at"] for line in by_request] == sorted((line["at"] for line in by_request), reverse=True)
    assert any(line["text"].startswith(f"START RequestId: {request}") for line in by_request)
    assert all(line["request_id"] in (request, "") for line in by_request)
    batch = next(json.loads(line["text"]) for line in by_request if contract.LOG_BATCH in line["text"])
    by_message = lines("--message", batch["message_ids"][0])
    assert {line["text"] for line in by_request} <= {line["text"] for line in by_message}
    newest = lines("--since", "1h")
    assert {line["text"] for line in by_request} <= {line["text"] for line in newest}


def test_new_lines_as_they_come(twin: Twin) -> None:
    target = resolve(environ={})
    aws = Aws(target)
    since, kind = datetime.now(UTC), f"nonsense-{uuid.uuid4().hex}"
    job = {"schema": contract.JOB_SCHEMA, "job_id": uuid.uuid4().hex, "kind": kind, "data": {"columns": {}}}
    assert twin.post(job).status == 202
    end = time.monotonic() + 60
    lines = follow_log_lines(
        aws,
        log_sources(workload.describe(aws, target)),
        since,
        text=kind,
        stop=lambda: time.monotonic() > end,
        pause_s=0.5,
    )
    line = next(lines)
    assert kind in line.text and line.at >= since.replace(microsecond=0)
