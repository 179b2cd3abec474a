"""Carrying plans out on the command line: the question, the progress, the result, stopping and going on."""

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
from typing import Any

import pytest

from ops.deadletters import queue_lock
from ops.deadletters.messages.model import Place
from ops.deadletters.snapshot import Snapshot
from tests.fakes.sqs.faults import DENIED, Fault
from tests.ops.cli.conftest import Desk
from tests.timing import set_timing

LEASE_S = 3
QUICK = ["--no-watch", "--no-headroom", "--rate", "0"]
RUN_KEYS = [
    *("id", "plan_hash", "reason", "who", "state", "began", "ended", "engine", "planned", "sent", "deleted"),
    *("failed", "vanished", "succeeded", "came_back", "waiting", "rate", "rate_limit", "rate_why", "said"),
    *("steps", "twice", "failures", "causes_back", "stays", "moved", "unseen", "unmarked", "stopping"),
    *("reached", "left"),
]
STEP_KEYS = ["number", "upto", "sent", "succeeded", "came_back", "waiting", "state"]


def jobs(count: int) -> list[dict[str, object]]:
    return [{"job_id": f"job-{number}"} for number in range(count)]


def planned(desk: Desk, count: int = 30, *options: str) -> str:
    desk.bury(*jobs(count))
    return str(desk.told("plan", *(options or QUICK))["plan"]["id"])


def test_a_ledger_that_cannot_be_read_is_named_among_the_runs(desk: Desk) -> None:
    plan = planned(desk, 2)
    assert desk.ops("redrive", plan, "--reason", "r", "--yes")[0] == 0
    (ledger,) = Path(desk.world.source.runs_folder).glob("*.db")
    ledger.write_bytes(b"no ledger at all" * 400)
    code, out, _ = desk.ops("runs")
    assert code == 0
    assert "warning: The ledger" in out
    assert "No redrives" not in out


def test_a_redrive_from_question_to_record(desk: Desk, terminal: Any) -> None:
    plan = planned(desk)
    terminal("n")
    code, out, err = desk.ops("redrive", plan, "--reason", "fixed")
    assert (code, out.strip()) == (1, "")
    assert "30 messages to send back to their original source." in err, "the plan is shown before it is asked"
    assert "Nothing was done." in err
    assert len(desk.world.dlq.messages()) == 30
    terminal("y")
    code, out, err = desk.ops("redrive", plan, "--reason", "fixed, ticket 7")
    assert code == 0, err
    assert "Done: 30 of 30 sent." in out
    assert "reason: fixed, ticket 7" in out
    assert "→ ops dlq scan --queue jobs" in out
    assert len(desk.world.jobs.messages()) == 30
    assert desk.world.dlq.messages() == []
    code, out, _ = desk.ops("runs")
    assert code == 0
    assert f"{plan}  done  30 of 30 sent" in out
    shown = desk.told("runs", plan)
    assert (list(shown), list(shown["steps"][0])) == (RUN_KEYS, STEP_KEYS), "keys are a promise to scripts"
    assert "reason: fixed, ticket 7" in desk.ops("runs", plan)[1]
    code, out, _ = desk.ops("audit")
    assert code == 0
    assert "redrive done" in out
    assert "fixed, ticket 7" in " ".join(out.split())
    code, _, err = desk.ops("redrive", plan, "--reason", "again", "--yes")
    assert code == 2, "a plan is carried out once"
    assert re.search(rf"Plan {plan} was run at \d\d:\d\d UTC, 30 of 30 sent\.", err)
    assert "Scan again (ops dlq scan), and make a new plan" in err
    code, _, err = desk.ops("resume", plan)
    assert code == 2
    assert f"Run {plan} is done." in err


def test_a_letter_that_had_left_the_queue_was_not_sent(desk: Desk) -> None:
    plan = planned(desk, 20)
    desk.world.dlq.remove([desk.world.dlq.messages()[3]["MessageId"]])
    code, out, _ = desk.ops("redrive", plan, "--reason", "r", "--yes")
    assert code == 1, "the help promises 1 unless every letter was sent"
    assert out.startswith("Done: 19 of 20 sent · 1 missing.")
    assert "19 messages were sent, 1 was no longer in the queue." in out
    assert "note: 1 message was no longer in the queue: another consumer took it." in out
    assert desk.told("runs", plan)["vanished"] == 1
    code, _, err = desk.ops("resume", plan)
    assert code == 2
    assert f"Run {plan} is done." in err


def test_a_copy_of_what_the_shelf_lost_was_not_sent(desk: Desk) -> None:
    desk.world.aws.queue("trial")
    ids = desk.bury(*jobs(20))
    plan = str(desk.told("plan", *QUICK, "--to", "trial", "--copy")["plan"]["id"])
    with Snapshot.open(desk.world.source) as snapshot:
        snapshot.set_place(ids[:1], Place.MISSING)
    code, out, _ = desk.ops("redrive", plan, "--reason", "r", "--yes")
    assert code == 1
    assert "19 messages were sent, 1 was no longer in the snapshot." in out
    assert "note: 1 message was no longer in the snapshot." in out


def test_nothing_goes_without_a_yes_or_a_reason(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned(desk, 3)
    code, out, err = desk.ops("redrive", plan, "--yes")
    assert code == 2
    assert "--reason" in err
    code, _, err = desk.ops("redrive", plan, "--reason", "  ", "--yes")
    assert code == 2
    assert err.startswith("A reason is required")
    code, _, err = desk.ops("redrive", plan, "--reason", "\udcff", "--yes")
    assert code == 2
    assert err.startswith("--reason is not valid UTF-8.")
    with Path(os.devnull).open(encoding="utf-8") as nobody:
        monkeypatch.setattr("sys.stdin", nobody)
        code, out, err = desk.ops("redrive", plan, "--reason", "r")
    assert (code, out) == (2, "")
    assert "stdin is not a terminal" in err
    assert "--yes" in err
    assert len(desk.world.dlq.messages()) == 3


def test_a_canary_that_nothing_answers_is_told_as_lines(desk: Desk) -> None:
    plan = planned(desk, 8, "--steps", "2,100%", "--no-headroom")
    code, out, err = desk.ops("redrive", plan, "--reason", "r", "--yes")
    assert code in (0, 1)
    lines = err.strip().splitlines()
    assert any("of 8 sent" in line for line in lines), "without a terminal, progress is lines"
    assert "\x1b" not in err + out
    told = desk.told("runs", plan)
    assert told["planned"] == 8
    assert told["steps"][0]["upto"] == 2


def test_a_refused_destination_is_a_sentence_and_can_be_resumed(desk: Desk) -> None:
    plan = planned(desk)
    desk.world.aws.fault(Fault(**{**vars(DENIED), "operation": "SendMessageBatch"}))
    code, out, err = desk.ops("redrive", plan, "--reason", "r", "--yes")
    assert (code, out) == (3, "")
    assert "is not authorized to perform sqs:" in err
    assert len(desk.world.dlq.messages()) == 30, "nothing is lost"
    _, out, _ = desk.ops("runs", plan)
    assert out.startswith("Failed: 0 of 30 sent.")
    assert f"→ ops dlq resume {plan} --queue jobs" in out
    desk.world.aws.heal()
    code, out, _ = desk.ops("resume")
    assert code == 0
    assert out.startswith("Done: 30 of 30 sent.")
    assert len(desk.world.jobs.messages()) == 30


def test_where_nobody_can_answer_a_closed_input_is_said_like_a_pipe(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(desk, 3)
    desk.ops("export", "out.jsonl")
    monkeypatch.setattr("sys.stdin", None)  # as Python has it where the shell says <&-
    for command in (["redrive", plan], ["purge", "--export", "out.jsonl"]):
        code, out, err = desk.ops(*command, "--reason", "r")
        assert (code, out) == (2, "")
        assert "stdin is not a terminal" in err


@pytest.mark.parametrize("command", [["resume", "--yes"], ["cancel"], ["runs"]])
def test_a_run_with_an_empty_name_is_not_the_latest_one(desk: Desk, command: list[str]) -> None:
    plan = planned(desk, 3)
    desk.world.aws.fault(Fault(**{**vars(DENIED), "operation": "SendMessageBatch"}))
    desk.ops("redrive", plan, "--reason", "r", "--yes")
    desk.world.aws.heal()
    code, out, err = desk.ops(*command, "")
    assert (code, out) == (2, ""), "most often a variable of a script that is not set"
    assert "RUN is empty." in err
    assert len(desk.world.jobs.messages()) == 0


def test_nothing_to_resume_or_cancel(desk: Desk) -> None:
    for command, what in (("resume", "to resume"), ("cancel", "running")):
        code, _, err = desk.ops(command)
        assert code == 2
        assert f"There is no redrive of jobs-dlq {what}." in err
        assert "→ List them: ops dlq runs --queue jobs." in err
    code, out, _ = desk.ops("runs")
    assert code == 0
    assert "No redrives of this queue on this machine." in out
    code, _, err = desk.ops("runs", "2026")
    assert code == 2
    assert "There is no run 2026" in err


def test_what_is_going_on_is_told_before_what_has_become_stale_by_it(desk: Desk) -> None:
    first, made = planned(desk, 12), desk.told("plan", *QUICK)["plan"]
    second = made["id"]
    desk.world.dlq.remove(made["ids"][:8])
    with queue_lock.hold_lock(desk.world.source, first, "arn:ann"):
        code, out, err = desk.ops("redrive", second, "--reason", "r", "--yes")
    assert (code, out) == (1, "")
    assert "Messages of jobs-dlq are already being read or moved by arn:ann since" in err
    assert f"(run {first}, process" in err
    assert "stale" in desk.ops("redrive", second, "--reason", "r", "--yes")[2]


def test_a_plan_that_was_begun_is_gone_on_with(desk: Desk) -> None:
    plan = planned(desk, 12)
    desk.world.aws.fault(Fault(**{**vars(DENIED), "operation": "SendMessageBatch"}))
    desk.ops("redrive", plan, "--reason", "r", "--yes")
    desk.world.aws.heal()
    desk.world.dlq.put([{"body": "late"} for _ in range(20)])
    code, _, err = desk.ops("redrive", plan, "--reason", "r", "--yes")
    assert code == 2
    assert re.search(rf"Plan {plan} was started at \d\d:\d\d UTC and failed, 0 of 12 sent\.", err)
    assert f"→ Resume it: ops dlq resume {plan}." in err


def test_move_takes_the_whole_queue_elsewhere(desk: Desk, terminal: Any) -> None:
    trial = desk.world.aws.queue("trial")
    desk.bury(*jobs(12))
    code, _, err = desk.ops("move", "--to", "origin", "--reason", "r")
    assert code == 2
    assert "ops dlq plan" in err
    terminal("y")
    code, out, err = desk.ops("move", "--to", "trial", "--copy", "--reason", "try")
    assert code == 0, err
    assert "12 messages to copy to trial." in err
    assert "Done: 12 of 12 sent." in out
    assert len(trial.messages()) == len(desk.world.dlq.messages()) == 12
    code, out, _ = desk.ops("move", "--to", "trial", "--reason", "for good", "--yes")
    assert code == 0
    assert desk.world.dlq.messages() == []
    assert len(trial.messages()) == 24


@pytest.mark.parametrize("why", [errno.EPIPE, errno.ENOSPC])
def test_progress_that_nobody_can_read_any_more_stops_in_order(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, why: int
) -> None:
    class Gone(io.StringIO):
        """A pipe whose reader has ended (``2>&1 | head``), a log on a full disk."""

        def write(self, _text: str) -> int:
            raise OSError(why, os.strerror(why))

    plan = planned(desk, 60, "--no-watch", "--no-headroom", "--rate", "10")
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
    """A process that carries ``plan`` out, once it sends. Its leases are short, so that nobody waits for them long."""
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
    plan = planned(desk, 60, "--no-watch", "--no-headroom", "--rate", "1")  # a minute of it
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
    plan = planned(desk, 60, "--no-watch", "--no-headroom", "--rate", "10")
    with started(plan) as running:
        running.kill()
        running.communicate()
    first = f"→ ops dlq resume {plan} --queue jobs   first resume this redrive: it was killed"
    assert first in desk.ops("causes")[1]
    assert first in desk.ops("plan")[1]
    assert f"{plan}  interrupted  " in desk.ops("runs")[1]
    told = desk.told("resume")
    assert (told["state"], told["sent"], told["deleted"]) == ("done", 60, 60)
    assert desk.world.dlq.messages() == []
    assert 60 <= len(desk.world.jobs.messages()) <= 60 + len(told["twice"])
    assert "first resume" not in desk.ops("causes")[1]
