"""``ops trace``: which spans a job's path has, what each is known from, and what is said where nothing is found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fakes.logs import SENT_AT, failed, row, silent
from tests.ops.cli.trace.desk import SENT_MS, TRACE, TraceDesk, batch, done, record, retried, segment
from tests.ops.logs.conftest import M1, M2, R1


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
    assert [(attempt["name"], attempt["duration_s"], attempt["failure"]) for attempt in attempts] == [
        ("attempt 1", 1, "ValueError"),
        ("attempt 2", 2, ""),
    ]
    assert [(span["name"], span["attempt"]) for span in found["spans"] if span["kind"] == "step"] == [
        ("first", 1),
        ("second", 2),
    ]


def test_a_range_over_midnight_has_both_dates(desk: TraceDesk) -> None:
    _, out, _ = desk.ops("job-4", "--json", "--since", "2026-11-24T22:10", "--until", "2026-11-25T01:30")
    (logs,) = [place for place in json.loads(out)["searched"] if place["place"].startswith("log lines")]
    assert logs["note"] == "2026-11-24 22:10 UTC to 2026-11-25 01:30 UTC"


def test_a_typed_start_or_end_counts_for_more_than_the_time_of_a_trace(desk: TraceDesk) -> None:
    long_ago = "1-5759e988-bd862e3fe1be46a994272793"  # 2016
    for typed, says in (
        (("--since", "2026-11-24T22:10"), "2026-11-24 22:10 UTC to "),
        (("--until", "2016-06-01"), "2016-05-31 00:00 UTC to 2016-06-01 00:00 UTC"),
    ):
        code, out, _ = desk.ops(long_ago, "--json", *typed)
        (logs,) = [place for place in json.loads(out)["searched"] if place["place"].startswith("log lines")]
        assert code == 1 and logs["note"].startswith(says)


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
    assert code == 1 and found["finding"]["level"] == "critical"
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
