"""Secrets in reasons, questions and answers: in no file, no report and no output; and what changes is in the audit log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ops.runbooks.run_audit import STEP, UNDO
from tests.ops.cli.runbook.conftest import SMALL, Incident

SECRET = "hunter2hunter2"
RUN = ("run", "stalled-consumer", "--yes-to", "reversible")
ASKED = """```check
id: ask
action: person.ask
with:
  question: Which maximum?
```
```sh generated
```
```step
id: more
action: mapping.set-maximum-concurrency
with:
  maximum:
    from: steps.ask.answer
otherwise: Ask.
```
```sh generated
```
"""


def _files(folder: Path) -> str:
    return "".join(path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file())


def test_a_secret_in_the_reason(incident: Incident) -> None:
    code, out, err = incident.ops(*RUN, "--reason", f"rotated, password={SECRET}")
    assert code == 0, err
    report = incident.ops("report")[1]
    told = json.dumps(incident.json("report"))
    assert "password=" in report and "password=***" in told
    assert SECRET not in out + err + report + told + _files(incident.home)


def test_a_secret_as_an_answer_is_not_passed_on(incident: Incident, tmp_path: Path, terminal: Any) -> None:
    page = tmp_path / "small.md"
    page.write_text(SMALL.replace("## Mitigation\n", f"## Mitigation\n{ASKED}"))
    code, problems, _ = incident.ops("check", str(page), "--write")
    assert code == 0, problems
    terminal(f"token={SECRET}")
    code, out, err = incident.ops("run", str(page), "--reason", "pager 17")
    assert code == 1
    assert "Input maximum of step more (steps.ask.answer) is a secret" in out
    assert incident.workload.changes == [], "nothing is set to a masked value"
    assert SECRET not in out + err + _files(incident.home)


def _audited(incident: Incident) -> list[tuple[str, str, str]]:
    lines = (incident.home / "audit.jsonl").read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    assert {entry["plan"] for entry in entries} == {incident.record.parent.name}
    return [(entry["action"], entry["outcome"], entry["note"]) for entry in entries if entry["action"] in (STEP, UNDO)]


def test_each_change_is_in_the_audit_log_before_and_after(incident: Incident, terminal: Any) -> None:
    seen: list[int] = []
    incident.workload.before = lambda operation: (
        seen.append(len(_audited(incident))) if operation.startswith("PUT") else None
    )
    incident.ops(*RUN, "--reason", "pager 17")
    assert seen == [1], "the intent is there before the call"
    (intent, outcome) = _audited(incident)
    assert intent[:2] == (STEP, "began")
    assert outcome[:2] == (STEP, "carried out")
    assert outcome[2].startswith("polling of 00000000")
    assert outcome[2].endswith(": off → on (turn_on, mapping.resume)")
    incident.ops("rollback", "--reason", "errors followed", "--yes-to", "reversible")
    assert [entry[:2] for entry in _audited(incident)[2:]] == [(UNDO, "began"), (UNDO, "carried out")]
