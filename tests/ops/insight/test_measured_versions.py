"""Versions that a memory sweep measured: named as such, compared with none, and no baseline of an alarm."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.alarms.catalogue import InitBaseline
from ops.insight.reports import cold_starts, failures, init_baseline
from ops.measured_versions import MeasuredVersionsFile
from tests.ops.insight.test_cold_starts import run
from tests.ops.insight.world import WINDOW, WORKLOAD, Stage, world


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_TWIN_DIR", str(tmp_path))


def measured(stage: Stage, *versions: str) -> None:
    file = MeasuredVersionsFile(stage.aws.target, WORKLOAD.account, WORKLOAD.region, "worker")
    for version in versions:
        file.add(version)


def test_they_are_named_on_the_pages_and_compared_with_nothing(stage: Stage) -> None:
    measured(stage, "8")
    lines = [
        *(run(n, cold=True, version="7") for n in range(12)),
        *(run(1_000 + n, cold=True, version="8") for n in range(12, 24)),  # slow: it had little memory
        *(run(n, cold=True, version="9") for n in range(24, 36)),
    ]
    with world(stage, log_lines=lines) as (aws, _):
        found = cold_starts.report(aws, WORKLOAD, WINDOW)
        failing = failures.report(aws, WORKLOAD, WINDOW)
    assert list(found.by_version["version"]) == ["7", "8 (measured by ops rightsize)", "9"]
    assert list(found.by_version["slower"]) == ["", "", "yes"], "by some milliseconds than version 7"
    assert "version 9 starts slower" in found.finding.text
    assert set(found.invocations["version"]) == {"7", "8 (measured by ops rightsize)", "9"}
    assert "8 (measured by ops rightsize)" in list(failing.by_version["version"])


def test_they_are_no_baseline(stage: Stage) -> None:
    measured(stage, "8")
    lines = [run(n, cold=True, version="7" if n < 20 else "8" if n < 40 else "9") for n in range(60)]
    with world(stage, log_lines=lines) as (aws, _):
        assert init_baseline.read(aws, WORKLOAD) == InitBaseline(7, 1018.0, 20)


def test_another_start_of_the_twin_has_versions_of_its_own(stage: Stage, tmp_path: Path) -> None:
    measured(stage, "8")
    path = next((tmp_path / "ops" / "rightsize").glob("*.measured"))
    path.write_text(path.read_text().replace('"place": "key"', '"place": "other"'))
    with world(stage, log_lines=[run(1, version="8")]) as (aws, _):
        assert list(cold_starts.report(aws, WORKLOAD, WINDOW).by_version["version"]) == ["8"]
