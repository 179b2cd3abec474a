"""Runs named on the command line: none, an empty name, a ledger that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.sqs.faults import DENIED, Fault
from tests.ops.cli.conftest import Desk
from tests.ops.cli.dlq.redrives import make_redrive_plan


def test_a_ledger_that_cannot_be_read_is_named_among_the_runs(desk: Desk) -> None:
    plan = make_redrive_plan(desk, 2)
    assert desk.ops("redrive", plan, "--reason", "r", "--yes")[0] == 0
    (ledger,) = Path(desk.world.source.runs_folder).glob("*.db")
    ledger.write_bytes(b"no ledger at all" * 400)
    code, out, _ = desk.ops("runs")
    assert code == 0
    assert "warning: The ledger" in out
    assert "No redrives" not in out


@pytest.mark.parametrize("command", [["resume", "--yes"], ["cancel"], ["runs"]])
def test_a_run_with_an_empty_name_is_not_the_latest_one(desk: Desk, command: list[str]) -> None:
    plan = make_redrive_plan(desk, 3)
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
