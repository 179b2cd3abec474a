"""What goes wrong in the middle of a run: refused, unknown, changed underneath, two at once, a full disk, a kill."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ops.cli.app import run as run_ops
from ops.files import lock_holder
from ops.runbooks import rollback
from tests.fakes.aws import Refusal
from tests.fakes.disks import longest_file
from tests.ops.cli.runbook.conftest import SMALL, Incident

RUN = ("run", "stalled-consumer", "--reason", "pager 17")
ALONE = ("--yes-to", "reversible")


def _on_put(incident: Incident, refusal: Refusal | None) -> Any:
    """A hook that raises ``refusal`` at the first change, and lets later ones pass."""
    left = [refusal]

    def hook(operation: str) -> None:
        if operation.startswith("PUT") and left and (raised := left.pop()):
            raise raised

    return hook


def test_a_preview_that_is_no_longer_true_is_refused(incident: Incident, terminal: Any) -> None:
    def someone_else() -> None:
        incident.workload.maximum = 9

    terminal("no", "yes", "12", "yes", meanwhile=someone_else)
    code, out, _ = incident.ops(*RUN)
    assert code == 1
    assert "was 5 in the preview and is 9 now" in out
    assert incident.workload.changes == [("enabled", True)]
    terminal("yes")
    code, _, err = incident.ops("resume")
    assert code == 0
    assert "9 → 12" in err, "it is previewed again"


def test_denied_in_the_middle_names_the_permission_and_resumes(incident: Incident) -> None:
    message = "User: arn:aws:iam::111122223333:user/oncall is not authorized to perform: lambda:UpdateEventSourceMapping on it"
    incident.workload.before = _on_put(incident, Refusal("AccessDeniedException", message, 403))
    code, out, _ = incident.ops(*RUN, *ALONE)
    assert code == 1
    assert "lambda:UpdateEventSourceMapping" in out
    assert "resume" in incident.ops("resume", *ALONE)[2] or incident.workload.state == "Enabled"
    assert incident.workload.changes == [("enabled", True)]


def test_credentials_that_expire_while_waiting_for_a_person(incident: Incident, terminal: Any) -> None:
    incident.workload.before = _on_put(incident, Refusal("ExpiredTokenException", "The security token is expired", 403))
    terminal("no", "yes")
    code, out, _ = incident.ops(*RUN)
    assert code == 1
    assert "failed: Step turn_on failed" in out
    assert incident.workload.changes == []
    terminal("yes", "keep")
    assert incident.ops("resume")[0] == 0


def test_an_outcome_that_is_not_known_is_read_and_not_repeated(incident: Incident) -> None:
    incident.workload.after = _on_put(incident, Refusal("ServiceException", "try again", 500))
    code, _, err = incident.ops(*RUN, *ALONE)
    assert code == 0, err
    assert incident.workload.changes == [("enabled", True)]
    kinds = [entry["event"] for entry in incident.events() if entry["step"] == "turn_on"]
    assert kinds == ["step.intended", "step.unknown", "step.executed", "step.verified"]


def test_a_call_that_did_not_take_place_stays_unknown_until_a_resume(incident: Incident) -> None:
    incident.workload.before = _on_put(incident, Refusal("ServiceException", "try again", 500))
    code, out, _ = incident.ops(*RUN, *ALONE)
    assert code == 1
    assert "The outcome of step turn_on is not known" in out
    assert incident.ops("resume", *ALONE)[0] == 0
    assert incident.workload.changes == [("enabled", True)]
    kinds = [entry["event"] for entry in incident.events() if entry["step"] == "turn_on"]
    assert kinds[:3] == ["step.intended", "step.unknown", "step.not_done"]


def test_read_only_mode_carries_nothing_out(incident: Incident, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    code, out, _ = incident.ops(*RUN, *ALONE)
    assert code == 1
    assert "OPS_READ_ONLY is set: step turn_on would change something" in out
    assert incident.workload.changes == []
    assert incident.ops("run", "stalled-consumer", "--yes-to", "read-only")[0] == 0


def test_the_second_person_sees_who_holds_it(incident: Incident) -> None:
    folder = incident.home / "runbooks"
    folder.mkdir(parents=True)
    path = folder / "111122223333-eu-west-1-orders.lock"
    with lock_holder.hold_lock(path, "20261129T020000-dlq-redrive-aaaa", "arn:aws:iam::111122223333:user/ann"):
        code, _, err = incident.ops(*RUN, *ALONE)
        assert code == 1
        assert "already running on orders by arn:aws:iam::111122223333:user/ann" in err
        assert incident.ops("run", "stalled-consumer", "--yes-to", "read-only")[0] == 0
    assert incident.workload.changes == []


def test_a_run_keeps_the_document_that_it_started_with(incident: Incident, tmp_path: Path, terminal: Any) -> None:
    from ops import runbook_files

    page = tmp_path / "mine.md"
    page.write_text((runbook_files.RUNBOOKS_DIR / "stalled-consumer.md").read_text())
    terminal("no", "stop")
    incident.ops("run", str(page), "--reason", "pager 17")
    page.write_text("# Something else")
    terminal("yes", "keep")
    assert incident.ops("resume")[0] == 0
    kept = incident.record.with_name("document.md")
    kept.write_text(kept.read_text().replace("turn_on", "turn_off"))
    code, _, err = incident.ops("resume", "--again", "find", *ALONE)
    assert code == 1
    assert "is not the one that it started with" in err


def test_a_record_of_another_version(incident: Incident) -> None:
    incident.ops(*RUN, *ALONE)
    incident.record.write_text(incident.record.read_text().replace('"version": 1', '"version": 9'))
    code, _, err = incident.ops("resume", *ALONE)
    assert code == 2
    assert "another version of ops (format 9, this one reads 1)" in err
    assert "another version" in incident.ops("runs")[1]


def test_a_torn_line_is_left_out_and_the_run_goes_on(incident: Incident, terminal: Any) -> None:
    terminal("no", "stop")
    incident.ops(*RUN)
    with incident.record.open("a") as file:
        file.write('{"at": "2026-11-29T02:00:00+00:00", "event": "step.int')
    terminal("yes", "keep")
    assert incident.ops("resume")[0] == 0
    assert incident.workload.changes == [("enabled", True)]


@pytest.mark.parametrize(
    "written", [0, 1, 2], ids=["before the intent", "before the outcome", "before its verification"]
)
def test_a_full_disk(incident: Incident, tmp_path: Path, written: int) -> None:
    page = tmp_path / "small.md"
    page.write_text(SMALL)
    assert incident.ops("check", str(page), "--write")[0] == 0
    run = ("run", str(page), "--reason", "pager 17", *ALONE)
    assert incident.ops(*run)[0] == 0
    lines = incident.record.read_text().splitlines(keepends=True)
    intent = next(number for number, line in enumerate(lines) if '"step.intended"' in line)
    shutil.rmtree(incident.home)
    incident.workload.state = "Disabled"
    incident.workload.changes.clear()
    with longest_file(len("".join(lines[: intent + written])) + 10):
        code, _, err = incident.ops(*run)
    assert code == 1
    assert "The disk is full" in err
    assert incident.workload.changes == ([("enabled", True)] if written else []), (
        "nothing that the record does not show"
    )
    assert incident.record.read_text().endswith("}\n"), "no half line"
    assert incident.ops("resume", *ALONE)[0] == 0
    assert incident.workload.changes == [("enabled", True)]


def test_escapes_in_what_aws_returns_are_shown(incident: Incident) -> None:
    evil = "\x1b[2J<script>|`x`"
    incident.workload.before = _on_put(
        incident, Refusal("AccessDeniedException", f"User: {evil} is not authorized", 403)
    )
    code, out, err = incident.ops(*RUN, *ALONE)
    assert code == 1
    report = incident.ops("report")[1]
    assert "\x1b" not in out + err + report
    assert "<script>" not in report


def _killed(incident: Incident, when: str, *arguments: str) -> None:
    """SIGKILL of ``ops runbook …`` at the moment at which AWS receives a change, or has just made it."""
    victims: list[subprocess.Popen[bytes]] = []

    def kill(operation: str) -> None:
        if operation.startswith("PUT") and victims:
            victims.pop().send_signal(signal.SIGKILL)
            raise Refusal("ServiceException", "no one hears this", 500)

    setattr(incident.workload, when, kill)
    command = [sys.executable, "-m", "ops", "runbook", *arguments, *ALONE, "--queue", "orders"]
    process = subprocess.Popen(command, env=dict(os.environ), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    victims.append(process)
    assert process.wait(60) == -signal.SIGKILL


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_around_the_call_repeats_nothing(incident: Incident, when: str) -> None:
    _killed(incident, when, *RUN)
    assert incident.events()[-1]["event"] == "step.intended"
    (listed,) = incident.json("runs")
    assert (listed["phase"], listed["interrupted"]) == ("running", True)
    assert " interrupted " in incident.ops("runs")[1]
    assert run_ops(["runbook", "resume", *ALONE, "--queue", "orders"]) == 0
    incident.capsys.readouterr()
    assert incident.json("runs")[0]["interrupted"] is False
    assert incident.workload.changes == [("enabled", True)]
    kinds = [entry["event"] for entry in incident.events() if entry["step"] == "turn_on"]
    assert kinds.count("step.intended") == (2 if when == "before" else 1)
    assert json.loads(incident.record.read_text().splitlines()[-1])["phase"] == "done"


def test_a_kill_in_the_middle_of_a_rollback_undoes_nothing_twice(incident: Incident) -> None:
    assert incident.ops(*RUN, *ALONE)[0] == 0
    _killed(incident, "after", "rollback", "--reason", "wrong")
    assert incident.events()[-1]["event"] == "undo.intended"
    code, out, err = incident.ops("rollback", "--reason", "again", *ALONE)
    assert code == 0, out + err
    assert incident.workload.changes == [("enabled", True), ("enabled", False)]


def test_a_run_that_was_killed_is_rolled_back_without_a_resume(
    incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollback, "LATE_CALL_S", 0.2)
    _killed(incident, "after", *RUN)
    code, out, err = incident.ops("rollback", "--reason", "wrong", *ALONE)
    assert code == 0, out + err
    assert "rolled back: Every change is undone." in out
    assert incident.workload.changes == [("enabled", True), ("enabled", False)]
