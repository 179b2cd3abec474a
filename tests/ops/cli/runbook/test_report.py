"""``ops runbook report`` with an account behind it: what it adds, and what it says where it may not look."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.aws import Refusal
from tests.fakes.disks import longest_file
from tests.ops.cli.runbook.conftest import Incident

RUN = ("run", "stalled-consumer", "--reason", "pager 17", "--yes-to", "reversible")


def _refuse(incident: Incident, code: str, status: int = 403) -> None:
    def before(_operation: str) -> None:
        raise Refusal(code, "no", status)

    incident.workload.before = before


@pytest.mark.parametrize("code", ["AccessDeniedException", "ExpiredTokenException"])
def test_an_account_that_may_not_be_asked(incident: Incident, code: str) -> None:
    incident.ops(*RUN)
    _refuse(incident, code)
    exit_code, out, err = incident.ops("report")
    assert exit_code == 0, err
    assert "`off` → `on`" in out, "what the record says is there"
    assert out.count("are not complete: ") == 2
    assert "Not read: " in out and "Not known: " in out
    assert "Whether messages are in the DLQ is not known" in out


def test_another_account_is_not_asked(incident: Incident) -> None:
    incident.ops(*RUN)
    incident.record.write_text(
        incident.record.read_text().replace('"account": "111122223333"', '"account": "999988887777"')
    )
    out = incident.ops("report")[1]
    assert "The credentials are of account 111122223333, and the run was in account 999988887777." in out


def test_one_source_that_may_not_be_read_leaves_the_others(incident: Incident) -> None:
    incident.ops(*RUN)

    def before(operation: str) -> None:
        if operation == "GetMetricData":
            raise Refusal(
                "AccessDeniedException", "User: x is not authorized to perform: cloudwatch:GetMetricData", 403
            )

    incident.workload.before = before
    out = incident.ops("report")[1]
    assert "Not read: " in out and "cloudwatch:GetMetricData" in out
    assert "| Turn the event source mapping on (`turn_on`) | done" in out


def test_the_record_alone_asks_nothing(incident: Incident) -> None:
    incident.ops(*RUN)
    asked = len(incident.aws.calls)
    assert "Not asked for." in incident.ops("report", "--record-only")[1]
    assert len(incident.aws.calls) == asked


def test_in_a_file_or_a_folder_and_never_over_another(
    incident: Incident, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident.ops(*RUN)
    monkeypatch.setenv("PATH", str(tmp_path))  # no browser
    folder = tmp_path / "reports"
    folder.mkdir()
    code, out, err = incident.ops("report", "--out", str(folder), "--record-only")
    assert code == 0, err
    (path,) = folder.iterdir()
    assert path.name == f"{incident.record.parent.name}.md"
    assert str(path) in out.replace("\n", "")
    assert path.read_text().startswith("# Incident: ")
    assert "No picture: There are no metrics of that time." in err
    code, _, err = incident.ops("report", "--out", str(folder), "--record-only")
    assert code == 2
    assert "is there already" in err
    code, _, err = incident.ops("report", "--out", str(tmp_path / "x.png"), "--record-only")
    assert code == 2
    assert "is the name of the picture" in " ".join(err.split())
    assert not (tmp_path / "x.png").exists()
    code, _, err = incident.ops("report", "--out", str(tmp_path / "none" / "x.md"), "--record-only")
    assert code != 0
    assert "There is no folder" in err


def test_a_full_disk_before_anything_is_done(incident: Incident) -> None:
    with longest_file(40):
        code, _, err = incident.ops(*RUN)
    assert code == 1
    assert "The disk is full" in err
    assert incident.workload.changes == []


def test_an_audit_log_that_cannot_be_written_stops_the_run_before_the_call(incident: Incident) -> None:
    audit = incident.home / "audit.jsonl"
    saved: list[str] = []

    def before(operation: str) -> None:
        """The audit log becomes a folder once the run has started."""
        if operation.startswith("/2015-03-31/event-source-mappings/") and audit.is_file():
            saved.append(str(shutil.move(audit, audit.with_suffix(".saved"))))
            audit.mkdir()

    incident.workload.before = before
    code, _, err = incident.ops(*RUN)
    assert code == 1
    assert "The audit log cannot be written" in err
    assert incident.workload.changes == []
    audit.rmdir()
    shutil.move(saved[0], audit)
    incident.workload.before = lambda _operation: None
    assert incident.ops("resume", "--yes-to", "reversible")[0] == 0
    assert incident.workload.changes == [("enabled", True)]
    outcomes = [(e["action"], e["outcome"]) for e in map(json.loads, audit.read_text().splitlines())]
    assert ("runbook step", "carried out") in outcomes


@pytest.mark.browser
@pytest.mark.slow
def test_a_picture_where_there_is_a_browser(tmp_path: Path) -> None:
    from datetime import UTC, datetime, timedelta

    from ops.runbooks.report.model import IncidentMetric, IncidentMetrics, IncidentPeriod, IncidentReport
    from ops.runbooks.report.picture import BROWSERS, draw
    from ops.runbooks.run_state import RunbookRun

    if not any(map(shutil.which, BROWSERS)):
        pytest.skip("no Chromium")
    pytest.importorskip("plotly")
    start = datetime(2026, 11, 29, 2, 0, tzinfo=UTC)
    series: Any = (IncidentMetric("Errors", "invocations", (1.0, None, 3.0), sums=True),)
    metrics = IncidentMetrics(start, start + timedelta(minutes=3), 60, series)
    period = IncidentPeriod(start, start + timedelta(minutes=2), ("a",))
    run = RunbookRun("r", workload="<b>orders</b>")
    image = draw(IncidentReport(run, "Title", "here", start, period, (), metrics))
    assert image.startswith(b"\x89PNG")
    assert len(image) > 5_000
