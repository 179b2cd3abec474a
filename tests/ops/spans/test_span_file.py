"""Reading a collector's span file: what it finds, what it leaves out, and what it says of bad files."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from handler.extension.otlp.attributes import resource
from handler.extension.otlp.deliveries import Delivery
from handler.extension.otlp.settings import Settings
from handler.extension.otlp.spans import TraceHeader, invocation_spans
from handler.extension.records.emf import Function
from handler.extension.records.invocation_tracker import InvocationTracker
from ops.errors import OpsError, UsageError
from ops.spans import OtlpSpan, SpanFile, tree_order
from tests.handler.extension import shapes

TRACE = "65f0c0de0123456789abcdef01234567"
OTHER = "65f0c0de0123456789abcdef01234568"


def span(span_id: str = "00000000000000a1", trace_id: str = TRACE, **more: Any) -> dict[str, Any]:
    times = {"startTimeUnixNano": "1790000000000000000", "endTimeUnixNano": "1790000001000000000"}
    return {"traceId": trace_id, "spanId": span_id, "name": "jobs", "kind": 2, **times} | more


def request(*spans: Any) -> dict[str, Any]:
    named = [{"key": "service.name", "value": {"stringValue": "jobs"}}]
    return {"resourceSpans": [{"resource": {"attributes": named}, "scopeSpans": [{"scope": {}, "spans": list(spans)}]}]}


def attribute(key: str, text: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": text}}


def written(path: Path, *lines: Any) -> SpanFile:
    data = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
    path.write_bytes(gzip.compress(data) if path.name.endswith(".gz") else data)
    return SpanFile(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spans.jsonl"


def exported(request_id: str, message_id: str) -> dict[str, Any]:
    """What the extension sends of a cold invocation with one message."""
    tracker = InvocationTracker()
    for event in [*shapes.init(), shapes.start(request_id), shapes.report(request_id, metrics=shapes.COLD)]:
        tracker.event(event)
    [invocation] = tracker.completed()
    function = Function("jobs", "$LATEST", 1024, "arm64")
    told = {"trigger": "pubsub", "queue": "jobs", "messages": [[message_id, shapes.EPOCH_MS - 2_000, 1, ""]]}
    trace = TraceHeader(invocation.trace)
    spans = invocation_spans(invocation, function, Delivery(told), trace, trace.trace_id)
    part = {
        "resource": resource(function, Settings({})),
        "scopeSpans": [{"spans": [json.loads(each) for each in spans]}],
    }
    return {"resourceSpans": [part]}


@pytest.mark.parametrize(
    "identifier",
    [
        "message-1",
        " request-1 ",
        TRACE,
        TRACE.upper(),
        "1-65f0c0de-0123456789abcdef01234567",
        "Root=1-65f0c0de-0123456789abcdef01234567;Parent=89abcdef01234567;Sampled=1",
    ],
)
def test_what_the_extension_exports_is_found_by_any_of_its_ids(path: Path, identifier: str) -> None:
    file = written(path, {"resourceMetrics": []}, {"resourceLogs": []}, exported("request-1", "message-1"))
    found = file.find(identifier)
    assert [(each.name, depth) for each, depth in tree_order(found.spans)] == [
        ("jobs", 0),
        ("queue wait", 1),
        ("init", 1),
    ]
    assert found.unreadable == 0 and found.trace_ids == (TRACE,)
    invocation = next(each for each in found.spans if each.name == "jobs")
    assert invocation.service == "jobs" and invocation.attributes["faas.coldstart"] is True
    assert invocation.duration_ns == 123_400_000 and invocation.resource["faas.max_memory"] == 1024 << 20


def test_each_attempt_at_a_message_is_a_trace(path: Path) -> None:
    of_message = [attribute("messaging.message.id", "m")]
    file = written(
        path,
        request(span(attributes=of_message), span("00000000000000a2", OTHER, attributes=of_message)),
        request(span("00000000000000a3", OTHER), span("00000000000000a4", "f" * 32)),
    )
    found = file.find("m")
    assert set(found.trace_ids) == {TRACE, OTHER} and len(found.spans) == 3


def test_nothing_has_that_id(path: Path) -> None:
    assert written(path, request(span())).find("no such message").spans == ()
    assert written(path).find(TRACE).spans == ()


def test_a_repeated_request_has_each_span_once(path: Path) -> None:
    assert len(written(path, request(span()), request(span())).find(TRACE).spans) == 1


def test_numbers_as_text_or_not_and_unknown_members(path: Path) -> None:
    times = {
        "startTimeUnixNano": 1790000000000000000,
        "endTimeUnixNano": "0",
        "flags": 257,
        "fromTheFuture": {"a": [1]},
    }
    failed: dict[str, Any] = {
        "status": {"code": 2},
        "links": [{"traceId": OTHER.upper(), "spanId": "00000000000000B1"}],
    }
    [found] = written(path, request(span() | times | failed)).find(TRACE).spans
    assert found.end_ns == found.start_ns and found.failure == "failed"
    assert found.links == ((OTHER, "00000000000000b1"),)


def test_values_of_every_kind(path: Path) -> None:
    values = {
        "int": {"intValue": "-7"},
        "double": {"doubleValue": "NaN"},
        "list": {"arrayValue": {"values": [{"boolValue": True}, {"doubleValue": 1.5}]}},
        "map": {"kvlistValue": {"values": [attribute("a", "b")]}},
        "none": {},
    }
    pairs = [{"key": key, "value": value} for key, value in values.items()]
    [found] = written(path, request(span(attributes=pairs))).find(TRACE).spans
    expected = {"int": -7, "double": "nan", "list": (True, 1.5), "map": (("a", "b"),), "none": ""}
    assert found.attributes == expected


BAD_SPANS: list[Any] = [
    None,
    7,
    {},
    span("xyz"),
    span("0" * 16),
    span(trace_id=TRACE + "00"),
    span(startTimeUnixNano="soon"),
    span(startTimeUnixNano=-1),
    span(endTimeUnixNano="9" * 30),
    span(attributes=[{"key": "a", "value": 7}]),
    span(attributes=[{"key": "a", "value": {"intValue": "many"}}]),
    span(attributes={"a": "b"}),
    span(attributes=[{"key": "a", "value": {"arrayValue": []}}]),
    span(attributes=[{"key": "a", "value": {"arrayValue": None}}]),
    span(attributes=[{"key": "a", "value": {"kvlistValue": {"values": [{"key": "b"}]}}}]),
    span(links=[{"traceId": "x"}]),
    span(kind="SPAN_KIND_SERVER"),
]


@pytest.mark.parametrize("bad", BAD_SPANS)
def test_a_bad_span_costs_itself_only(path: Path, bad: Any) -> None:
    file = written(path, request(span(name=TRACE)), request(bad, span("00000000000000a2", name=TRACE)))
    found = file.find(TRACE)
    assert [each.span_id for each in found.spans] == ["00000000000000a1", "00000000000000a2"]
    assert (found.unreadable, found.first_unreadable_line) == (1, 2)


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {"stringValue": "deep"}
    for _ in range(levels):
        value = {"arrayValue": {"values": [value]}}
    return span(attributes=[{"key": "a", "value": value}])


@pytest.mark.parametrize(
    "line",
    [
        b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"' + TRACE.encode(),
        b'{"resourceSpans":"' + TRACE.encode() + b'"}',
        b"\xff\xfe" + TRACE.encode(),
        TRACE.encode(),
        b"[" * 100_000,
        json.dumps(request(nested(50))).encode(),
    ],
)
def test_a_bad_line_is_counted_and_the_others_are_read(path: Path, line: bytes) -> None:
    found = written(path, request(span()), b"", line, request(span("00000000000000a2"))).find(TRACE)
    assert len(found.spans) == 2
    assert (found.unreadable, found.first_unreadable_line) == (1, 3)


def test_a_line_that_is_still_being_written_is_counted_only(path: Path) -> None:
    file = written(path, request(span()))
    with path.open("ab") as more:
        more.write(json.dumps(request(span("00000000000000a2"))).encode()[:-20])
    assert len(file.find(TRACE).spans) == 1


def test_the_limit_is_said(path: Path) -> None:
    spans = [span(f"{number + 1:016x}") for number in range(30)]
    found = written(path, request(*spans)).find(TRACE, limit=10)
    assert (len(found.spans), found.left_out) == (10, 20)


def test_a_compressed_file(tmp_path: Path) -> None:
    file = written(tmp_path / "spans.jsonl.gz", request(span()))
    assert len(file.find(TRACE).spans) == 1


@pytest.mark.parametrize("content", [b"hello\nworld\n", b"\x28\xb5\x2f\xfd\x00", b"<html>", b'[{"resourceSpans": []}]'])
def test_a_file_of_something_else_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(OpsError, match="not OTLP/JSON") as error:
        SpanFile(path).find(TRACE)
    assert "file exporter" in error.value.next_step


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    for path, content in ((tmp_path / "none", None), (tmp_path, None), (tmp_path / "x.gz", b"plain")):
        if content:
            path.write_bytes(content)
        with pytest.raises(OpsError, match="cannot be read"):
            SpanFile(path).find(TRACE)
    whole = gzip.compress(os.urandom(5_000))
    (tmp_path / "cut.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(OpsError, match="compressed data"):
        SpanFile(tmp_path / "cut.gz").find(TRACE)


@pytest.mark.parametrize("identifier", ["", "  ", "x" * 513])
def test_an_identifier_that_is_none(path: Path, identifier: str) -> None:
    with pytest.raises(UsageError):
        written(path).find(identifier)


@pytest.mark.parametrize("identifier", ['quo"te', "back\\slash", "a/b", "größe", "x\u202ey"])
def test_an_identifier_of_any_characters(path: Path, identifier: str) -> None:
    pairs = [attribute("faas.invocation_id", identifier)]
    assert len(written(path, request(span(attributes=pairs))).find(identifier).spans) == 1


def test_spans_that_are_each_others_parents_are_all_there() -> None:
    def one(span_id: str, parent: str, start: int) -> OtlpSpan:
        return OtlpSpan(TRACE, span_id, parent, span_id, 1, start, start)

    circle = [
        one("a", "b", 1),
        one("b", "a", 2),
        one("self", "self", 3),
        one("child", "self", 4),
        one("lost", "gone", 0),
    ]
    assert [(each.name, depth) for each, depth in tree_order(circle)] == [
        ("lost", 0),
        ("self", 0),
        ("child", 1),
        ("a", 0),
        ("b", 1),
    ]
