"""The Lambda host behaves as recorded on AWS, and as AWS's own runtime emulator does."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from ops.twin.host.settings import FunctionConfig
from ops.twin.host.telemetry import platform_log_lines, telemetry_events
from tests.ops.twin.host.lab import Function, Host, running, wait_until

RUN = (
    "import json, os, socket, subprocess, sys, threading, time, urllib.error, urllib.request\n"
    "def handler(event, context):\n"
    "    given = {**globals()}\n"
    "    exec(event or '', given)\n"
    "    return given.get('out')\n"
)
"""Runs the event, and answers with what it left in ``out``."""

SAYS_TERM = """
import os, signal, socket, threading, time, urllib.request
woken, wake = socket.socketpair()
wake.setblocking(False)
signal.signal(signal.SIGTERM, lambda *_: None)
signal.set_wakeup_fd(wake.fileno())
threading.Thread(target=lambda: (woken.recv(1), os.write(1, b'TERM seen\\n')), daemon=True).start()
if os.environ.get('INTERNAL'):
    base = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2020-01-01/extension/"
    register = urllib.request.Request(base + 'register', b'{}', {'Lambda-Extension-Name': 'inner'})
    with urllib.request.urlopen(register) as answer:
        name = {'Lambda-Extension-Identifier': answer.headers['Lambda-Extension-Identifier']}
    ask = lambda: urllib.request.urlopen(urllib.request.Request(base + 'event/next', headers=name))
    threading.Thread(target=ask, daemon=True).start()
def handler(event, context):
    time.sleep(event or 0)
"""

DETACHED = "out = subprocess.Popen(['sleep', '600'], start_new_session=True).pid"
FORKED_TWICE = """
reader, writer = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(writer, str(os.getpid()).encode())
        os.execve('/bin/sleep', ['sleep', '600'], {})
    os._exit(0)
os.wait()
out = int(os.read(reader, 16))
"""
CHILDREN = {"own session": DETACHED, "forked twice, no environment": FORKED_TWICE}


def state_of(pid: int) -> str:
    """One letter as /proc has it; "gone" when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "gone"


@pytest.mark.parametrize("code", CHILDREN.values(), ids=CHILDREN)
def test_a_child_in_a_session_of_its_own_is_frozen_and_ends_with_its_environment(host: Host, code: str) -> None:
    function = host.function(RUN)
    pid = int(function.invoke(code).body)
    wait_until(lambda: state_of(pid) == "T")
    state = json.loads(function.invoke(f"out = open('/proc/{pid}/stat').read().split(')')[1].split()[0]").body)
    assert state in ("R", "S"), "it runs again, or is about to fall asleep"
    wait_until(lambda: state_of(pid) == "T")
    function.retire()
    wait_until(lambda: state_of(pid) == "gone")


@pytest.mark.parametrize("code", CHILDREN.values(), ids=CHILDREN)
@pytest.mark.parametrize("end", ["os._exit(3)", "time.sleep(60)", "os.kill(os.getpid(), 9)"])
def test_it_ends_with_a_runtime_that_crashes_or_times_out(host: Host, code: str, end: str) -> None:
    function = host.function(RUN, timeout=3 if "sleep" in end else 60)
    assert function.invoke(f"{code}\nopen(os.environ['RECORD'], 'w').write(str(out))\n{end}").error
    pid = int((function.folder / "record.jsonl").read_text())
    wait_until(lambda: state_of(pid) == "gone")


@pytest.mark.parametrize("code", CHILDREN.values(), ids=CHILDREN)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_the_host(tmp_path: Path, code: str, number: signal.Signals) -> None:
    with running(tmp_path) as host:
        pid = int(host.function(RUN).invoke(code).body)
        wait_until(lambda: state_of(pid) == "T")
        host.stop(number)
        wait_until(lambda: state_of(pid) in ("gone", "Z"))


def test_its_memory_counts(host: Host) -> None:
    function = host.function(RUN)
    hungry = "b = bytearray(400 << 20); b[::4096] = b'x' * len(b[::4096]); import time; time.sleep(30)"
    answer = function.invoke(f"subprocess.Popen([sys.executable, '-c', {hungry!r}], start_new_session=True).wait()")
    assert answer.error
    assert answer.payload["errorType"] == "Runtime.OutOfMemory"


def test_two_hundred_and_fifty_threads_start_at_any_memory_size(host: Host) -> None:
    function = host.function(RUN)
    function.put(MemorySize=128)
    code = (
        "go = threading.Event()\nfor out in range(1, 251):\n"
        "    threading.Thread(target=go.wait, daemon=True).start()\ngo.set()"
    )
    assert function.invoke(code).payload == 250


def test_an_internal_extension_alone_brings_the_runtime_a_sigterm(host: Host) -> None:
    function = host.function(SAYS_TERM, INTERNAL="1")
    function.invoke()
    function.retire()
    wait_until(lambda: "TERM seen" in function.lines())


@pytest.mark.parametrize("internal", ["", "1"])
def test_a_time_out_brings_it_too_where_extensions_are_registered(host: Host, internal: str) -> None:
    extensions = () if internal else ("recorder",)
    function = host.function(SAYS_TERM, extensions=extensions, timeout=1, INTERNAL=internal)
    assert function.invoke(30).payload["errorType"] == "Sandbox.Timedout"
    function.settled()
    wait_until(lambda: "TERM seen" in function.lines())


def test_without_extensions_a_time_out_kills_at_once(host: Host) -> None:
    function = host.function(SAYS_TERM, timeout=1)
    function.invoke(30)
    function.settled()
    wait_until(lambda: any(line.startswith("REPORT") for line in function.lines()))
    assert "TERM seen" not in function.lines()


def test_a_time_out_lasts_as_long_as_the_timeout(host: Host) -> None:
    function = host.function(RUN, extensions=("recorder",), EXT_TYPES="platform", timeout=1)
    answer = function.invoke("time.sleep(30)")
    assert (answer.number("X-Duration-Ms"), answer.number("X-Billed-Duration-Ms")) >= (1000.0, 1000)
    [line] = wait_until(lambda: [line for line in function.lines() if line.startswith("REPORT")])
    assert "\tDuration: 1000.00 ms\t" in line
    [report] = wait_until(lambda: function.events("platform.report"))
    assert report["record"]["metrics"]["durationMs"] == 1000.0
    [done] = function.events("platform.runtimeDone")
    assert done["record"]["metrics"]["producedBytes"] == 0


# --- logs in JSON -----------------------------------------------------------------------------------------------------
def a_function(host: Host, code: str, level: str = "", timeout: float = 5) -> Function:
    function = host.function(code, extensions=("recorder",), timeout=timeout, EXT_TYPES="platform")
    function.revision += "json"
    function.put(LoggingConfig={"LogFormat": "JSON", **({"SystemLogLevel": level} if level else {})})
    return function


def kinds(function: Function) -> list[str]:
    """Types of the platform's events in the log, once the last of an invocation is there."""
    wait_until(lambda: any('"requestId"' in line and '"platform.report"' in line for line in function.lines()))
    lines = [line for line in function.lines() if not line.startswith("recorder")]
    assert all(line.startswith("{") for line in lines), "a line in plain text"
    return [json.loads(line)["type"] for line in lines]


@pytest.mark.parametrize(
    ("level", "written"),
    [
        ("", {"platform.telemetrySubscription", "platform.extension", "platform.start", "platform.report"}),
        ("INFO", {"platform.telemetrySubscription", "platform.extension", "platform.start", "platform.report"}),
        (
            "DEBUG",
            {"platform.initStart", "platform.initRuntimeDone", "platform.initReport", "platform.runtimeDone"}
            | {"platform.telemetrySubscription", "platform.extension", "platform.start", "platform.report"},
        ),
    ],
)
def test_system_logs_in_json_go_by_their_level(host: Host, level: str, written: set[str]) -> None:
    function = a_function(host, RUN, level)
    function.invoke("")
    assert set(kinds(function)) == written


@pytest.mark.parametrize("code", ["time.sleep(30)", "os._exit(3)"])
def test_a_failure_is_written_at_every_level_and_in_json_only(host: Host, code: str) -> None:
    function = a_function(host, RUN, "WARN", timeout=1)
    function.invoke(code)
    assert kinds(function) == ["platform.runtimeDone", "platform.report"]


@pytest.mark.parametrize(
    ("kind", "record", "lowest"),
    [
        ("platform.initStart", {}, "DEBUG"),
        ("platform.initRuntimeDone", {"status": "success"}, "DEBUG"),
        ("platform.initRuntimeDone", {"status": "error"}, "WARN"),
        ("platform.initReport", {"status": "success"}, "DEBUG"),
        ("platform.initReport", {"status": "timeout"}, "WARN"),
        ("platform.start", {}, "INFO"),
        ("platform.runtimeDone", {"status": "success"}, "DEBUG"),
        ("platform.runtimeDone", {"status": "timeout"}, "WARN"),
        ("platform.report", {"status": "success"}, "INFO"),
        ("platform.report", {"status": "error"}, "WARN"),
        ("platform.extension", {"state": "Ready"}, "INFO"),
        ("platform.telemetrySubscription", {"state": "Subscribed"}, "INFO"),
        ("platform.logsDropped", {}, "WARN"),
    ],
)
def test_the_level_of_each_system_event(kind: str, record: dict[str, Any], lowest: str) -> None:
    levels = ["DEBUG", "INFO", "WARN"]
    event = telemetry_events.event(0.0, kind, record)
    assert [level for level in levels if platform_log_lines.logged(event, level)] == levels[: levels.index(lowest) + 1]


def test_a_function_without_a_system_log_level_has_info() -> None:
    about = {"revision": "1", "configuration": {"LoggingConfig": {"LogFormat": "JSON"}}}
    assert FunctionConfig.from_put("f", about).system_log_level == "INFO"


# --- what events, names and APIs are like -----------------------------------------------------------------------------
def test_events_have_the_members_of_recorded_ones(host: Host) -> None:
    function = host.function(RUN, extensions=("recorder",), EXT_TYPES="platform")
    function.invoke("", **{"X-Amzn-Trace-Id": "Root=1-6352a70e-1e2c502e358361800241fd45;Sampled=0"})
    function.retire()
    [report] = wait_until(lambda: function.events("platform.report"))
    [started] = function.events("platform.initStart")
    [start] = function.events("platform.start")
    [done] = function.events("platform.runtimeDone")
    assert started["record"]["instanceMaxMemory"] == 256 * 1024 * 1024
    assert start["record"]["functionArn"] == function.configuration["FunctionArn"]
    for event in (start, done, report):
        assert "tracing" not in event["record"], "it is not sampled"


def test_a_sampled_invocation_says_its_trace(host: Host) -> None:
    function = host.function(RUN, extensions=("recorder",), EXT_TYPES="platform")
    root = "Root=1-6352a70e-1e2c502e358361800241fd45"
    function.invoke("", **{"X-Amzn-Trace-Id": f"{root};Parent=35465b3a9e2f7c6a;Sampled=1"})
    function.retire()
    [report] = wait_until(lambda: function.events("platform.report"))
    assert report["record"]["tracing"]["value"].startswith(root)


def test_a_listener_may_bind_the_documented_name(host: Host) -> None:
    code = "s = socket.socket(); s.bind(('sandbox.localdomain', 0)); out = s.getsockname()[0]"
    assert host.function(RUN).invoke(code).payload == "127.0.0.1"


def test_the_logs_api_is_not_supported(host: Host) -> None:
    code = (
        "url = f\"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2020-08-15/logs\"\n"
        "with urllib.request.urlopen(urllib.request.Request(url, b'{}', method='PUT')) as answer:\n"
        "    out = [answer.status, json.loads(answer.read())]"
    )
    status, body = host.function(RUN).invoke(code).payload
    assert (status, body["errorType"]) == (202, "Logs.NotSupported")


def wrapped(host: Host, text: str | None, mode: int = 0o755) -> Function:
    function = host.function(RUN, AWS_LAMBDA_EXEC_WRAPPER="/opt/wrapper")
    if text is not None:
        wrapper = function.folder / "opt" / "wrapper"
        wrapper.parent.mkdir(parents=True)
        wrapper.write_text(text)
        wrapper.chmod(mode)
    return function


def test_a_wrapper_starts_the_runtime(host: Host) -> None:
    function = wrapped(host, '#!/bin/sh\nexport WRAPPED=yes\nexec "$@"\n')
    assert function.invoke("out = os.environ['WRAPPED']").payload == "yes"


@pytest.mark.parametrize(("text", "said"), [(None, "does not exist"), ("#!/bin/sh\n", "is not an executable")])
def test_a_wrapper_that_cannot_be_started_is_named(host: Host, text: str | None, said: str) -> None:
    function = wrapped(host, text, 0o644)
    assert function.invoke("").payload["errorType"] == "Runtime.ExitError"
    wait_until(lambda: f"/opt/wrapper: {said}" in function.lines())


def test_nothing_that_ended_stays_as_a_zombie_of_the_host(host: Host) -> None:
    function = host.function(RUN)
    pids = [int(function.invoke(FORKED_TWICE).body) for _ in range(3)]
    function.retire()
    wait_until(lambda: {state_of(pid) for pid in pids} == {"gone"})
    wait_until(lambda: "Z" not in children_of(host.process.pid))


def children_of(pid: int) -> set[str]:
    tasks = Path(f"/proc/{pid}/task")
    found = [int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()]
    return {state_of(child) for child in found}
