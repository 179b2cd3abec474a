"""The extension in real environments of the twin's Lambda host, beside the real runtime client: what it logs there."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.otlp_collector import attributes, collecting
from tests.handler.extension.emf_rules import broken_rules
from tests.handler.extension.fake import REPOSITORY, lay_out
from tests.handler.extension.otlp.exporting import newest_points, spans_by_name, sqs_message, value
from tests.ops.twin.host.lab import Answer, Function, Host, running, wait_until

TOLD = """
import os, time
def handler(event, context):
    exec(event or "")
    return "fine"
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with running(tmp_path_factory.mktemp("host")) as started:
        yield started


def with_extension(
    host: Host, code: str = TOLD, timeout: float = 5, variables: dict[str, str] | None = None, **configuration: Any
) -> Function:
    environment: Any = variables or {}
    function = host.function(code, timeout=timeout, **environment)
    lay_out(function.folder)
    function.revision = "with the extension"
    function.put(**configuration)
    return function


def records(function: Function, kind: str = "invocation") -> dict[str, dict[str, Any]]:
    """What the extension has logged so far, by request id."""
    found = {}
    for line in function.lines():
        if f'"record":"{kind}"' in line:
            record = json.loads(line)
            found[record.get("request_id", "")] = record
    return found


def record(function: Function, request_id: str) -> dict[str, Any]:
    """Of an invocation that is over. What a frozen environment still has to tell comes when it is taken down."""
    function.settled()
    function.retire()
    found: dict[str, Any] = wait_until(lambda: records(function).get(request_id))
    assert broken_rules(found) == []
    assert records(function, "extension") == {}
    return found


def agrees(found: dict[str, Any], answer: Answer) -> None:
    assert found["InvokeDuration"] == answer.number("X-Duration-Ms")
    assert found["BilledDuration"] == answer.number("X-Billed-Duration-Ms")
    assert found["MaxMemoryUsed"] == answer.number("X-Max-Memory-Used-Mb")
    assert "missing" not in found


def test_cold_and_warm(host: Host) -> None:
    function = with_extension(host)
    cold = function.invoke("", "cold")
    warm = function.invoke("time.sleep(0.05)", "warm")
    second = record(function, "warm")
    first = records(function)["cold"]
    agrees(first, cold)
    agrees(second, warm)
    assert (first["ColdStarts"], second["ColdStarts"]) == (1, 0)
    assert first["InitDuration"] == cold.number("X-Init-Duration-Ms")
    assert 0 < first["runtime_init_ms"] <= first["InitDuration"] + 1
    assert first["phase"] == "init"
    assert second["response_latency_ms"] >= 50
    assert second["produced_bytes"] == len('"fine"')
    others = (record(function, str(n)) for n in range(5) if function.invoke("", str(n)))
    assert any(one["extension_overhead_ms"] < 50 for one in (second, *others)), "the machine may be busy at times"
    assert (first["status"], first["memory_size_mb"]) == ("success", function.configuration["MemorySize"])


def test_a_timeout_and_the_suppressed_init_after_it(host: Host) -> None:
    function = with_extension(host, timeout=8)  # the suppressed init is within it
    late = function.invoke("time.sleep(60)", "late")
    function.settled()
    function.invoke("", "next")
    after = record(function, "next")
    found = records(function)["late"]
    agrees(found, late)
    assert (found["status"], found["error_type"], found["FailedInvocations"]) == ("timeout", "Sandbox.Timedout", 1)
    assert (found["ColdStarts"], found["phase"]) == (1, "init")
    assert (after["status"], after["ColdStarts"], after["phase"]) == ("success", 1, "invoke")


WAITED = """
import sys
sys.path.insert(0, {repository!r})
from handler.tracing.message_times import MessageTimes
times = MessageTimes()
def handler(event, context):
    times.tell(event, context.aws_request_id)
"""


def test_a_collector_gets_init_wait_and_invocation(host: Host) -> None:
    with collecting() as collector:
        code = WAITED.format(repository=str(REPOSITORY))
        export = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        function = with_extension(host, code, variables=export)
        sent_ms = int(time.time() * 1000) - 3_000
        function.invoke({"Records": [sqs_message("m", sent_ms)]}, "one")
        function.settled()
        function.retire()
        collector.wait_until(lambda: len(collector.spans()) == 3 and "faas.coldstarts" in newest_points(collector))
        spans, counted = spans_by_name(collector), newest_points(collector)
    invocation = spans[function.name]
    assert {spans[name]["parentSpanId"] for name in ("init", "queue wait")} == {invocation["spanId"]}
    assert spans["queue wait"]["startTimeUnixNano"] == f"{sent_ms}000000"
    assert spans["queue wait"]["endTimeUnixNano"] == invocation["startTimeUnixNano"]
    assert attributes(invocation)["faas.instance"].startswith(time.strftime("%Y/"))
    assert value(counted["faas.coldstarts"]) == value(counted["faas.invocations"]) == 1


def test_out_of_memory(host: Host) -> None:
    function = with_extension(host, MemorySize=128)
    answer = function.invoke("x = b'x' * (300 << 20); time.sleep(5)", "greedy")
    found = record(function, "greedy")
    agrees(found, answer)
    assert (found["status"], found["error_type"]) == ("error", "Runtime.OutOfMemory")
    assert found["MaxMemoryUsed"] >= 128


def test_an_exit_and_an_exception(host: Host) -> None:
    function = with_extension(host)
    function.invoke("raise ValueError('no such tea')", "raises")
    function.invoke("os._exit(7)", "exits")
    exits = record(function, "exits")
    assert (exits["status"], exits["error_type"]) == ("error", "Runtime.ExitError")
    raises = records(function)["raises"]
    assert raises["status"] == "error"
    assert raises["FailedInvocations"] == 1


def test_a_module_that_cannot_be_imported(host: Host) -> None:
    """Init fails, and fails again inside the invocation: even such an invocation has its record."""
    function = with_extension(host, code="import a_module_that_is_not_there")
    answer = function.invoke("", "broken")
    found = record(function, "broken")
    agrees(found, answer)
    assert (found["status"], found["error_type"]) == ("error", "Runtime.ImportModuleError")
    assert (found["ColdStarts"], found["phase"]) == (1, "invoke")
