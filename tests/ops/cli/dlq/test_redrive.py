"""``ops dlq redrive`` and ``move``: the question, the progress, the result; what is not started, and why."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from ops.deadletters import queue_lock
from ops.deadletters.messages.model import Place
from ops.deadletters.snapshot import Snapshot
from tests.ops.cli.conftest import Desk
from tests.ops.cli.dlq.redrives import QUICK, job_bodies, make_redrive_plan

RUN_KEYS = [
    *("id", "plan_hash", "reason", "who", "state", "began", "ended", "engine", "planned", "sent", "deleted"),
    *("failed", "vanished", "succeeded", "came_back", "waiting", "rate", "rate_limit", "rate_why", "said"),
    *("steps", "twice", "failures", "causes_back", "stays", "moved", "unseen", "unmarked", "stopping"),
    *("reached", "left"),
]
STEP_KEYS = ["number", "upto", "sent", "succeeded", "came_back", "waiting", "state"]


def test_a_redrive_from_question_to_record(desk: Desk, terminal: Any) -> None:
    plan = make_redrive_plan(desk)
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
    shown = desk.json("runs", plan)
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


def test_a_message_that_had_left_the_queue_was_not_sent(desk: Desk) -> None:
    plan = make_redrive_plan(desk, 20)
    desk.world.dlq.remove([desk.world.dlq.messages()[3]["MessageId"]])
    code, out, _ = desk.ops("redrive", plan, "--reason", "r", "--yes")
    assert code == 1, "the help promises 1 unless every letter was sent"
    assert out.startswith("Done: 19 of 20 sent · 1 missing.")
    assert "19 messages were sent, 1 was no longer in the queue." in out
    assert "note: 1 message was no longer in the queue: another consumer took it." in out
    assert desk.json("runs", plan)["vanished"] == 1
    code, _, err = desk.ops("resume", plan)
    assert code == 2
    assert f"Run {plan} is done." in err


def test_a_copy_of_what_the_snapshot_lost_was_not_sent(desk: Desk) -> None:
    desk.world.aws.queue("trial")
    ids = desk.bury(*job_bodies(20))
    plan = str(desk.json("plan", *QUICK, "--to", "trial", "--copy")["plan"]["id"])
    with Snapshot.open(desk.world.source) as snapshot:
        snapshot.set_place(ids[:1], Place.MISSING)
    code, out, _ = desk.ops("redrive", plan, "--reason", "r", "--yes")
    assert code == 1
    assert "19 messages were sent, 1 was no longer in the snapshot." in out
    assert "note: 1 message was no longer in the snapshot." in out


def test_nothing_goes_without_a_yes_or_a_reason(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = make_redrive_plan(desk, 3)
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
    plan = make_redrive_plan(desk, 8, "--steps", "2,100%", "--no-headroom")
    code, out, err = desk.ops("redrive", plan, "--reason", "r", "--yes")
    assert code in (0, 1)
    lines = err.strip().splitlines()
    assert any("of 8 sent" in line for line in lines), "without a terminal, progress is lines"
    assert "\x1b" not in err + out
    told = desk.json("runs", plan)
    assert told["planned"] == 8
    assert told["steps"][0]["upto"] == 2


def test_where_no_one_can_answer_a_closed_input_is_said_like_a_pipe(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = make_redrive_plan(desk, 3)
    desk.ops("export", "out.jsonl")
    monkeypatch.setattr("sys.stdin", None)  # as Python has it where the shell says <&-
    for command in (["redrive", plan], ["purge", "--export", "out.jsonl"]):
        code, out, err = desk.ops(*command, "--reason", "r")
        assert (code, out) == (2, "")
        assert "stdin is not a terminal" in err


def test_what_is_going_on_is_told_before_what_has_become_stale_by_it(desk: Desk) -> None:
    first, made = make_redrive_plan(desk, 12), desk.json("plan", *QUICK)["plan"]
    second = made["id"]
    desk.world.dlq.remove(made["ids"][:8])
    with queue_lock.hold_lock(desk.world.source, first, "arn:ann"):
        code, out, err = desk.ops("redrive", second, "--reason", "r", "--yes")
    assert (code, out) == (1, "")
    assert "Messages of jobs-dlq are already being read or moved by arn:ann since" in err
    assert f"(run {first}, process" in err
    assert "stale" in desk.ops("redrive", second, "--reason", "r", "--yes")[2]


def test_move_takes_the_whole_queue_elsewhere(desk: Desk, terminal: Any) -> None:
    trial = desk.world.aws.queue("trial")
    desk.bury(*job_bodies(12))
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
