"""The extension with the export on, a collector, and the handler's reports."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from handler.tracing.message_times import MessageTimes
from tests.fakes.otlp_collector import Collector, attributes
from tests.handler.extension import shapes
from tests.handler.extension.fake import Extension, running

QUEUE = "arn:aws:sqs:eu-west-1:123456789012:jobs"
SENDER = "Root=1-65f0c0de-0123456789abcdef01234568;Parent=89abcdef01234568;Sampled=1"
STARTED_MS = shapes.EPOCH_MS + 500


@contextmanager
def exporting(entry: Path, collector: Collector, **variables: str) -> Iterator[Extension]:
    at_once = {"OTEL_BSP_SCHEDULE_DELAY": "1", "OTEL_METRIC_EXPORT_INTERVAL": "1"}
    wanted: Any = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url} | at_once | variables
    with running(entry, **wanted) as extension:
        yield extension


def sqs_message(message_id: str, sent_ms: int, receives: int = 1, trace: str = "") -> dict[str, Any]:
    sent = {"SentTimestamp": str(sent_ms), "ApproximateReceiveCount": str(receives)}
    return {
        "messageId": message_id,
        "receiptHandle": "handle",
        "eventSourceARN": QUEUE,
        "body": "{}",
        "attributes": sent | ({"AWSTraceHeader": trace} if trace else {}),
    }


def tell(monkeypatch: pytest.MonkeyPatch, extension: Extension, event: Any, request_id: str) -> None:
    """As the handler does at the start of an invocation."""
    monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", extension.fake.address)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")
    monkeypatch.setenv("AWS_LAMBDA_LOG_STREAM_NAME", "2026/09/21/[$LATEST]0123")
    MessageTimes().tell(event, request_id)


def untrusted(extension: Extension, *datagrams: Any) -> None:
    """Send to the port that the handler tells its messages to, as any process of the environment can."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for datagram in datagrams:
            data = datagram if isinstance(datagram, bytes) else json.dumps(datagram).encode()
            sock.sendto(data, ("127.0.0.1", int(extension.fake.address.rpartition(":")[2])))


def end(extension: Extension, collector: Collector, invocations: int = 1) -> None:
    """End the extension, once spans and metrics of so many invocations have come: the limit of an end is 1.5 s."""
    collector.wait_until(lambda: len(request_ids(collector)) >= invocations and counted(collector) >= invocations)
    assert extension.end() == 0


def request_ids(collector: Collector) -> list[str]:
    """Of the invocations whose spans have come, in order."""
    return [attributes(span)["faas.invocation_id"] for span in collector.spans() if span["kind"] == 2]


def counted(collector: Collector) -> int:
    """Invocations by the newest metrics."""
    durations = newest_points(collector).get("faas.invoke_duration")
    return sum(int(point["count"]) for point in durations["histogram"]["dataPoints"]) if durations else 0


def spans_by_name(collector: Collector) -> dict[str, dict[str, Any]]:
    return {span["name"]: span for span in collector.spans()}


def newest_points(collector: Collector) -> dict[str, dict[str, Any]]:
    """By metric: its content (sum or histogram) in the newest request."""
    return {metric["name"]: metric for metric in collector.metrics()}


def value(metric: dict[str, Any]) -> float:
    """A counter's, or a histogram's sum, over all attributes."""
    content = metric.get("sum") or metric["histogram"]
    return float(
        sum(float(point.get("asInt", point.get("asDouble", point.get("sum")))) for point in content["dataPoints"])
    )


def export_lines(extension: Extension) -> list[str]:
    """What the extension has logged about its export."""
    return [line["message"] for line in extension.records("extension") if "OTLP" in line["message"]]
