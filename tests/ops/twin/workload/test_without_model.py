"""Traffic where the model cannot be trained, as on a machine that is too busy for the function's timeout."""

from __future__ import annotations

import pytest

from ops.twin.workload import generator, model
from ops.twin.workload.generator import TrafficSettings
from tests.twins import Twin

pytestmark = pytest.mark.twin


def test_the_jobs_that_need_no_model_are_sent(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "MODEL_JOB", "charity-model-never")
    monkeypatch.setattr(model, "TRAIN_TIMEOUT", 0.0)
    settings = TrafficSettings(rate=20.0, minutes=1.0, count=6)
    with pytest.raises(model.NoModel, match="The train job gave no model within 0 s"):
        generator.run(twin.state, settings)
    said: list[str] = []
    report = generator.run(twin.state, settings, said.append, needs_model=False)
    assert (report.sent, report.failed) == (6, 0)
    assert "Jobs that score with a model are left out, the others follow." in said[-1]
