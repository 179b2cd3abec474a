"""Old runs in a file per month: archived whole, listed, restored as they were; what may still go on stays."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops.files import atomic_file, file_lock
from ops.runbooks import record_archive
from ops.runbooks.run_state import RunbookRun, fold
from tests.ops.cli.runbook.conftest import Incident

RUN = ("run", "stalled-consumer", "--reason", "pager 17")
ALONE = ("--yes-to", "reversible")


def _tree(incident: Incident) -> dict[str, bytes]:
    folder = incident.home / "runbooks"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.glob("*/*")}


def test_archived_and_restored_as_it_was(incident: Incident) -> None:
    assert incident.ops(*RUN, *ALONE)[0] == 0
    record = incident.record
    record.with_name("process.log").write_bytes(b"\xff\xfe no text \n")
    before, run = _tree(incident), record.parent.name
    assert incident.ops("record", "--prune", "1d")[1].startswith("0 runs archived")
    assert _tree(incident) == before
    code, out, _ = incident.ops("record", "--prune", "0s")
    assert (code, out.startswith("1 run archived in ")) == (0, True), out
    assert _tree(incident) == {}
    assert [path.name for path in (incident.home / record_archive.ARCHIVE).iterdir()] == [f"{run[:4]}-{run[4:6]}.jsonl"]
    assert incident.ops("runs")[2].startswith("No runbook") or "No runbook" in incident.ops("runs")[1]
    assert "--archived" in incident.ops("report", run)[2]
    assert incident.ops("runs", "--archived")[1] == f"{run}\n"
    assert incident.ops("record", run[-4:], "--restore")[0] == 0
    assert _tree(incident) == before
    assert incident.ops("rollback", run, "--reason", "late", *ALONE)[0] == 0, "as any other run"
    assert incident.ops("record", run, "--restore")[2].count("is there already") == 1


def test_what_may_still_go_on_stays(incident: Incident, terminal: Any) -> None:
    assert incident.ops(*RUN, *ALONE)[0] == 0
    text = incident.record.read_text()
    incident.record.write_text(text[: text.rindex('{"at"')])  # killed before its end
    path = incident.record
    old = datetime.now(UTC) + timedelta(days=1)
    result = record_archive.archive_runs(incident.home, old)
    assert (result.runs, len(result.left)) == ((), 1)
    assert "has not ended" in result.left[0]
    assert path.exists()


def test_one_whose_workload_is_in_use_stays(incident: Incident) -> None:
    assert incident.ops(*RUN, *ALONE)[0] == 0
    with (incident.home / "runbooks" / "111122223333-eu-west-1-orders.lock").open("a") as lock:
        assert file_lock.lock_exclusively(lock, 0.0)
        _, out, _ = incident.ops("record", "--prune", "0s")
    assert out.startswith("0 runs archived")
    assert "its workload is in use" in out
    assert incident.record.exists()


@pytest.mark.parametrize("when", ["before the folder goes", "while it goes"])
def test_a_kill_in_the_middle_loses_nothing(incident: Incident, when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert incident.ops(*RUN, *ALONE)[0] == 0
    before, run = _tree(incident), incident.record.parent.name

    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    target = (
        ("pathlib.Path.rename", die) if when.startswith("before") else (f"{record_archive.__name__}.shutil.rmtree", die)
    )
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(*target)
        record_archive.archive_runs(incident.home, datetime.now(UTC))
    assert incident.ops("record", "--prune", "0s")[0] == 0
    assert _tree(incident) == {}
    assert not list((incident.home / "runbooks").glob(".removed-*"))
    assert incident.ops("record", run, "--restore")[0] == 0
    assert _tree(incident) == before


def test_a_torn_line_and_a_full_disk(incident: Incident) -> None:
    from tests.fakes.disks import longest_file

    assert incident.ops(*RUN, *ALONE)[0] == 0
    before, run = _tree(incident), incident.record.parent.name
    path = incident.home / record_archive.ARCHIVE / f"{run[:4]}-{run[4:6]}.jsonl"
    path.parent.mkdir()
    path.write_text('{"run": "torn')
    with longest_file(200):
        code, _, err = incident.ops("record", "--prune", "0s")
    assert code == 1
    assert "The disk is full" in err
    assert _tree(incident) == before, "nothing is lost"
    assert incident.ops("record", "--prune", "0s")[0] == 0
    assert incident.ops("record", run, "--restore")[0] == 0
    assert _tree(incident) == before


def test_a_start_reads_no_run_that_is_over(incident: Incident) -> None:
    assert incident.ops(*RUN, *ALONE)[0] == 0
    assert incident.ops(*RUN, *ALONE)[0] == 0
    old = min((incident.home / "runbooks").glob("*/record.jsonl"))
    shutil.rmtree(old.parent)
    old.parent.mkdir()
    old.mkdir()  # reading it would fail
    assert incident.ops(*RUN, *ALONE)[0] == 0


def test_a_run_that_went_on_since_it_was_looked_at_stays(incident: Incident, monkeypatch: pytest.MonkeyPatch) -> None:
    assert incident.ops(*RUN, *ALONE)[0] == 0

    def rolled_back_meanwhile(run: str, events: Any) -> RunbookRun:
        state = fold(run, events)
        with incident.record.open("a") as file:
            file.write(json.dumps({"at": datetime.now(UTC).isoformat(), "event": "run.rollback", "step": ""}) + "\n")
        return state

    monkeypatch.setattr("ops.runbooks.record_archive.fold", rolled_back_meanwhile)
    found = record_archive.archive_runs(incident.home, datetime.now(UTC) + timedelta(days=1))
    assert (found.runs, len(found.left)) == ((), 1)
    assert incident.record.exists()


def test_one_process_archives_at_a_time(incident: Incident) -> None:
    assert incident.ops(*RUN, *ALONE)[0] == 0
    with (incident.home / "runbooks" / record_archive.LOCK_FILE).open("a") as lock:
        assert file_lock.lock_exclusively(lock, 0.0)
        code, _, err = incident.ops("record", "--prune", "0s")
    assert (code, "Another process archives runs now." in err) == (2, True), err
    assert incident.record.exists()


def test_archiving_reads_back_what_it_wrote_and_not_the_whole_month(
    incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert incident.ops(*RUN, *ALONE)[0] == 0
    run = incident.record.parent.name
    path = incident.home / record_archive.ARCHIVE / f"{run[:4]}-{run[4:6]}.jsonl"
    path.parent.mkdir()
    path.write_text(json.dumps({"run": "earlier", "files": {"document.md": "x" * 100_000}}) + "\n")
    size, read = path.stat().st_size, atomic_file.read_file
    starts: list[int] = []

    def reading(at: Any, start: int = 0) -> bytes:
        starts.extend([start] if at == path else [])
        return read(at, start)

    monkeypatch.setattr(atomic_file, "read_file", reading)
    assert incident.ops("record", "--prune", "0s")[0] == 0
    assert starts == [size]
    assert record_archive.archived_runs(incident.home) == ("earlier", run)
