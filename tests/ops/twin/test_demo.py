"""``ops twin demo``: a dashboard beside a twin of its own or one that runs; it stops what it started, and no more."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from ops import twin_state
from ops.twin import lifecycle, processes
from tests.twins import Twin, processes_of, wait_for

OPS = [sys.executable, "-m", "ops", "twin"]


@pytest.mark.twin
def test_a_demo_beside_a_running_twin_says_what_it_adds_and_leaves_it_running(twin: Twin) -> None:
    with socket.create_server(("127.0.0.1", processes.free_port())) as taken:
        port = taken.getsockname()[1]
        demo = subprocess.Popen(
            [*OPS, "demo", "--port", str(port), "--rate", "0.5"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=twin_state.REPOSITORY,
            env=dict(os.environ) | {"PYTHONUNBUFFERED": "1"},
        )
        assert demo.stdout is not None
        said = ""
        try:
            while "(Ctrl-C stops " not in said and (line := demo.stdout.readline()):
                said += line
            demo.send_signal(signal.SIGINT)
            said += demo.communicate(timeout=300)[0]
        finally:
            demo.kill()
            demo.wait()
    assert demo.returncode == 0
    assert "adds about 0.5 jobs per second to the running twin" in said
    assert "(Ctrl-C stops this dashboard and its traffic)" in said
    taken_instead = re.search(rf"Port {port} is in use; the dashboard takes (\d+)", said)
    assert taken_instead
    assert port < int(taken_instead[1]) <= port + 20
    assert twin_state.read() == twin.state, "it was there before the demo"


def _serves(log: Path) -> bool:
    return "The dashboard: " in log.read_text()


@pytest.mark.twin
@pytest.mark.slow
def test_of_two_demos_that_start_at_once_each_stops_what_it_started(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    logs = [tmp_path_factory.mktemp("output") / "demo.log" for _ in range(2)]
    demos = []
    try:
        for log in logs:
            with log.open("w") as output:
                command = [*OPS, "demo", "--port", str(processes.free_port()), "--rate", "0.5"]
                environ = dict(os.environ) | {"PYTHONUNBUFFERED": "1"}
                demos.append(
                    subprocess.Popen(
                        command, stdout=output, stderr=subprocess.STDOUT, cwd=twin_state.REPOSITORY, env=environ
                    )
                )
        for log in logs:
            wait_for(partial(_serves, log), 300, "no dashboard")
        owner, guest = sorted(range(2), key=lambda each: "Ctrl-C stops everything" not in logs[each].read_text())
        demos[guest].send_signal(signal.SIGINT)
        assert demos[guest].wait(300) == 0, logs[guest].read_text()
        assert "Ctrl-C stops this dashboard and its traffic" in logs[guest].read_text()
        assert twin_state.read() is not None
        assert len(processes_of(folder)) > len(lifecycle.ROLES), "the owner's dashboard runs still"
        demos[owner].send_signal(signal.SIGINT)
        assert demos[owner].wait(300) == 0, logs[owner].read_text()
        wait_for(lambda: not processes_of(folder), 60, "something outlived the demos")
    finally:
        for demo in demos:
            demo.kill()
            demo.wait()


@pytest.mark.twin
@pytest.mark.slow
def test_the_demo_serves_a_dashboard_and_stops_all_it_started(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    port = processes.free_port()
    log = tmp_path_factory.mktemp("output") / "demo.log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            [*OPS, "demo", "--port", str(port)],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=twin_state.REPOSITORY,
            env=dict(os.environ) | {"PYTHONUNBUFFERED": "1"},
        ) as demo,
    ):
        try:
            wait_for(lambda: "The dashboard: " in log.read_text() or demo.poll() is not None, 300, "no dashboard")
            assert demo.poll() is None, log.read_text()
            assert processes.answers(f"http://127.0.0.1:{port}", "/_stcore/health"), log.read_text()
            twin = twin_state.read()
            assert twin is not None
            pids = [*twin.pids.values(), int((folder / "dashboard.pid").read_text())]
            demo.send_signal(signal.SIGINT)
            demo.wait(timeout=300)
        finally:
            demo.kill()
    assert demo.returncode == 0, log.read_text()
    assert "In another terminal: " in log.read_text()
    assert not [pid for pid in pids if twin_state.alive(pid)]
    assert twin_state.recorded() is None
    assert processes.free_port(port) == port
