"""``ops twin`` as a person runs it: its own process, its exit codes, and nothing left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from handler import contract
from ops import twin_state
from ops.cli.app import run
from ops.twin import lifecycle
from tests.twins import Twin, wait_for

OPS = [sys.executable, "-m", "ops", "twin"]


def ops(*arguments: str, timeout: float = 600.0) -> subprocess.CompletedProcess[str]:
    environ = dict(os.environ) | {"COLUMNS": "200"}
    return subprocess.run(
        [*OPS, *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env=environ,
        cwd=twin_state.REPOSITORY,
    )


def test_without_a_twin_each_command_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = ops("status")
    assert status.returncode == 1
    assert "not running" in status.stderr
    assert "ops twin up" in status.stderr
    assert run(["twin", "status", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {"running": False, "twin": None, "problems": []}
    assert run(["twin", "traffic"]) == 1
    assert "not running" in capsys.readouterr().err
    assert run(["twin", "down"]) == 0
    assert "The twin is not running." in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ("traffic", "--pattern", "sawtooth"),
        ("traffic", "--poison", "2"),
        ("traffic", "--poison", "nan"),
        *(("traffic", "--rate", rate) for rate in ("0", "nan", "inf")),
        *(("demo", "--rate", rate) for rate in ("-1", "nan", "inf")),
        *((command, "--port", port) for command in ("up", "demo") for port in ("-5", "0", "70000")),
        ("dance",),
    ],
)
def test_nonsense_is_a_usage_error(
    folder: Path, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["twin", *arguments]) == 2
    said = capsys.readouterr().err
    assert said
    assert "Traceback" not in said
    assert not list(folder.glob("*.pid")), "nothing was started"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_start_that_is_ended_leaves_nothing_running(folder: Path, number: signal.Signals) -> None:
    start = subprocess.Popen([*OPS, "up"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=twin_state.REPOSITORY)
    assert start.stdout is not None
    marks = [folder / f"{role}.pid" for role in lifecycle.ROLES]
    try:
        wait_for(lambda: all(mark.exists() and mark.read_text() for mark in marks), 180, "not both were started", 0.02)
        pids = [int(mark.read_text()) for mark in marks]
        start.send_signal(number)
        with start.stdout:
            said = start.stdout.read().decode()
        assert start.wait(180) == 130
    finally:
        start.kill()  # what it started is stopped with the folder
        start.wait()
    assert "Traceback" not in said
    assert not any(twin_state.alive(pid) for pid in pids)


def test_a_port_that_was_named_and_is_taken_is_refused(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        answer = ops("up", "--port", str(taken.getsockname()[1]))
    assert answer.returncode == 1
    assert "in use" in answer.stderr


@pytest.mark.twin
def test_a_running_twin_is_shown_without_its_secret(twin: Twin) -> None:
    assert twin.state.endpoint in ops("status").stdout
    shown = ops("status", "--json")
    assert json.loads(shown.stdout)["running"] is True
    assert twin.state.secret_access_key not in shown.stdout
    again = ops("up")
    assert (again.returncode, "already running" in again.stdout) == (0, True)


@pytest.mark.twin
def test_a_shell_gets_what_boto3_needs(twin: Twin) -> None:
    told = ops("env")
    assert told.returncode == 0
    exports = [line.removeprefix("export ") for line in told.stdout.splitlines() if line.startswith("export ")]
    given = dict(line.split("=", 1) for line in exports)
    assert given["AWS_ENDPOINT_URL"] == twin.state.endpoint
    script = "import boto3; print(boto3.client('sqs').list_queues()['QueueUrls'])"
    asked = subprocess.run(
        ["/bin/sh", "-c", f'{told.stdout}exec {sys.executable} -c "{script}"'],
        capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert "scilearn-jobs" in asked.stdout, asked.stderr


@pytest.mark.twin
def test_traffic_reports_what_it_sent(twin: Twin) -> None:
    answer = ops("traffic", "--count", "12", "--rate", "20", "--minutes", "10", "--poison", "0.3", "--seed", "4")
    assert answer.returncode == 0, answer.stderr
    assert "12 jobs posted" in answer.stdout
    assert "12 accepted, 0 refused" in answer.stdout


@pytest.mark.twin
def test_ctrl_c_ends_traffic_with_its_report(twin: Twin) -> None:
    s3, prefix = twin.client("s3"), f"{contract.RESULT_PREFIX}t"  # a t and the second it began are its jobs' names
    ended = int(time.time())
    wait_for(lambda: int(time.time()) > ended, 5, "the clock stands")  # jobs of the test before may be of this second
    first = f"{prefix}{int(time.time()):x}"

    def posted() -> bool:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=twin.outputs[contract.OUTPUT_BUCKET], Prefix=prefix)
        last = f"{prefix}{int(time.time()):x}~"  # other tests name jobs with a t, too
        return any(first <= item["Key"] <= last for page in pages for item in page.get("Contents", []))

    running = subprocess.Popen(
        [*OPS, "traffic", "--rate", "2", "--minutes", "10"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=twin_state.REPOSITORY,
    )
    try:
        wait_for(posted, 600, "none of its jobs has a result")
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate(timeout=300)
    finally:
        running.kill()
        running.wait()
    assert re.search(r"[1-9]\d* jobs posted", said)
    # A busy twin may refuse some: the report counts them, and the exit code says so.
    assert running.returncode == int(" 0 refused" not in said), said
