"""The app as it ships, on a stalled workload: real records, and the work of a run's processes done in this one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dashboard.pages import PAGES
from ops import target as targets
from ops import workload
from ops.aws import Aws
from ops.runbooks.background.carrier import carry_out
from ops.runbooks.background.control import RunControl
from ops.runbooks.background.order import RunOrder
from ops.runbooks.background.run_process import RunProcess
from ops.runbooks.record import RunRecord, list_records
from ops.runbooks.run_state import RunbookRun
from ops.runbooks.runs import read_run
from tests.dashboard.app import REAL_APP, App
from tests.fakes.aws import serve
from tests.fakes.stalled_workload import StalledWorkload


class Unpublished(StalledWorkload):
    """Its function has no published version."""

    def _answer(self, service: str, operation: str, asked: dict[str, Any]) -> Any:
        if operation.split("?")[0].endswith("/versions"):
            return {"Versions": []}
        return super()._answer(service, operation, asked)


@dataclass
class Shift:
    """An engineer's shift: the workload, and the pages that they open."""

    stalled: StalledWorkload
    home: Path

    def open(self, **query: str) -> App:
        app = App(REAL_APP).open(PAGES["runbooks"], queue="orders", **query)
        assert not app.at.exception
        return app

    @property
    def record(self) -> RunRecord:
        return list_records(self.home)[0]

    @property
    def state(self) -> RunbookRun:
        return read_run(self.record)[1]

    def control(self) -> RunControl:
        aws = Aws(targets.resolve(queue="orders"))
        return RunControl(aws, workload.describe(aws, aws.target))


@pytest.fixture
def shift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shift]:
    monkeypatch.setenv("OPS_HOME", str(tmp_path / "home"))
    carried: Callable[[RunProcess, RunOrder], None] = lambda _process, order: carry_out(order)  # noqa: E731
    monkeypatch.setattr(RunProcess, "spawn", carried)
    stalled = Unpublished()
    with serve(stalled.answer, monkeypatch):
        yield Shift(stalled, tmp_path / "home")
