"""A sweep of the reference workload on the twin: real jobs, real INIT, CPU by memory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from handler import contract
from ops.aws import Aws
from ops.aws.lambda_ import versions
from ops.cli.app import run
from ops.target import resolve
from tests.twins import Twin

TABLE = {"columns": {"age": [20, 30, 40, 50, 60, 70], "gift": [1.0, 2.5, 3.0, 4.5, 5.0, 6.5]}}


@pytest.mark.twin
def test_real_jobs_are_measured_and_nothing_is_left(
    twin: Twin, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = {"schema": contract.JOB_SCHEMA, "job_id": "x", "kind": "describe", "data": TABLE}
    (tmp_path / "jobs").write_text(json.dumps(job))
    aws = Aws(resolve())
    name = twin.outputs[contract.OUTPUT_FUNCTION]
    before = versions.read_configuration(aws, name)
    sweep = ("--memory", "512", "--invocations", "5", "--rounds", "1", "--batch", "2", "--change-live", "--yes")
    code = run(["rightsize", "--json", "--jobs", str(tmp_path / "jobs"), *sweep])
    shown = capsys.readouterr()
    assert code == 0, shown.err
    rows = json.loads(shown.out)["settings"]
    assert [row["memory_mb"] for row in rows] == [512, before.memory_mb]
    for row in rows:
        assert (row["invocations"], row["failed"], row["cold_starts"]) == (6, 0, 1)
        assert row["init_ms"] > 0
        assert 0 < row["max_memory_used_mb"] <= row["memory_mb"]
        assert 0 < row["usd_per_1000_low"] <= row["usd_per_1000"] <= row["usd_per_1000_high"]
    after = versions.read_configuration(aws, name)
    assert (after.memory_mb, after.settings) == (before.memory_mb, before.settings)
    assert not [alias for alias in versions.aliases(aws, name) if alias.name.startswith("ops-")]
