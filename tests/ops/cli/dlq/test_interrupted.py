"""Redrives that are refused, interrupted, cancelled or killed: nothing is lost, and resume finishes them."""

from __future__ import annotations

import errno
import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fakes.sqs.faults import DENIED, Fault
from tests.ops.cli.conftest import Desk
from tests.ops.cli.dlq.redrives import make_redrive_plan
from tests.timing import set_timing

LEASE_S = 3


def test_a_refused_destination_is_a_sentence_and_can_be_resumed(desk: Desk) -> None:
    plan = make_redrive_plan(desk)
    desk.world.aws.fault(Fault(**{**vars(DENIED), "operation": "SendMessageBatch"}))
    code, out, err = desk.ops("redrive", plan, "--reason", "r", "--yes")
    assert (code, out) == (3, "")
    assert "is not authorized to perform sqs:" in err
    assert "Failed: 0 of 30 sent." in err
    assert f"→ ops dlq resume {plan} --queue jobs   resume it once this is fixed:" in err
    assert len(desk.world.dlq.messages()) == 30, "nothing is lost"
    _, out, _ = desk.ops("runs", plan)
    assert out.startswith("Failed: 0 of 30 sent.")
    assert f"→ ops dlq resume {plan} --queue jobs" in out
    desk.world.aws.heal()
    code, out, _ = desk.ops("resume")
    assert code == 0
    assert out.startswith("Done: 30 of 30 sent.")
    assert len(desk.world.jobs.messages()) == 30


def test_a_resume_that_is_refused_says_how_far_it_came_and_one_that_never_began_does_not(desk: Desk) -> None:
    plan = make_redrive_plan(desk, 12, "--no-watch", "--no-headroom")
    denied = Fault(**{**vars(DENIED), "operation": "SendMessageBatch"})
    desk.world.aws.fault(denied)
    desk.ops("redrive", plan, "--reason", "r", "--yes")
    code, out, err = desk.ops("resume", plan)
    assert (code, out) == (3, "")
    assert "Failed: 0 of 12 sent." in err
    desk.world.aws.heal()
    desk.world.aws.fault(Fault(**{**vars(DENIED), "operation": "GetQueueAttributes"}))
    _, _, err = desk.ops("redrive", plan, "--reason", "r", "--yes")
    assert "Failed: " not in err
    desk.world.aws.heal()


def test_a_plan_that_was_begun_is_gone_on_with(desk: Desk) -> None:
    plan = make_redrive_plan(desk, 12)
    desk.world.aws.fault(Fault(**{**vars(DENIED), "operation": "SendMessageBatch"}))
    desk.ops("redrive", plan, "--reason", "r", "--yes")
    desk.world.aws.heal()
    desk.world.dlq.put([{"body": "late"} for _ in range(20)])
    code, _, err = desk.ops("redrive", plan, "--reason", "r", "--yes")
    assert code == 2
    assert re.search(rf"Plan {plan} was started at \d\d:\d\d UTC and failed, 0 of 12 sent\.", err)
    assert f"→ Resume it: ops dlq resume {plan}." in err


@pytest.mark.parametrize("why", [errno.EPIPE, errno.ENOSPC])
def test_progress_that_no_one_can_read_any_more_stops_in_order(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, why: int
) -> None:
    class Gone(io.StringIO):
        """A pipe whose reader has ended (``2>&1 | head``), a log on a full disk."""

        def write(self, _text: str) -> int:
            raise OSError(why, os.strerror(why))

    plan = make_redrive_plan(desk, 60, "--no-watch", "--no-headroom", "--rate", "10")
    with monkeypatch.context() as patch:
        patch.setattr("sys.stderr", Gone())
        code, out, _ = desk.ops("redrive", plan, "--reason", "r", "--yes")
    assert code == 1
    assert out.startswith("Cancelled: ")
    assert f"→ ops dlq resume {plan} --queue jobs" in out
    assert not any(message["hidden"] for message in desk.world.dlq.messages()), "the rest is given back"
    assert len(desk.world.dlq.messages()) + len(desk.world.jobs.messages()) == 60


@contextmanager
def started(plan: str) -> Iterator[subprocess.Popen[str]]:
    """A process that carries ``plan`` out, once it sends. Its leases are short, so that no one waits for them long."""
    arguments = ["dlq", "redrive", plan, "--reason", "r", "--yes", "--queue", "jobs"]
    program = f"from ops.deadletters.transfer import context; context.LEASE_S = {LEASE_S}; import ops.cli; "
    command = [sys.executable, "-c", f"{program} ops.cli.main({arguments!r})"]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[4])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ) as running:
        assert running.stderr is not None
        while (line := running.stderr.readline()) and "sending" not in line:
            pass
        yield running


@pytest.mark.slow
@pytest.mark.parametrize("way", ["Ctrl-C", "cancel"])
def test_a_running_redrive_stops_in_order(desk: Desk, way: str) -> None:
    plan = make_redrive_plan(desk, 60, "--no-watch", "--no-headroom", "--rate", "1")  # a minute of it
    with started(plan) as running:
        if way == "Ctrl-C":
            running.send_signal(signal.SIGINT)
        else:
            code, out, err = desk.ops("cancel")
            assert code == 0, err
            assert out.startswith("Cancelled: ")
        out, err = running.communicate(timeout=60)
    assert running.returncode == 1, err
    assert out.startswith("Cancelled: ")
    assert f"→ ops dlq resume {plan} --queue jobs" in out
    if way == "Ctrl-C":
        assert "Stopping: batches in flight are finished" in err
    sent = len(desk.world.jobs.messages())
    assert sent < 60
    assert len(desk.world.dlq.messages()) + sent == 60, "nothing is lost"


@pytest.mark.slow
def test_a_killed_redrive_is_named_until_it_is_finished(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    set_timing(monkeypatch, lease=LEASE_S)
    plan = make_redrive_plan(desk, 60, "--no-watch", "--no-headroom", "--rate", "10")
    with started(plan) as running:
        running.kill()
        running.communicate()
    first = f"→ ops dlq resume {plan} --queue jobs   first resume this redrive: it was killed"
    assert first in desk.ops("causes")[1]
    assert first in desk.ops("plan")[1]
    assert f"{plan}  interrupted  " in desk.ops("runs")[1]
    told = desk.json("resume")
    assert (told["state"], told["sent"], told["deleted"]) == ("done", 60, 60)
    assert desk.world.dlq.messages() == []
    assert 60 <= len(desk.world.jobs.messages()) <= 60 + len(told["twice"])
    assert "first resume" not in desk.ops("causes")[1]
