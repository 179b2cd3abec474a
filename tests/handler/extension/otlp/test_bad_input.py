"""What the export makes of hostile telemetry and of a load that is higher than any function's."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from handler import contract
from handler.extension.inbox import Inbox
from handler.extension.otlp.deliveries import NOT_TOLD, Deliveries
from tests.fakes.otlp_collector import Collector, attributes
from tests.handler.extension import shapes
from tests.handler.extension.alive import works
from tests.handler.extension.otlp.exporting import (
    STARTED_MS,
    end,
    export_lines,
    exporting,
    newest_points,
    untrusted,
    value,
)


def test_without_the_variables_nothing_of_it_is_loaded(entry: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(entry.parents[1] / 'scilearn-extension')!r});"
        "from handler.extension import event_loop, startup, export_switch as s; assert s.exporter(None, None, s.bind_inbox(None)) is None;"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], env={}, capture_output=True, text=True, check=True)
    assert [name for name in done.stdout.split() if "otlp" in name or name.endswith(".inbox")] == []


def test_with_them_it_still_loads_only_what_is_light(entry: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(entry.parents[1] / 'scilearn-extension')!r});"
        "import handler.extension.otlp.exporter; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    heavy = {"json", "re", "socket", "ssl", "http", "email", "threading", "typing", "urllib", "collections", "enum"}
    assert set(done.stdout.split()) & heavy == set()


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_PROTOCOL is not http/json"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "nonsense"}, "OTEL_EXPORTER_OTLP_ENDPOINT is not usable"),
    ],
)
def test_a_setting_that_cannot_be_used_is_logged_and_the_rest_goes_on(
    entry: Path, collector: Collector, variables: dict[str, str], line: str
) -> None:
    with exporting(entry, collector, **variables) as extension:
        works(extension)
        assert extension.end() == 0
    assert any(line in each for each in export_lines(extension))
    assert collector.requests == []


def test_telemetry_of_any_order_and_any_characters(entry: Path, collector: Collector) -> None:
    """Half surrogates, controls and long texts arrive as something that every receiver takes; the fixture checks it."""
    events: list[Any] = []
    for number in range(20):
        bad = f"\ud800 \x00\u202e{number} 😀" + "x" * 5_000
        events += [
            shapes.start(f"{number}\udfff"),
            shapes.runtime_done(f"{number}\udfff", "error", errorType=bad),
            shapes.report(f"{number}\udfff", "error", errorType=bad, metrics={"maxMemoryUsedMB": 1e14}),
        ]
    events += [*shapes.init(), *shapes.OTHERS, {"type": "platform.start"}, None, []]
    random.Random(7).shuffle(events)
    with exporting(entry, collector) as extension:
        extension.fake.deliver(*events)
        end(extension, collector, 20)
    spans = [span for span in collector.spans() if span["name"] == "jobs"]
    assert len(spans) == 20 and {span["status"]["code"] for span in spans} == {2}
    assert value(newest_points(collector)["faas.errors"]) == 20


def test_whatever_is_told_of_messages(entry: Path, collector: Collector) -> None:
    """Any process of the environment may send to the port."""
    good = {contract.TOLD_REQUEST_ID: "good", contract.TOLD_TRIGGER: "pubsub"}
    messages = [
        ["later than its invocation", STARTED_MS + 10_000, 1, ""],
        ["no number", "1", 1, ""],
        ["negative", -1, 1, ""],
        ["huge", 1e300, 1, ""],
        ["no receives", STARTED_MS - 1, None, 7],
        ["bad trace", STARTED_MS - 2, 1, "Root=1-x;Parent=;Sampled=\ud800"],
        ["zero trace", STARTED_MS - 3, 1, "Root=1-00000000-000000000000000000000000;Parent=0000000000000000"],
        "text",
        [],
        {"id": 1},
    ]
    with exporting(entry, collector) as extension:
        works(extension, "first")  # then it listens
        untrusted(extension, b"", b"\xff\xfe", b"[1", b"[]", b"7", {"request_id": 7}, b"[" * 10_000)
        untrusted(extension, {contract.TOLD_REQUEST_ID: "wrong", contract.TOLD_TRIGGER: "rm -rf"})
        untrusted(
            extension, good | {contract.TOLD_MESSAGES: messages, contract.TOLD_COUNT: 1e15, contract.TOLD_QUEUE: 7}
        )
        extension.fake.deliver(*shapes.invocation("good"), *shapes.invocation("wrong"))
        end(extension, collector, 3)
    waits = [attributes(span) for span in collector.spans() if span["name"] == "queue wait"]
    assert {wait["messaging.message.id"] for wait in waits} == {"no receives", "bad trace", "zero trace"}
    triggers = {
        attributes(span)["faas.invocation_id"]: attributes(span).get("faas.trigger")
        for span in collector.spans()
        if span["kind"] == 2
    }
    assert triggers == {"first": None, "good": "pubsub", "wrong": None}


def test_a_taken_port_costs_the_waits_only() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        inbox = Inbox(taken.getsockname()[1])
        deliveries = Deliveries(inbox)
        deliveries.read()
        assert deliveries.of("any") is NOT_TOLD
        assert "Address already in use" in inbox.refusal
