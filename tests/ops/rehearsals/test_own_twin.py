"""A rehearsal's twin is its own, and is gone afterwards, however it ends. A small process stands for the twin's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ops import twin_state
from ops.cli.app import run
from ops.errors import TwinError, UsageError
from ops.rehearsals import library
from ops.rehearsals.own_twin import ensure_own, own_twin
from ops.rehearsals.rehearse import rehearse, rehearse_on_own_twin
from ops.twin import lifecycle, processes, state_file
from ops.twin_state import TwinState

SLEEPS = [sys.executable, "-c", "import time; time.sleep(120)", "ops.twin.host"]
STATE = TwinState("http://127.0.0.1:9", "http://127.0.0.1:9", "us-east-1", "0", "AKIA", "secret", "scilearn", 10, "now")


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the folders of the twins are made; each twin is one process that sleeps."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def up(_progress: object, settings: lifecycle.StartSettings) -> TwinState:
        assert settings.bound
        child = processes.start("host", SLEEPS, dict(os.environ), bound=True)
        twin = replace(STATE, pids={"host": child.popen.pid})
        state_file.write(twin)
        return twin

    monkeypatch.setattr(lifecycle, "up", up)
    yield tmp_path


def _is_gone(twin: TwinState, places: Path) -> bool:
    return not twin_state.alive(twin.pids["host"]) and not list(places.iterdir())


def test_it_is_stopped_and_removed_and_the_environment_is_as_before(places: Path) -> None:
    before = os.environ["OPS_TWIN_DIR"]
    with own_twin({}) as twin:
        ensure_own(twin)
        assert Path(os.environ["OPS_TWIN_DIR"]).is_relative_to(places)
        assert twin_state.read() == twin
    assert _is_gone(twin, places)
    assert os.environ["OPS_TWIN_DIR"] == before


@pytest.mark.parametrize("error", [KeyboardInterrupt(), TwinError("it broke"), ZeroDivisionError()])
def test_so_it_is_after_an_error_and_after_ctrl_c(places: Path, error: BaseException) -> None:
    with pytest.raises(type(error)), own_twin({}) as twin:
        raise error
    assert _is_gone(twin, places)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_so_it_is_after_a_signal(places: Path, number: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt), own_twin({}) as twin:
        os.kill(os.getpid(), number)
        signal.pause()
    assert _is_gone(twin, places)


def test_logs_and_records_can_be_kept(places: Path) -> None:
    kept: list[Path] = []
    with own_twin({}, kept.append) as twin:
        record = twin_state.folder() / "ops" / "runbooks" / "run" / "record.jsonl"
        record.parent.mkdir(parents=True)
        record.write_text("{}\n")
    assert not twin_state.alive(twin.pids["host"])
    assert (kept[0] / "records" / "runbooks" / "run" / "record.jsonl").read_text() == "{}\n"
    assert (kept[0] / "twin" / "host.log").exists()


def test_a_twin_that_something_else_started_is_refused_before_anything_is_asked() -> None:
    other = subprocess.Popen(SLEEPS)
    try:
        with pytest.raises(UsageError, match="no twin that it started"):
            rehearse(replace(STATE, pids={"host": other.pid}), library.load("stalled-consumer"))
    finally:
        other.kill()
        other.wait()
    with pytest.raises(UsageError, match="no twin that it started"):
        ensure_own(replace(STATE, pids={"host": other.pid}))
    with pytest.raises(UsageError, match="no twin that it started"):
        ensure_own(STATE)  # it names no process


def test_aws_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], places: Path) -> None:
    monkeypatch.setenv("OPS_TARGET", "aws")
    assert run(["runbook", "rehearse", "stalled-consumer"]) == 2
    assert "runs on a twin of its own, and OPS_TARGET=aws selects AWS" in " ".join(capsys.readouterr().err.split())
    assert not list(places.iterdir())


def test_a_read_only_process_starts_none(monkeypatch: pytest.MonkeyPatch, places: Path) -> None:
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    assert run(["runbook", "rehearse", "stalled-consumer"]) == 2
    assert not list(places.iterdir())


def test_a_twin_that_does_not_start_is_a_finding(monkeypatch: pytest.MonkeyPatch, places: Path) -> None:
    def fails(*_: object) -> TwinState:
        raise TwinError("The twin did not deploy template.yaml: no.", "Read the log.")

    monkeypatch.setattr(lifecycle, "up", fails)
    result = rehearse_on_own_twin(library.load("stalled-consumer"))
    assert result.findings == ["The twin did not deploy template.yaml: no. Read the log."]
    assert not result.is_healthy
    assert not list(places.iterdir())


def test_there_is_no_such_rehearsal(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["runbook", "rehearse", "nothing"]) == 2
    assert "There is no rehearsal nothing." in capsys.readouterr().err
