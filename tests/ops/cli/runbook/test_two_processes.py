"""Two ``ops runbook run`` that start at the same moment, as two people at two terminals: real processes on a fake AWS."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.aws import serve
from tests.fakes.stalled_workload import StalledWorkload

COMMAND = ("run", "stalled-consumer", "--queue", "orders", "--reason", "pager 17", "--yes-to", "reversible")
WITHIN_S = 120


class _Terminals:
    """``homes``: the ``OPS_HOME`` of each of two people. The first change of a setting waits until one run has ended."""

    def __init__(self, homes: tuple[Path, Path], workload: StalledWorkload) -> None:
        self.homes, self.workload = homes, workload
        self.one_has_ended = threading.Event()
        workload.before = self._hold_up

    def _hold_up(self, operation: str) -> None:
        if operation.startswith("PUT"):
            assert self.one_has_ended.wait(WITHIN_S)

    @contextmanager
    def start_both(self) -> Iterator[list[subprocess.Popen[str]]]:
        command = [sys.executable, "-m", "ops", "runbook", *COMMAND]
        running = [
            subprocess.Popen(
                command, env={**os.environ, "OPS_HOME": str(home)}, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            )
            for home in self.homes
        ]  # fmt: skip
        try:
            yield running
        finally:
            self.one_has_ended.set()
            for process in running:
                process.kill()
                process.communicate()

    def run_both(self) -> tuple[str, str]:
        """What the run says that gives way, and the one that goes on."""
        with self.start_both() as running:
            ended: list[tuple[int, str]] = []

            def follow(process: subprocess.Popen[str]) -> None:
                out, _ = process.communicate(timeout=WITHIN_S)
                ended.append((process.returncode, out))
                self.one_has_ended.set()

            threads = [threading.Thread(target=follow, args=(process,)) for process in running]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        (lost, said), (won, done) = ended
        assert (lost, won) == (1, 0), said + done
        assert "Traceback" not in said + done
        return re.sub(r"\s+", " ", said), done

    def records(self) -> list[list[dict[str, Any]]]:
        found = {path for home in self.homes for path in (home / "runbooks").glob("*/record.jsonl")}
        return [[json.loads(line) for line in path.read_text().splitlines()] for path in sorted(found)]


@pytest.fixture
def workload(monkeypatch: pytest.MonkeyPatch) -> Iterator[StalledWorkload]:
    found = StalledWorkload()
    with serve(found.answer, monkeypatch):
        yield found


def test_on_one_machine_the_second_sees_who_holds_it_and_for_how_long(
    workload: StalledWorkload, tmp_path: Path
) -> None:
    both = _Terminals((tmp_path / "home", tmp_path / "home"), workload)
    said, _ = both.run_both()
    (record,) = both.records()
    run = next((tmp_path / "home" / "runbooks").glob("*/record.jsonl")).parent.name
    who = r"arn:aws:iam::111122223333:user/oncall"
    since = r"since \d\d:\d\d:\d\d UTC, for (\d+\.)?\d+ s"
    assert re.search(rf"already running on orders by {who} {since} \({run}, process \d+\)", said), said
    assert "Wait until it ends" in said
    _assert_done_once(workload, record)


def test_on_two_machines_the_second_sees_who_holds_it_and_until_when(workload: StalledWorkload, tmp_path: Path) -> None:
    both = _Terminals((tmp_path / "ann", tmp_path / "bob"), workload)
    said, _ = both.run_both()
    (record,) = both.records()
    held = r"by arn:aws:iam::111122223333:user/oncall \(run [\w-]+, until \d\d:\d\d UTC\), on another machine"
    assert re.search(rf"already running on orders, {held}", said), said
    assert "--take-over" in said
    _assert_done_once(workload, record)
    assert workload.tags == {}, "the run that ended has released its hold"


def _assert_done_once(workload: StalledWorkload, record: list[dict[str, Any]]) -> None:
    """The run that gave way has neither changed anything nor written a record."""
    assert workload.changes == [("enabled", True)]
    turned_on = [entry["event"] for entry in record if entry["step"] == "turn_on"]
    assert turned_on == ["step.intended", "step.executed", "step.verified"]
    assert record[-1]["phase"] == "done"
