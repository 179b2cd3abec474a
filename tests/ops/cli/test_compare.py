"""``ops compare``: what it refuses before anything starts, and the last measured run with other assumptions."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from ops.cli.app import run
from ops.compare import saved
from tests.dashboard.samples.comparisons import LOST, REFUSED, comparison_run


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_HOME", str(tmp_path))


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (("--arrivals", "tide"), "There are no arrivals called 'tide'."),
        (("--seconds", "1e9"), "The time must be between 5 and 900 seconds"),
        (("--rate", "-1"), "The rate must be between 0.1 and 50 jobs per second"),
        (("--rate", "50", "--seconds", "900"), "more than 5,000 jobs."),
        (("--workers", "0"), "The container has between 1 and 64 workers, not 0."),
        (("--caller-timeout", "0"), "A caller waits between 1 and 900 s"),
        (("--api", "soap"), "There is no API type 'soap'."),
        (("--last",), "No comparison has been measured on this machine."),
    ],
)
def test_bad_input(given: tuple[str, ...], error: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", *given]) == 2
    shown = capsys.readouterr()
    assert error in " ".join(shown.err.split())
    assert "Traceback" not in shown.err


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (("--utilization", "0"), "The utilization must be above 0%"),
        (("--jobs-at-once", "-1"), "Jobs at once per instance must be above 0"),
        (("--cold-share", "120"), "between 0% and 100% are cold starts"),
        (("--peak-factor", "0.5"), "a peak factor of at least 1"),
        (("--log-bytes", "-1"), "--log-bytes"),
        (("--instances", "0"), "--instances"),
    ],
)
def test_assumptions_that_cannot_be(given: tuple[str, ...], error: str, capsys: pytest.CaptureFixture[str]) -> None:
    saved.save(comparison_run())
    assert run(["compare", "--last", *given]) == 2
    assert error in " ".join(capsys.readouterr().err.split())


def test_files_that_are_wrong_are_refused_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cron, task = tmp_path / "cron.yaml", tmp_path / "task.json"
    cron.write_text("version: 2")
    task.write_text('{"family": 5}')
    assert run(["compare", "--cron", str(cron)]) == 2
    assert "the version must be 1, not 2." in " ".join(capsys.readouterr().err.split())
    assert run(["compare", "--task-definition", str(task)]) == 2
    assert "Missing required parameter" in " ".join(capsys.readouterr().err.split())


def test_read_only_measures_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    assert run(["compare"]) == 2
    assert "OPS_READ_ONLY is set" in capsys.readouterr().err
    assert saved.load() is None


def test_the_last_run_as_a_table_and_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    saved.save(comparison_run())
    assert run(["compare", "--last"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "Jobs lost 4 0" in text
    assert "Connection refused 9 0" in text
    assert run(["compare", "--last", "--output", "csv"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [(row["form"], row["failed_calls"]) for row in rows] == [
        ("synchronous", str(LOST + REFUSED)),
        ("event-driven", "0"),
    ]
    assert run(["compare", "--last", "--json", "--instance", "t3.medium", "--peak-factor", "1"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["costs"]["synchronous"]["usd_per_hour"] == 0.0416
    assert any("check it before you rely on it" in note for note in found["notes"])


def test_a_lost_job_of_the_function_is_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    saved.save(comparison_run(lost=1))
    assert run(["compare", "--last", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["finding"]["level"] == "critical"
