"""X-Ray traces: IDs from headers and log lines, addresses by partition, and the twin's segments as a tree."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ops import invocation_log
from ops.insight.sources.invocations import Invocation
from ops.insight.sources.traces import MAX_SPANS, TraceSpan, console_url, trace_id, twin_spans

TRACE, OTHER = "1-6b0ba243-aed8138bfd59b088c6e3f746", "1-6b0ba243-000000000000000000000000"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"Root={TRACE};Parent=f3b57f19bccb739c;Sampled=1", TRACE),
        (f"Self=1-67891234-12456789abcdef012345678;Root={TRACE}; Sampled=?", TRACE),
        (f"Root={TRACE};Lineage=a87bd80c:0", TRACE),
        (TRACE, TRACE),
        (f"Root={TRACE};Parent=f3b57f19bccb739c;Sampled=0", ""),
        ("Root=1-x;Sampled=1", ""),
        (f'Root={TRACE}"><script>;Sampled=1', ""),
        (f"Parent={TRACE}", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_the_trace_of_a_header(text: str | None, found: str) -> None:
    assert trace_id(text) == found


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-west-1", "eu-west-1.console.aws.amazon.com"),
        ("cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_the_console_of_a_region(region: str, host: str) -> None:
    assert console_url(TRACE, region) == f"https://{host}/cloudwatch/home?region={region}#xray:traces/{TRACE}"


@pytest.mark.parametrize("region", ["us-iso-east-1", "eu-isoe-west-1", "", 'x"onload=', "a.b"])
def test_no_address_is_made_up(region: str) -> None:
    assert console_url(TRACE, region) == ""


@pytest.mark.parametrize(
    "message",
    [
        f"REPORT RequestId: r\tDuration: 9 ms\t\nXRAY TraceId: {TRACE}\tSegmentId: 1d9c2d6e4ae7ae9a\tSampled: true\t\n",
        json.dumps(
            {
                "time": "2026-11-23T12:00:00Z",
                "type": "platform.report",
                "record": {
                    "requestId": "r",
                    "status": "success",
                    "metrics": {"durationMs": 9},
                    "tracing": {"spanId": "s", "type": "X-Amzn-Trace-Id", "value": f"Root={TRACE};Sampled=1"},
                },
            }
        ),
        json.dumps({"record": "invocation", "request_id": "r", "xray_trace_id": f"Root={TRACE};Sampled=1"}),
    ],
)
def test_the_trace_of_an_invocation_from_its_lines(message: str) -> None:
    line = invocation_log.parse({"@timestamp": "2026-11-23 12:00:00.000", "@message": message, "@logStream": "s"})
    assert line is not None
    assert trace_id(line.values["trace"]) == TRACE
    assert Invocation("r", line.started, trace=line.values["trace"]).trace


def segment(id_: str, name: str, start: float, end: float | None, parent: str = "", **more: Any) -> dict[str, Any]:
    times = {"start_time": start} | ({"end_time": end} if end is not None else {})
    return {"id": id_, "trace_id": TRACE, "name": name, **times, **({"parent_id": parent} if parent else {}), **more}


def written(folder: Path, *documents: Any, name: str = "traces.jsonl") -> None:
    lines = [document if isinstance(document, str) else json.dumps(document) for document in documents]
    (folder / name).write_text("\n".join(lines) + "\n")


def test_the_twins_segments_below_those_that_they_are_part_of(tmp_path: Path) -> None:
    error = {"exceptions": [{"type": "ValueError", "message": "no column"}]}
    written(
        tmp_path,
        segment("c", "s3", 100.5, 101.0, "b", aws={"operation": "GetObject"}),
        segment("b", "worker", 100.1, 102.0, "a", origin="AWS::Lambda::Function", fault=True, cause=error),
        {**segment("x", "of another trace", 1.0, 2.0), "trace_id": OTHER},
        segment("d", "handler", 101.5, None, "b", subsegments=[segment("e", "inner", 101.6, 101.7)]),
    )
    written(tmp_path, segment("a", "worker", 100.0, 102.0, "q", origin="AWS::Lambda"), name="traces.1.jsonl")
    spans = twin_spans(tmp_path, TRACE)
    assert [(span.depth, span.name) for span in spans] == [
        (0, "worker AWS::Lambda"),
        (1, "worker AWS::Lambda::Function"),
        (2, "s3 GetObject"),
        (2, "handler"),
        (3, "inner"),
    ]
    assert spans[1].failure == "ValueError: no column" and spans[3].duration_s is None
    assert (spans[2].start_s, spans[2].duration_s) == (0.5, 0.5)


def test_what_is_no_segment_is_left_out(tmp_path: Path) -> None:
    circle = [segment("a", "a", 1.0, 2.0, "b"), segment("b", "b", 1.0, 2.0, "a")]
    bad = [
        f"not JSON {TRACE}",
        f'["{TRACE}"]',
        segment("n", "n", float("nan"), 1.0),
        {**segment("k", "k", 1.0, 2.0), "start_time": "then"},
        {**segment("k", "k", 1.0, 2.0), "id": ["k"]},
        "[" * 100_000 + TRACE,
    ]
    written(tmp_path, *bad, *circle, segment("c", "fine", 1.0, 2.0, fault=True))
    assert twin_spans(tmp_path, TRACE) == (TraceSpan("fine", 0.0, 1.0, 0, "failed"),)
    assert twin_spans(tmp_path / "nowhere", TRACE) == ()


def test_a_trace_of_thousands_of_segments_is_cut(tmp_path: Path) -> None:
    written(tmp_path, *(segment(f"s{number}", "call", float(number), number + 1.0) for number in range(5_000)))
    assert len(twin_spans(tmp_path, TRACE)) == MAX_SPANS
