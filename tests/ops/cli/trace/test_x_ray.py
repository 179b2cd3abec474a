"""``ops trace`` with X-Ray: its steps, whose they are, and what is said of what it does not have."""

from __future__ import annotations

import json

import pytest

from tests.fakes.logs import SENT_AT, row
from tests.ops.cli.trace.desk import SENT_MS, TRACE, TraceDesk, batch, documents, done, record, retried
from tests.ops.logs.conftest import M1, M2, R3


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
    assert steps[0]["basis"] == "inferred", "no one span lasted so long"


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


def x_ray_note(desk: TraceDesk) -> str:
    desk.logs.rows = [*retried()[7:10], record(301, R3, 1, xray_trace_id=f"Root={TRACE};Sampled=1")]
    searched = json.loads(desk.ops("job-4", "--json")[1])["searched"]
    return str(next(place["note"] for place in searched if place["place"] == "X-Ray"))


def test_what_x_ray_left_out_is_not_called_unsampled(desk: TraceDesk) -> None:
    desk.segments = documents()
    assert x_ray_note(desk) == ""
    desk.cut = True
    assert x_ray_note(desk) == "X-Ray left out segments of 1 trace over its size limit"
    desk.unprocessed = (TRACE,)
    assert x_ray_note(desk) == "X-Ray did not process 1 of 1 traces: try again"


def test_x_ray_that_refuses_is_a_note_with_the_permission(desk: TraceDesk) -> None:
    desk.refuse = "AccessDeniedException"
    desk.logs.rows = [*retried()[7:10], record(301, R3, 1, xray_trace_id=f"Root={TRACE};Sampled=1")]
    code, out, _ = desk.ops("job-4", "--json")
    (x_ray,) = [place for place in json.loads(out)["searched"] if place["place"] == "X-Ray"]
    assert code == 0 and x_ray["found"] is None and "xray:BatchGetTraces" in x_ray["note"]
