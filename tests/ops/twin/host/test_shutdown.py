"""The end of environments: reasons, deadlines, idle ones, and that nothing is left when the host ends or is killed."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.ops.twin.host.lab import ECHO, Host, running, wait_until


@pytest.mark.slow
def test_an_extension_has_two_seconds(host: Host) -> None:
    def left() -> float:
        function = host.function(ECHO, extensions=("recorder",), EXT_AFTER_SHUTDOWN="30")
        function.invoke()
        function.retire()
        told = wait_until(
            lambda: [record for record in function.records("event") if record["event"]["eventType"] == "SHUTDOWN"]
        )
        deadline = told[0]["event"]["deadlineMs"] / 1000
        wait_until(lambda: not function.pids())
        assert time.time() >= deadline - 0.05
        assert not function.records("end")
        assert deadline - told[0]["at"] <= 2.0
        return float(deadline - told[0]["at"])

    assert any(left() > 0.5 for _ in range(5)), "on a busy machine it may hear of it late, but not each time"


def test_an_extension_that_did_not_ask_for_shutdown_is_killed_at_once(host: Host) -> None:
    def took() -> float:
        function = host.function(ECHO, extensions=("recorder",), EXT_EVENTS='["INVOKE"]')
        function.invoke()
        began = time.monotonic()
        function.retire()
        wait_until(lambda: not function.pids())
        ended = time.monotonic()
        assert [record["event"]["eventType"] for record in function.records("event")] == ["INVOKE"]
        return ended - began

    assert any(took() < 1.9 for _ in range(5)), "a busy machine may be late once; a wait of two seconds is, always"


@pytest.mark.slow
def test_the_runtime_gets_sigterm_when_there_is_an_extension(host: Host) -> None:
    code = (
        "import os, signal\n"
        "def stop(*_):\n    print('good bye', flush=True)\n    os._exit(0)\n"
        "signal.signal(signal.SIGTERM, stop)\n"
    )
    function = host.function(code + ECHO, extensions=("recorder",))
    function.invoke()
    function.retire()
    wait_until(lambda: function.records("end"))
    alone = host.function(code + ECHO)
    alone.invoke()
    alone.retire()
    wait_until(lambda: not alone.pids())
    time.sleep(0.4)
    assert "good bye" not in alone.lines()


@pytest.mark.slow
def test_an_idle_environment_is_spun_down(tmp_path: Path) -> None:
    with running(tmp_path, OPS_TWIN_IDLE_LIMIT="0.3") as host:
        function = host.function(ECHO, extensions=("recorder",))
        function.invoke()
        wait_until(lambda: function.records("end"))
        assert function.records("event")[-1]["event"]["shutdownReason"] == "SPINDOWN"
        wait_until(lambda: not function.pids())
        wait_until(lambda: not list((host.folder / "twin" / "tmp").iterdir()))
        assert function.invoke().cold


@pytest.mark.slow
def test_the_host_ends_cleanly_and_says_goodbye(tmp_path: Path) -> None:
    with running(tmp_path) as host:
        function = host.function(ECHO, extensions=("recorder",))
        function.invoke()
        assert host.stop() == 0
        assert function.records("end")
        assert not function.pids()


GRANDCHILD = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
def handler(event, context):
    return child.pid
"""


def test_nothing_is_left_when_the_host_is_killed(tmp_path: Path) -> None:
    with running(tmp_path) as host:
        function = host.function(GRANDCHILD, extensions=("recorder",))
        grandchild = function.invoke().payload
        assert len(function.pids()) == 3
        assert grandchild in function.pids()
        host.stop(signal.SIGKILL)
        wait_until(lambda: not function.pids())


def test_a_host_that_cannot_start_says_why(host: Host, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder, port, message in (
        (tmp_path / "one", str(host.port), f"The Lambda host cannot listen on port {host.port}: it is in use."),
        (tmp_path / "file", "0", f"The twin's folder {tmp_path / 'file'} cannot be used: File exists."),
        (tmp_path / "two", "first", "OPS_TWIN_PORT is 'first', which is not a number."),
    ):
        environment = {**os.environ, "OPS_TWIN_DIR": str(folder), "OPS_TWIN_PORT": port, "OPS_TWIN_TOKEN": "x"}
        command = [sys.executable, "-m", "ops.twin.host"]
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90)
        assert ended.returncode in (1, 2)
        assert ended.stderr.startswith(message)
        assert "Traceback" not in ended.stderr


@pytest.mark.slow
def test_the_host_ends_while_it_works_starts_and_recovers(tmp_path: Path) -> None:
    with running(tmp_path) as host, ThreadPoolExecutor(3) as callers:
        works = host.function("import time\ndef handler(event, context):\n    time.sleep(60)\n", timeout=60)
        starts = host.function("import time\ntime.sleep(60)\n", timeout=60)
        fails = host.function(ECHO, extensions=("recorder",), EXT_EXIT_AT="invoke", EXT_AFTER_SHUTDOWN="30")
        answers = [callers.submit(function.invoke) for function in (works, starts)]
        fails.invoke()
        wait_until(lambda: works.pids() and starts.pids())
        assert host.stop() == 0
        assert not works.pids() + starts.pids() + fails.pids()
        for answer in answers:
            assert isinstance(answer.exception(60), OSError | http.client.HTTPException) or answer.result().error
