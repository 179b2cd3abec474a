"""``ops trace``: which spans a job's path has, what each is known from, and what is said where nothing is found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from handler import contract
from ops import workload
from ops.aws import Aws
from ops.cli.app import run
from ops.target import Target
from ops.workload import Workload
from tests.fakes.aws import Refusal, serve
from tests.fakes.logs import SENT_AT, FakeLogs, a_source, failed, row, silent
from tests.ops.insight.world import DLQ
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

    def answer(self, service: str, operation: str, asked: dict[str, Any]) -> Any:
        if service != "xray":
            return self.logs.answer(service, operation, asked)
        self.asked.append(operation)
        if self.refuse:
            raise Refusal(self.refuse, status=403)
        if operation == "GetTraceSummaries":
            return {"TraceSummaries": [{"Id": trace} for trace in self.summaries]}
        found = [{"Id": "x", "Document": text} for text in self.segments]
        return {"Traces": [{"Id": TRACE, "Segments": found}], "UnprocessedTraceIds": []}

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


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[TraceDesk]:
    monkeypatch.setenv("OPS_HOME", str(tmp_path / "home"))
    folder = tmp_path / "home" / "1-eu-west-1-dead"
    folder.mkdir(parents=True)
    dlq = replace(DLQ, arn="arn:aws:sqs:eu-west-1:1:dead")
    with a_source(folder, monkeypatch, [], dlq=dlq) as (source, fake):
        desk = TraceDesk(fake, capsys)
        described = replace(source.workload, queue=replace(source.workload.queue, max_receive_count=2))

        def describe(_aws: Aws, _target: Target) -> Workload:
            return described

        monkeypatch.setattr(workload, "describe", describe)
        with serve(desk.answer, monkeypatch):
            yield desk


def batch(seconds: float, request: str, *seen: dict[str, Any]) -> dict[str, str]:
    ids = [one["id"] for one in seen]
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


def test_a_retried_dead_lettered_and_redriven_job_is_one_waterfall(desk: TraceDesk) -> None:
    desk.logs.rows = retried()
    code, out, _ = desk.ops("job-4", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["finding"]["headline"] == "Job job-4 succeeded 5 min 1 s after it was sent."
    assert [(span["name"], span["basis"]) for span in found["spans"] if span["depth"] == 1] == [
        ("queue wait", "measured"),
        ("INIT", "measured"),
        ("attempt 1", "measured"),
        ("wait for retry", "inferred"),
        ("attempt 2", "measured"),
        ("in the dead-letter queue", "inferred"),
        ("queue wait", "measured"),
        ("attempt 3", "measured"),
        ("result: job succeeded", "measured"),
    ]
    by_name = {span["name"]: span for span in found["spans"]}
    assert by_name["INIT"]["duration_s"] == 2.0 and by_name["attempt 1"]["failure"] == "Sandbox.Timedout"
    assert by_name["attempt 2"]["failure"] == "DataNotFound: why" and "receive 2" in by_name["attempt 2"]["detail"]
    assert by_name["wait for retry"]["duration_s"] == pytest.approx(57.0)
    assert "receive 2 of 2 was the last" in by_name["in the dead-letter queue"]["detail"]
    assert by_name["in the dead-letter queue"]["duration_s"] == pytest.approx(234.0)
    assert (found["attempts"], found["message_ids"]) == (3, [M1, M2])


@pytest.mark.parametrize("identifier", ["job-4", M1, M2])
def test_any_id_of_the_job_finds_all_of_it(desk: TraceDesk, identifier: str) -> None:
    desk.logs.rows = retried()
    assert len([span for span in desk.spans(identifier) if span["kind"] == "attempt"]) == 3


def test_the_price_is_asked_for_once_however_many_rounds_the_search_takes(desk: TraceDesk) -> None:
    desk.logs.rows, desk.logs.hourly_bytes = retried(), 1e6
    desk.ops("job-4")
    assert len(desk.logs.asked) > 1, "its lines name further IDs"
    assert desk.logs.metric_calls == [["IncomingBytes"]]


def test_another_job_whose_id_begins_alike_is_not_taken_for_it(desk: TraceDesk) -> None:
    desk.logs.rows = retried("job-41")
    code, out, _ = desk.ops("job-4")
    assert code == 1 and "Nothing with the ID job-4 was found." in out


def test_a_request_id_shows_its_batch_with_each_wait_and_job(desk: TraceDesk) -> None:
    desk.logs.rows = [
        row(5, f"START RequestId: {R1} Version: 7"),
        batch(5.1, R1, {"id": M1, "sent_ms": SENT_MS}, {"id": M2, "sent_ms": SENT_MS + 1_000}),
        done(5.4, R1, M1),
        done(5.6, R1, M2, "job-5"),
        record(5, R1, 1),
    ]
    spans = desk.spans(R1)
    assert [(span["name"], span["duration_s"]) for span in spans[1:]] == [
        ("queue wait", 5.0),
        ("queue wait", 4.0),
        ("attempt 1", 1.0),
        ("job score", pytest.approx(0.4)),
        ("job score", pytest.approx(0.2)),
    ]
    assert spans[4]["basis"] == "inferred" and "batch of 2" in spans[3]["detail"]


def test_a_waterfall_on_a_terminal(desk: TraceDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    desk.logs.rows = retried()
    code, out, err = desk.ops("job-4")
    lines = {line.split("  ")[1].strip(): line for line in out.splitlines() if line.startswith("  ") and "━" in line}
    assert code == 0 and "Job job-4 succeeded" in out and "the limit is $0.50" in err
    assert lines["INIT"].index("━") < lines["attempt 1"].index("━") < lines["attempt 3"].index("━")
    assert "~57 s" in lines["wait for retry"]
    assert "waits are drawn shorter than they were" in out and "✗ Sandbox.Timedout" in out


def test_what_logs_hold_cannot_change_the_terminal(desk: TraceDesk) -> None:
    desk.logs.rows = [batch(5, R1, {"id": M1}), failed(5.2, "\x1b[2J\u202eError", R1, M1, job_id="job-4")]
    _, out, _ = desk.ops("job-4")
    assert "\x1b[2J" not in out and "\u202e" not in out and "␛[2J" in out


def test_an_unknown_id_says_where_it_was_looked_for_and_what_to_do(desk: TraceDesk) -> None:
    code, out, _ = desk.ops("nobody")
    assert code == 1
    text = " ".join(out.split())
    assert "Nothing with the ID nobody was found. Searched: log lines of /aws/lambda/worker" in text
    assert "the dead-letter queue's snapshot (never scanned on this machine)" in text
    assert "ops dlq scan" in text and "--since 7d" in text


@pytest.mark.parametrize("identifier", ["", "  ", "a b", "é", "x" * 129, "<script>"])
def test_what_is_no_id_is_refused(desk: TraceDesk, identifier: str) -> None:
    code, _, err = desk.ops(identifier)
    assert code == 2 and ("is not an ID" in err or "is empty" in err)


def test_records_that_are_missing_leave_a_path_that_says_so(desk: TraceDesk) -> None:
    desk.logs.rows = [row(5, f"START RequestId: {R1} Version: 7"), batch(5.1, R1, {"id": M1})]
    spans = desk.spans(M1)
    assert [span["name"] for span in spans] == [f"Message {M1}", "attempt 1"]
    assert spans[1]["basis"] == "inferred" and spans[1]["duration_s"] is None
    assert "its end is not on record" in spans[1]["detail"]


def test_a_read_only_process_says_that_the_logs_were_not_searched(
    desk: TraceDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    desk.logs.rows = retried()
    code, out, _ = desk.ops("job-4")
    assert code == 1 and "The logs were not searched" in " ".join(out.split())


def documents() -> list[str]:
    """The API's request, and an invocation with two jobs."""
    began = SENT_AT.timestamp() + 301
    return [
        json.dumps(one)
        for one in (
            segment("a", "shop", began - 1.2, 0.1, origin="AWS::ApiGateway::Stage"),
            segment("f", "worker", began, 1, "s", origin="AWS::Lambda::Function", aws={"request_id": R3}),
            segment("h", "## lambda_handler", began, 1, "f"),
            segment("r", "## handler.app.record_handler", began + 0.1, 0.2, "h", annotations={"job_id": "job-4"}),
            segment("d", "dynamodb", began + 0.1, 0.05, "r", namespace="aws", aws={"operation": "PutItem"}),
            segment("o", "## handler.app.record_handler", began + 0.4, 0.2, "h", annotations={"job_id": "job-5"}),
            segment("e", "events", began + 0.7, 0.1, "h", namespace="aws", aws={"operation": "PutEvents"}),
        )
    ]


def test_x_ray_gives_the_steps_and_the_request_at_the_api(desk: TraceDesk) -> None:
    desk.segments = [*documents(), "not JSON", "[]"]
    desk.logs.rows = [*retried()[7:10], record(301, R3, 1, xray_trace_id=f"Root={TRACE};Sampled=1")]
    assert [(span["depth"], span["name"], span["source"]) for span in desk.spans("job-4")[1:]] == [
        (1, "API shop", "X-Ray"),
        (1, "queue wait", "handler log"),
        (1, "attempt 1", "extension record"),
        (2, "record_handler", "X-Ray"),
        (3, "dynamodb PutItem", "X-Ray"),
        (2, "events PutEvents", "X-Ray"),
        (2, "rest of the batch (1 span)", "X-Ray"),
        (1, "result: job succeeded", "handler log"),
    ]


def test_the_rest_of_a_batch_is_one_row(desk: TraceDesk) -> None:
    many = [f"other-{number}" for number in range(40)]
    seen = [{"id": name, "sent_ms": SENT_MS, "receives": 1} for name in (M2, *many)]
    desk.logs.rows = [
        row(301, f"START RequestId: {R3} Version: 8"),
        batch(301.01, R3, *seen),
        *(done(301.1 + number / 100, R3, name, f"job-{name}") for number, name in enumerate(many)),
        done(301.8, R3, M2, "job-4"),
        record(301, R3, 1),
    ]
    steps = [span for span in desk.spans("job-4") if span["kind"] == "step"]
    assert [(span["name"], span["folded"]) for span in steps] == [
        ("job score", 0),
        ("rest of the batch (40 spans)", 40),
    ]
    assert steps[1]["duration_s"] == pytest.approx(0.49, abs=0.02)
    code, out, _ = desk.ops("job-4")
    assert code == 0 and "rest of the batch (40 spans)" in out
    whole = [span for span in desk.spans(R3) if span["kind"] == "step"]
    assert len(whole) == 41 and not any(span["folded"] for span in whole), "a request ID means the batch"


def test_a_message_whose_job_is_not_named_has_no_steps_of_others(desk: TraceDesk) -> None:
    desk.segments = documents()
    seen = [{"id": name, "sent_ms": SENT_MS, "receives": 1} for name in (M1, M2)]
    desk.logs.rows = [
        batch(301.01, R3, *seen),
        record(301, R3, 1, "error", error_type="Runtime.ExitError", xray_trace_id=f"Root={TRACE};Sampled=1"),
    ]
    steps = [span for span in desk.spans(M2) if span["kind"] == "step"]
    assert [(span["name"], span["folded"]) for span in steps] == [("rest of the batch (4 spans)", 4)]


@pytest.mark.parametrize("first_lines", [True, False])
def test_a_request_id_that_runs_twice_in_a_stream_is_two_attempts(desk: TraceDesk, first_lines: bool) -> None:
    began, again = SENT_AT.timestamp() + 5, SENT_AT.timestamp() + 70
    desk.segments = [
        json.dumps(one)
        for one in (
            segment("f", "worker", began, 1, origin="AWS::Lambda::Function", aws={"request_id": R1}),
            segment("x", "## first", began + 0.1, 0.2, "f"),
            segment("g", "worker", again, 2, origin="AWS::Lambda::Function", aws={"request_id": R1}),
            segment("y", "## second", again + 0.1, 0.2, "g"),
        )
    ]
    desk.logs.rows = [
        *([row(5, f"START RequestId: {R1} Version: 7")] if first_lines else []),
        row(5.9, {"message": "no", "level": "ERROR", "function_request_id": R1}),
        *([row(70, f"START RequestId: {R1} Version: 7")] if first_lines else []),
        record(5, R1, 1, "error", error_type="ValueError", xray_trace_id=f"Root={TRACE}"),
        record(70, R1, 2, InitDuration=500, ColdStarts=1, xray_trace_id=f"Root={TRACE}"),
    ]
    code, out, _ = desk.ops(R1, "--json")
    found = json.loads(out)
    attempts = [span for span in found["spans"] if span["kind"] == "attempt"]
    assert code == 0 and found["attempts"] == 2
    assert [(one["name"], one["duration_s"], one["failure"]) for one in attempts] == [
        ("attempt 1", 1, "ValueError"),
        ("attempt 2", 2, ""),
    ]
    assert [(span["name"], span["attempt"]) for span in found["spans"] if span["kind"] == "step"] == [
        ("first", 1),
        ("second", 2),
    ]


def test_a_range_over_midnight_has_both_dates(desk: TraceDesk) -> None:
    _, out, _ = desk.ops("job-4", "--json", "--since", "2026-11-24T22:10", "--until", "2026-11-25T01:30")
    (logs,) = [one for one in json.loads(out)["searched"] if one["place"].startswith("log lines")]
    assert logs["note"] == "2026-11-24 22:10 UTC to 2026-11-25 01:30 UTC"


def test_a_job_that_no_log_line_names_is_found_by_its_annotation(desk: TraceDesk) -> None:
    desk.segments, desk.summaries = documents(), [TRACE]
    names = [span["name"] for span in desk.spans("job-4")]
    assert "record_handler" in names and desk.asked.count("GetTraceSummaries") == 4, "a day, in stretches of six hours"


def test_a_trace_id_in_any_form(desk: TraceDesk) -> None:
    desk.logs.rows = [*retried()[7:10], record(301, R3, 1, xray_trace_id=f"Root={TRACE};Sampled=1")]
    since = ("--since", SENT_AT.isoformat(), "--json")  # the time in the trace ID is another
    for form in (TRACE, TRACE[2:].replace("-", ""), f"Root={TRACE};Parent=53995c3f42cd8ad8;Sampled=1"):
        _, out, _ = desk.ops(form, *since)
        assert json.loads(out)["request_ids"] == [R3]


def test_a_typed_start_or_end_counts_for_more_than_the_time_of_a_trace(desk: TraceDesk) -> None:
    long_ago = "1-5759e988-bd862e3fe1be46a994272793"  # 2016
    for typed, says in (
        (("--since", "2026-11-24T22:10"), "2026-11-24 22:10 UTC to "),
        (("--until", "2016-06-01"), "2016-05-31 00:00 UTC to 2016-06-01 00:00 UTC"),
    ):
        code, out, _ = desk.ops(long_ago, "--json", *typed)
        (logs,) = [one for one in json.loads(out)["searched"] if one["place"].startswith("log lines")]
        assert code == 1 and logs["note"].startswith(says)


def test_x_ray_that_refuses_is_a_note_with_the_permission(desk: TraceDesk) -> None:
    desk.refuse = "AccessDeniedException"
    desk.logs.rows = [*retried()[7:10], record(301, R3, 1, xray_trace_id=f"Root={TRACE};Sampled=1")]
    code, out, _ = desk.ops("job-4", "--json")
    (x_ray,) = [one for one in json.loads(out)["searched"] if one["place"] == "X-Ray"]
    assert code == 0 and x_ray["found"] is None and "xray:BatchGetTraces" in x_ray["note"]


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


def test_the_history_of_a_message_that_is_in_the_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, desk: TraceDesk
) -> None:
    from ops.deadletters.messages.model import Place
    from ops.deadletters.snapshot import Snapshot

    with Snapshot.open(tmp_path / "home" / "1-eu-west-1-dead" / "shelf.db") as snapshot:
        snapshot.add([silent(M1)], Place.QUEUE)
    desk.logs.rows = retried()[:7]
    code, out, _ = desk.ops(M1[:8], "--json")
    found = json.loads(out)
    assert code == 1 and found["finding"]["level"] == "act"
    (stay,) = [span for span in found["spans"] if span["kind"] == "dead-letter queue"]
    assert stay["source"] == "snapshot" and stay["basis"] == "inferred" and stay["duration_s"] is None
    assert "moved by SQS: its time is not on record, still there at the last scan" in stay["detail"]


def test_spans_of_a_file_need_no_account(tmp_path: Path, desk: TraceDesk) -> None:
    span = {
        "traceId": "6b0ba243aed8138bfd59b088c6e3f746",
        "spanId": "53995c3f42cd8ad8",
        "name": "worker",
        "kind": 2,
        "startTimeUnixNano": str(SENT_MS * 1_000_000),
        "endTimeUnixNano": str(SENT_MS * 1_000_000 + 2_000_000_000),
        "attributes": [{"key": "faas.invocation_id", "value": {"stringValue": R1}}],
    }
    wait = {**span, "spanId": "63995c3f42cd8ad8", "parentSpanId": span["spanId"], "name": "queue wait", "kind": 1}
    file = tmp_path / "spans.jsonl"
    file.write_text(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span, wait]}]}]}) + "\n")
    code, out, _ = desk.ops(R1, "--spans", str(file))
    assert code == 0 and "2 spans of 1 trace in 2 s" in out and "attempt 1: worker" in out
    code, out, _ = desk.ops("nobody", "--spans", str(file))
    assert code == 1 and f"spans in {file}" in out.replace("\n", "")
    assert not desk.logs.asked
    code, _, err = desk.ops(R1, "--spans", str(tmp_path / "none"))
    assert code == 1 and "cannot be read" in err
