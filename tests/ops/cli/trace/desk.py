"""``ops trace`` in a process of the test, with log lines, X-Ray documents and a snapshot of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from handler import contract
from ops.cli.app import run
from tests.fakes.aws import Refusal
from tests.fakes.logs import SENT_AT, FakeLogs, failed, row
from tests.ops.logs.conftest import M1, M2, R1, R2, R3

TRACE = "1-6b0ba243-aed8138bfd59b088c6e3f746"
SENT_MS = int(SENT_AT.timestamp() * 1000)


@dataclass
class TraceDesk:
    """``segments``: documents of the trace ``TRACE``. ``refuse``: an error code of X-Ray instead. ``asked``: of X-Ray."""

    logs: FakeLogs
    capsys: pytest.CaptureFixture[str]
    segments: list[str] = field(default_factory=list)
    summaries: list[str] = field(default_factory=list)
    refuse: str = ""
    asked: list[str] = field(default_factory=list)
    unprocessed: tuple[str, ...] = ()
    """Trace IDs that X-Ray names instead of answering about them."""
    cut: bool = False

    def answer(self, service: str, operation: str, asked: dict[str, Any]) -> Any:
        if service != "xray":
            return self.logs.answer(service, operation, asked)
        self.asked.append(operation)
        if self.refuse:
            raise Refusal(self.refuse, status=403)
        if operation == "GetTraceSummaries":
            return {"TraceSummaries": [{"Id": trace} for trace in self.summaries]}
        if self.unprocessed:
            return {"Traces": [], "UnprocessedTraceIds": list(self.unprocessed)}
        found = [{"Id": "x", "Document": text} for text in self.segments]
        return {"Traces": [{"Id": TRACE, "Segments": found, "LimitExceeded": self.cut}], "UnprocessedTraceIds": []}

    def ops(self, *arguments: str) -> tuple[int, str, str]:
        code = run(["trace", "--queue", "jobs", *arguments])
        captured = self.capsys.readouterr()
        assert "Traceback" not in captured.err
        assert "Unexpected error" not in captured.err, captured.err
        return code, captured.out, captured.err

    def spans(self, identifier: str) -> list[dict[str, Any]]:
        _, out, _ = self.ops(identifier, "--json")
        spans: list[dict[str, Any]] = json.loads(out)["spans"]
        return spans


def batch(seconds: float, request: str, *seen: dict[str, Any]) -> dict[str, str]:
    ids = [message["id"] for message in seen]
    return row(
        seconds,
        {
            "message": contract.LOG_BATCH,
            "message_ids": ids,
            contract.LOG_MESSAGES: list(seen),
            "function_request_id": request,
        },
    )


def done(seconds: float, request: str, message_id: str, job_id: str = "job-4") -> dict[str, str]:
    return row(
        seconds,
        {
            "message": contract.LOG_JOB_OK,
            "message_id": message_id,
            "job_id": job_id,
            "job_kind": "score",
            "function_request_id": request,
        },
    )


def record(seconds: float, request: str, duration_s: float, status: str = "success", **more: Any) -> dict[str, str]:
    started = row(seconds, "")["@timestamp"].replace(" ", "T") + "+00:00"
    return row(
        seconds + duration_s,
        {
            "record": "invocation",
            "request_id": request,
            "status": status,
            "started_at": started,
            "InvokeDuration": duration_s * 1000,
            **more,
        },
    )


def retried(job_id: str = "job-4") -> list[dict[str, str]]:
    """A cold attempt that times out, a second one that fails, both of M1; and another of M2, which is the same job."""
    return [
        row(5, f"START RequestId: {R1} Version: 7"),
        batch(5.01, R1, {"id": M1, "sent_ms": SENT_MS, "receives": 1}),
        record(5, R1, 3, "timeout", InitDuration=2_000, ColdStarts=1, error_type="Sandbox.Timedout"),
        row(65, f"START RequestId: {R2} Version: 7"),
        batch(65.01, R2, {"id": M1, "sent_ms": SENT_MS, "receives": 2}),
        failed(65.5, "DataNotFound", R2, M1, job_id=job_id),
        record(65, R2, 1),
        row(301, f"START RequestId: {R3} Version: 8"),
        batch(301.01, R3, {"id": M2, "sent_ms": SENT_MS + 300_000, "receives": 1}),
        done(301.4, R3, M2, job_id),
        record(301, R3, 1),
    ]


def documents() -> list[str]:
    """The API's request, and an invocation with two jobs."""
    began = SENT_AT.timestamp() + 301
    return [
        json.dumps(event)
        for event in (
            segment("a", "shop", began - 1.2, 0.1, origin="AWS::ApiGateway::Stage"),
            segment("f", "worker", began, 1, "s", origin="AWS::Lambda::Function", aws={"request_id": R3}),
            segment("h", "## lambda_handler", began, 1, "f"),
            segment("r", "## handler.app.record_handler", began + 0.1, 0.2, "h", annotations={"job_id": "job-4"}),
            segment("d", "dynamodb", began + 0.1, 0.05, "r", namespace="aws", aws={"operation": "PutItem"}),
            segment("o", "## handler.app.record_handler", began + 0.4, 0.2, "h", annotations={"job_id": "job-5"}),
            segment("e", "events", began + 0.7, 0.1, "h", namespace="aws", aws={"operation": "PutEvents"}),
        )
    ]


def segment(id_: str, name: str, start: float, length: float, parent: str = "", **more: Any) -> dict[str, Any]:
    above = {"parent_id": parent} if parent else {}
    return {
        "id": id_,
        "trace_id": TRACE,
        "name": name,
        "start_time": start,
        "end_time": start + length,
        **above,
        **more,
    }
