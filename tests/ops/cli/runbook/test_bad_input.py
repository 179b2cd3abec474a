"""Documents, clocks and texts that are not as they should be, by the command line: refused, or borne, never acted on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ops import clock
from tests.cases.runbooks.broken import documents
from tests.ops.cli.runbook.conftest import Incident

RUN = ("run", "stalled-consumer", "--reason", "pager 17")
ALONE = ("--yes-to", "reversible")


@pytest.mark.parametrize("name", [broken.name for broken in documents()][::6])
def test_a_broken_document_is_not_run(incident: Incident, tmp_path: Path, name: str) -> None:
    broken = next(each for each in documents() if each.name == name)
    page = tmp_path / "page.md"
    page.write_text(broken.text)
    code, out, err = incident.ops("check", str(page))
    assert code == 1
    line, _, text = broken.problems[0].partition(": ")
    assert f"page.md:{line}: {text}" in " ".join((out + err).split()).replace("\n", " ")
    code, out, err = incident.ops("run", str(page), "--reason", "x", *ALONE)
    assert code != 0
    assert incident.workload.changes == []
    assert not list(incident.home.glob("runbooks/*/record.jsonl")), "nothing was started"


@pytest.mark.parametrize("step", [timedelta(days=-1), timedelta(days=1)], ids=["back", "forward"])
def test_the_clock_is_set_in_the_middle_of_a_run(
    incident: Incident, terminal: Any, monkeypatch: pytest.MonkeyPatch, step: timedelta
) -> None:
    terminal("no", "stop")
    assert incident.ops(*RUN)[0] == 1
    monkeypatch.setattr(clock, "_START", clock._START + step)
    terminal("yes", "keep")
    code, _, err = incident.ops("resume")
    assert code == 0, err
    assert incident.workload.changes == [("enabled", True)]
    assert incident.ops("rollback", "--reason", "try", *ALONE)[0] == 0
    assert incident.workload.changes[1:] == [("enabled", False)]
    report = incident.ops("report", "--record-only")[1]
    assert ("The clock of the machine that ran this was set back" in report) is (step < timedelta(0))
    assert "-1 day" not in report
    terminal("no", "yes", "keep")
    assert incident.ops(*RUN)[0] == 0
    runs = [line.split()[0] for line in incident.ops("runs")[1].splitlines()[1:] if line.strip()]
    assert runs == sorted(runs, reverse=True), "the one that started last is the latest"


def test_escapes_in_what_a_person_types(incident: Incident, terminal: Any) -> None:
    evil = "\x1b[2J\x1b]0;owned\x07<script>boom()</script> **bold** | cell `x`"
    terminal(evil, "no", "yes", "keep")
    code, out, err = incident.ops("run", "stalled-consumer", "--reason", evil)
    assert code == 0, err
    shown = "".join(incident.ops(*words)[1] for words in (("report", "--record-only"), ("record",), ("runs",)))
    assert "\x1b" not in out + err + shown
    assert "<script>" not in incident.ops("report", "--record-only")[1]
