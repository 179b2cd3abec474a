"""What a subscribed extension receives: types, order and shapes of events, also with a poor listener."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from tests.ops.twin.host.lab import ECHO, Function, Host, wait_until

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def all_events(function: Function) -> list[dict[str, Any]]:
    """Everything that arrives until the environment's end."""
    function.retire()
    wait_until(lambda: function.records("end"))
    return function.events()


def only(events: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    [event] = [event for event in events if event["type"] == kind]
    return dict(event["record"])


def test_two_invocations_in_order_and_shape(host: Host) -> None:
    function = host.function(
        "print('loading')\ndef handler(event, context):\n    print('working', event)\n    return event\n",
        extensions=("recorder",),
        EXT_TYPES="platform,function",
    )
    cold = function.invoke(1, "one")
    function.invoke("two", "two")
    events = all_events(function)
    assert [event["type"] for event in events] == [
        "platform.initStart",
        "platform.telemetrySubscription",
        "function",
        "platform.initRuntimeDone",
        "platform.extension",
        "platform.initReport",
        *["platform.start", "function", "platform.runtimeDone", "platform.report"] * 2,
    ]
    assert all(STAMP.fullmatch(event["time"]) for event in events)
    assert [event["time"] for event in events[6:]] == sorted(event["time"] for event in events[6:])
    init = only(events, "platform.initStart")
    assert init.pop("instanceId")
    assert init == {
        "initializationType": "on-demand",
        "phase": "init",
        "functionName": function.name,
        "functionVersion": "$LATEST",
        "instanceMaxMemory": 256 * 1024 * 1024,
    }
    assert only(events, "platform.initRuntimeDone") == {
        "initializationType": "on-demand",
        "phase": "init",
        "status": "success",
    }
    subscribed = {"name": "recorder", "state": "Subscribed", "types": ["platform", "function"]}
    assert only(events, "platform.telemetrySubscription") == subscribed
    assert only(events, "platform.extension") == {
        "name": "recorder",
        "state": "Ready",
        "events": ["INVOKE", "SHUTDOWN"],
    }
    assert [event["record"] for event in events if event["type"] == "function"] == [
        "loading",
        "working 1",
        "working two",
    ]
    report = only(events, "platform.initReport")
    assert report["metrics"]["durationMs"] == pytest.approx(cold.number("X-Init-Duration-Ms"), abs=1)
    starts = [event["record"] for event in events if event["type"] == "platform.start"]
    assert [start["requestId"] for start in starts] == ["one", "two"]
    assert starts[0]["version"] == "$LATEST"
    assert "tracing" not in starts[0], "nobody sampled it"
    check_done(events[8]["record"], "one", produced=1)
    check_done(events[12]["record"], "two", produced=5)
    first, second = events[9]["record"], events[13]["record"]
    assert first["metrics"]["initDurationMs"] == cold.number("X-Init-Duration-Ms")
    total = first["metrics"]["durationMs"] + first["metrics"]["initDurationMs"]
    assert first["metrics"]["billedDurationMs"] == math.ceil(round(total, 3)) == cold.number("X-Billed-Duration-Ms")
    assert first["metrics"]["memorySizeMB"] == 256
    assert first["metrics"]["maxMemoryUsedMB"] == cold.number("X-Max-Memory-Used-Mb")
    assert [span["name"] for span in first["spans"]] == ["extensionOverhead"]
    assert "initDurationMs" not in second["metrics"]
    assert (first["status"], second["status"]) == ("success", "success")


def check_done(record: dict[str, Any], request_id: str, produced: int) -> None:
    assert (record["requestId"], record["status"]) == (request_id, "success")
    assert record["metrics"]["producedBytes"] == produced
    assert [span["name"] for span in record["spans"]] == ["responseLatency", "responseDuration", "runtimeOverhead"]
    assert all(STAMP.fullmatch(span["start"]) for span in record["spans"])
    parts = sum(span["durationMs"] for span in record["spans"])
    assert record["metrics"]["durationMs"] == pytest.approx(parts, abs=0.01)
    assert "errorType" not in record


def test_failures_say_what_happened_before_shutdown_comes(host: Host) -> None:
    function = host.function(
        "import os\ndef handler(event, context):\n    exec(event)\n",
        extensions=("recorder",),
        timeout=3,  # within which a busy machine runs the first one
        EXT_TYPES="platform",
    )
    function.invoke("raise ValueError('x')", "raised")
    function.invoke("import time; time.sleep(9)", "late")
    wait_until(lambda: function.records("end"))
    done = {event["record"]["requestId"]: event["record"] for event in function.events("platform.runtimeDone")}
    reports = {event["record"]["requestId"]: event["record"] for event in function.events("platform.report")}
    assert (done["raised"]["status"], done["raised"]["errorType"]) == ("error", "Runtime.Unknown")
    assert (done["late"]["status"], reports["late"]["status"]) == ("timeout", "timeout")
    kinds = [record["what"] for record in function.records()]
    assert kinds[-1] == "end"


def test_after_a_reset_init_has_phase_invoke(host: Host) -> None:
    function = host.function(
        "import os\ndef handler(event, context):\n    exec(event)\n", extensions=("recorder",), EXT_TYPES="platform"
    )
    function.invoke("os._exit(1)", "exit")
    function.settled()
    [report] = function.events("platform.report")
    assert (report["record"]["status"], report["record"]["errorType"]) == ("error", "Runtime.ExitError")
    before = len(function.events())
    function.invoke("", "again")
    events = wait_until(lambda: function.events()[before:])
    assert events[0]["type"] == "platform.initStart"
    assert events[0]["record"]["phase"] == "invoke"
    function.retire()
    wait_until(lambda: len(function.records("end")) == 2)
    assert "initDurationMs" not in function.events("platform.report")[-1]["record"]["metrics"]


def test_tcp_gets_a_line_an_event(host: Host) -> None:
    function = host.function(ECHO, extensions=("recorder",), EXT_TYPES="platform", EXT_TCP="1")
    function.invoke()
    kinds = [event["type"] for event in all_events(function)]
    assert (kinds[0], kinds[-1]) == ("platform.initStart", "platform.report")


def test_lines_of_extensions_go_to_those_who_asked(host: Host) -> None:
    function = host.function(ECHO, extensions=("recorder",), EXT_TYPES="extension")
    function.invoke()
    events = all_events(function)
    assert {event["type"] for event in events} == {"extension"}
    assert "recorder got INVOKE" in [event["record"] for event in events]


@pytest.mark.slow
def test_a_refusing_listener_is_tried_again(host: Host) -> None:
    function = host.function(
        ECHO, extensions=("recorder",), EXT_TYPES="platform", EXT_REFUSE="2", EXT_AFTER_INVOKE="0.8"
    )
    function.invoke()
    kinds = [event["type"] for event in all_events(function)]
    assert kinds.count("platform.initStart") == 1
    assert kinds[-1] == "platform.report"


@pytest.mark.slow
def test_a_slow_listener_loses_lines_and_is_told(host: Host) -> None:
    function = host.function(
        "def handler(event, context):\n    for _ in range(event):\n        print('x' * 60_000, flush=True)\n",
        extensions=("recorder",),
        EXT_TYPES="function",
        EXT_SLOW_LISTENER="0.02",
    )
    assert not function.invoke(150).error
    dropped = wait_until(lambda: function.invoke(1) and function.events("platform.logsDropped"))
    record = dropped[0]["record"]
    assert record["droppedRecords"] > 0
    assert record["droppedBytes"] > 60_000 * record["droppedRecords"]
    assert "slower" in record["reason"]


def test_json_logging_gives_objects(host: Host) -> None:
    function = host.function(
        "import logging\nlogging.getLogger().setLevel('INFO')\n"
        "def handler(event, context):\n    logging.getLogger().info('hello')\n    print('plain')\n",
        extensions=("recorder",),
        EXT_TYPES="function",
    )
    function.retire()
    function.put(LoggingConfig={"LogFormat": "JSON", "LogGroup": "elsewhere"})
    function.revision += "json"
    function.put()
    function.invoke(request_id="json")
    records = [event["record"] for event in all_events(function)]
    assert (records[0]["level"], records[0]["message"], records[0]["requestId"]) == ("INFO", "hello", "json")
    assert records[1] == "plain"
    lines = wait_until(lambda: [line for line in host.logs.lines("elsewhere") if "platform.report" in line])
    assert '"requestId":"json"' in lines[0]
