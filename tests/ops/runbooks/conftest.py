"""Actions against an account in memory, with a clock that a test moves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ops import workload
from ops.aws import Aws
from ops.deadletters.queue import open_queue
from ops.runbooks import fields
from ops.runbooks.actions import ACTIONS
from ops.runbooks.actions.action import ActionContext, Outputs
from ops.target import Target
from tests.fakes.aws import serve
from tests.fakes.observed_workload import ObservedWorkload, an_alarm


@dataclass
class Stage:
    """``said``: lines of progress. ``waited``: seconds by the test's clock."""

    world: ObservedWorkload
    aws: Aws
    waits: bool = True
    minute_s: float = 60.0
    changed_ago_s: float | None = None
    said: list[str] = field(default_factory=list)
    waited: float = 0.0

    def run(self, action: str, **inputs: Any) -> Outputs:
        described = workload.describe(self.aws, self.aws.target)
        context = ActionContext(
            aws=self.aws,
            workload=described,
            open_dlq=lambda: open_queue(self.aws, described, None),
            reason="test",
            ask=lambda *_: "",
            progress=self.said.append,
            waits=self.waits,
            pause=self._pause,
            elapsed_s=lambda: self.waited,
            minute_s=self.minute_s,
            changed_ago_s=self.changed_ago_s,
        )
        chosen = ACTIONS[action]
        named = {name.replace("_", "-") if "_" in name else name: value for name, value in inputs.items()}
        found = chosen.execute(context, fields.fill(chosen.inputs, named))
        assert set(found) == set(chosen.outputs)
        return found

    def _pause(self, seconds: float) -> None:
        self.waited += seconds


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setenv("OPS_HOME", str(tmp_path))
    world = ObservedWorkload()
    world.metric_alarms = [an_alarm("orders-function-errors")]
    with serve(world.answer, monkeypatch):
        yield Stage(world, Aws(Target(queue="orders"), max_attempts=1))
