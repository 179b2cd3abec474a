"""Functions and extensions that fail: what the caller gets, what the log has, and that the next one works."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.ops.twin.host.lab import ECHO, Answer, Function, Host, running, wait_until

ON_DEMAND_BAD = """
import os, sys, time
def handler(event, context):
    exec(event or "")
    return "fine"
"""


def report(function: Function, request_id: str) -> str:
    """The invocation's REPORT line, once it is there."""
    lines = wait_until(
        lambda: [line for line in function.lines() if line.startswith(f"REPORT RequestId: {request_id}")]
    )
    return str(lines[0])


def check_recovers(function: Function) -> Answer:
    """The next invocation works, in a suppressed init: not cold as far as anybody is told."""
    function.settled()
    answer = function.invoke("")
    assert answer.payload == "fine"
    assert not answer.cold
    return answer


def test_an_exception_is_the_functions_answer(host: Host) -> None:
    function = host.function(ON_DEMAND_BAD)
    answer = function.invoke("raise ValueError('no such tea')", "exception")
    assert answer.error == "Unhandled"
    assert answer.payload["errorType"] == "ValueError"
    assert answer.payload["errorMessage"] == "no such tea"
    assert answer.payload["requestId"] == "exception"
    assert function.invoke("").payload == "fine"
    wait_until(lambda: any(line.startswith("[ERROR] ValueError: no such tea") for line in function.lines()))


@pytest.mark.slow
def test_a_timeout_kills_and_the_environment_starts_again(host: Host) -> None:
    function = host.function(ON_DEMAND_BAD, extensions=("recorder",), timeout=3.5)
    function.invoke("")
    answer = function.invoke("print('before', flush=True); time.sleep(30)", "late")
    assert answer.payload == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: late Error: Task timed out after 3.50 seconds",
    }
    assert answer.error == "Unhandled"
    assert 3500 <= answer.number("X-Duration-Ms") < 30_000
    line = report(function, "late")
    assert line.endswith("\tStatus: timeout")
    assert "Init Duration" not in line
    lines = function.lines()
    start = lines.index("START RequestId: late Version: $LATEST")
    end = lines.index("END RequestId: late")
    assert "before" in lines[start:end]
    assert any(one.endswith(" late Task timed out after 3.50 seconds\n") for one in lines[start:end])
    function.settled()
    assert function.records("event")[-1]["event"]["shutdownReason"] == "TIMEOUT"
    check_recovers(function)


def test_a_runtime_that_exits(host: Host) -> None:
    function = host.function(ON_DEMAND_BAD, extensions=("recorder",))
    answer = function.invoke("os._exit(9)", "gone")
    assert answer.payload == {
        "errorType": "Runtime.ExitError",
        "errorMessage": "RequestId: gone Error: Runtime exited with error: exit status 9",
    }
    assert answer.cold
    line = report(function, "gone")
    assert line.endswith(" ms\tStatus: error\tError Type: Runtime.ExitError")
    assert "\tInit Duration: " in line
    function.settled()
    assert function.records("event")[-1]["event"]["shutdownReason"] == "FAILURE"
    check_recovers(function)
    clean = function.invoke("os._exit(0)", "clean")
    assert clean.payload["errorMessage"] == "RequestId: clean Error: Runtime exited without providing a reason"


def test_out_of_memory(host: Host) -> None:
    function = host.function(ON_DEMAND_BAD)
    code = "hog = []\nwhile True: hog.append(b'x' * 4_000_000)"
    answer = function.invoke(code, "hungry")
    assert answer.payload == {
        "errorType": "Runtime.OutOfMemory",
        "errorMessage": "RequestId: hungry Error: Runtime exited with error: signal: killed",
    }
    assert answer.number("X-Max-Memory-Used-Mb") == 256
    line = report(function, "hungry")
    assert "Max Memory Used: 256 MB" in line
    assert line.endswith("Status: error\tError Type: Runtime.OutOfMemory")
    assert check_recovers(function).number("X-Max-Memory-Used-Mb") < 256


@pytest.mark.slow
def test_a_childs_memory_counts(host: Host) -> None:
    function = host.function(ON_DEMAND_BAD)
    hog = "hog = b'x' * 400_000_000; import time; time.sleep(5)"
    code = f"import subprocess\nsubprocess.run([sys.executable, '-c', {hog!r}])"
    assert function.invoke(code).payload["errorType"] == "Runtime.OutOfMemory"
    wait_until(lambda: not function.pids())


def test_a_response_over_six_megabytes(host: Host) -> None:
    function = host.function("def handler(event, context):\n    return 'x' * event\n")
    assert len(function.invoke(6_000_000).payload) == 6_000_000
    answer = function.invoke(7_000_000)
    assert answer.error == "Unhandled"
    assert answer.payload["errorType"] == "Function.ResponseSizeTooLarge"
    assert "6291556 bytes" in answer.payload["errorMessage"]
    assert function.invoke(1).payload == "x"


def test_a_module_that_cannot_be_imported(host: Host) -> None:
    function = host.function("import no_such_module\n")
    answer = function.invoke(request_id="import")
    assert answer.error == "Unhandled"
    assert answer.payload["errorType"] == "Runtime.ImportModuleError"
    assert "no_such_module" in answer.payload["errorMessage"]
    assert not answer.cold
    assert report(function, "import").endswith("Error Type: Runtime.ImportModuleError")
    reports = [line for line in function.lines() if line.startswith("INIT_REPORT")]
    assert [line.partition("\t")[2] for line in reports] == [
        "Phase: init\tStatus: error\tError Type: Runtime.ImportModuleError",
        "Phase: invoke\tStatus: error\tError Type: Runtime.ImportModuleError",
    ]
    assert function.lines().index(reports[1]) < function.lines().index("START RequestId: import Version: $LATEST")


SLOW_ONCE = """
import os, time
flag = os.environ["RECORD"] + ".flag"
if not os.path.exists(flag):
    open(flag, "w").close()
    time.sleep(60)
def handler(event, context):
    return "fine"
"""


@pytest.mark.slow
def test_an_init_over_its_limit_is_tried_again_inside_the_invocation(tmp_path: Path) -> None:
    with running(tmp_path, OPS_TWIN_INIT_LIMIT="3") as host:
        function = host.function(SLOW_ONCE, timeout=60)
        answer = function.invoke(request_id="retry")
        assert answer.payload == "fine"
        assert not answer.cold
        assert "Init Duration" not in report(function, "retry")
        [init] = [line for line in function.lines() if line.startswith("INIT_REPORT")]
        assert 3000 <= float(init.split()[3]) < 60_000
        assert init.endswith("\tPhase: init\tStatus: timeout")


@pytest.mark.slow
def test_an_init_that_never_ends_times_out_with_the_invocation(tmp_path: Path) -> None:
    with running(tmp_path, OPS_TWIN_INIT_LIMIT="0.5") as host:
        function = host.function("import time\ntime.sleep(60)\n", timeout=0.5)
        answer = function.invoke()
        assert answer.payload["errorType"] == "Sandbox.Timedout"
        assert 500 <= answer.number("X-Duration-Ms") < 60_000


def test_an_extension_that_crashes_in_an_invocation(host: Host) -> None:
    function = host.function(ECHO, extensions=("recorder",), EXT_EXIT_AT="invoke")
    answer = function.invoke("hello", "crash")
    assert answer.payload == {"errorType": "Extension.Crash", "errorMessage": "RequestId: crash Error: exit code 7"}
    assert report(function, "crash").endswith("Error Type: Extension.Crash")


def test_an_extension_that_does_not_start(host: Host) -> None:
    function = host.function(ECHO, extensions=("recorder",), EXT_EXIT_AT="start")
    answer = function.invoke("hello")
    assert answer.payload["errorType"] == "Extension.Crash"
    assert "exit code 3" in answer.payload["errorMessage"]


def test_an_extension_that_reports_an_init_error(host: Host) -> None:
    function = host.function(ECHO, extensions=("recorder",), EXT_EXIT_AT="init")
    answer = function.invoke("hello")
    assert answer.payload["errorType"] == "Extension.InitError"
    assert "Extension.NoConfig" in answer.payload["errorMessage"]


def test_a_program_that_cannot_be_executed_as_an_extension(host: Host) -> None:
    function = host.function(ECHO, extensions=("recorder",))
    (function.folder / "opt" / "extensions" / "recorder").write_bytes(b"\x7fELF nonsense")
    assert function.invoke("hello").payload["errorType"] == "Extension.LaunchError"


@pytest.mark.slow
def test_an_extension_after_the_deadline_is_a_timeout(host: Host) -> None:
    function = host.function(ECHO, extensions=("recorder",), timeout=0.5, EXT_AFTER_INVOKE="5")
    assert function.invoke("hello").payload["errorType"] == "Sandbox.Timedout"


def test_code_that_is_gone(host: Host) -> None:
    function = host.function(ON_DEMAND_BAD)
    function.invoke("")
    shutil.rmtree(function.folder / "var")
    assert function.invoke("os._exit(1)").payload["errorType"] == "Runtime.ExitError"
    function.settled()
    assert function.invoke("").payload["errorType"] == "Runtime.InvalidEntrypoint"
    function.settled()
    assert function.put(Timeout=9).status == 400


def test_a_machine_that_has_no_room_is_the_hosts_failure(tmp_path: Path) -> None:
    with running(tmp_path) as host:
        function = host.function(ECHO)
        (tmp_path / "twin" / "tmp").write_text("in the way")
        answer = function.invoke("hello")
        assert answer.status == 500
        assert answer.payload["message"].startswith("An environment could not be started")
        function.settled()
        (tmp_path / "twin" / "tmp").unlink()
        assert function.invoke("hello").payload == "hello"
