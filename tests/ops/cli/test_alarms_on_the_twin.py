"""``ops alarms record`` and ``rehearse`` on a running workload."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from handler import contract
from ops.alarms.incidents import read
from ops.cli.app import run
from tests.twins import Twin, wait_for

pytestmark = pytest.mark.twin
TABLE = {"columns": {"age": [20, 30, 40, 50, 60, 70], "gift": [1.0, 2.5, 3.0, 4.5, 5.0, 6.5]}}


def test_a_recording_is_rehearsed(twin: Twin, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job: dict[str, Any] = {"schema": contract.JOB_SCHEMA, "job_id": uuid.uuid4().hex, "kind": "describe", "data": TABLE}
    assert twin.post(job).status == 202
    twin.result(job["job_id"])
    number = 0

    def sent() -> str:
        """The file of a recording that has the message."""
        nonlocal number
        number += 1
        path = str(tmp_path / f"night-{number}.toml")
        if run(["alarms", "record", "--from", "10m", "-o", path]):
            assert "No metric of scilearn has data" in capsys.readouterr().err
            return ""
        metrics = {each.metric for each in read(Path(path)).series}
        return path if {"NumberOfMessagesDeleted", "Invocations"} <= metrics else ""

    path = wait_for(sent, 120, "the metrics of the message were not there")
    out, err = capsys.readouterr()
    assert f"→ {path}" in out and "free on the twin" in err
    incident = read(Path(path))
    assert incident.limits["timeout"] > 0 and incident.series[0].period in (10, 20, 30, 60)
    assert run(["alarms", "record", "--from", "10m", "-o", path]) == 2
    assert "exists already" in capsys.readouterr().err
    code = run(["alarms", "rehearse", "--incident", path])
    out = capsys.readouterr().out
    assert code in (0, 1) and Path(path).stem[:20] in out and "local twin" in out
