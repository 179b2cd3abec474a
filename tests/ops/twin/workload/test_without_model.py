"""Traffic where the model cannot be trained, as on a machine that is too busy for the function's timeout."""

from __future__ import annotations

import pytest

from ops.errors import TwinError
from ops.twin.workload import generator, model
from ops.twin.workload.api_client import ApiResponse
from ops.twin.workload.generator import TrafficSettings
from tests.twins import Twin

pytestmark = pytest.mark.twin


def test_the_jobs_that_need_no_model_are_sent(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "MODEL_JOB", "charity-model-never")
    monkeypatch.setattr(model, "TRAIN_TIMEOUT", 0.0)
    settings = TrafficSettings(rate=20.0, minutes=1.0, count=6)
    with pytest.raises(model.NoModel, match="The train job gave no model within 0 s"):
        generator.run(twin.state, settings)
    messages: list[str] = []
    report = generator.run(twin.state, settings, messages.append, needs_model=False)
    assert (report.sent, report.failed) == (6, 0)
    assert "Jobs that score with a model are left out, the others follow." in messages[-1]


def test_a_second_train_job_that_is_refused_does_not_end_the_wait_for_the_first(
    twin: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "MODEL_JOB", "charity-model-refused")
    monkeypatch.setattr(model, "SLOW_AFTER", 0.0)
    monkeypatch.setattr(model, "AGAIN_AFTER", 0.0)
    monkeypatch.setattr(model, "TRAIN_TIMEOUT", 0.5)
    answers = [ApiResponse(202, ""), ApiResponse(429, "Too Many Requests")]
    messages: list[str] = []
    with pytest.raises(model.NoModel):
        model.ensure(twin.state, messages.append, post=lambda _body: answers.pop(0))
    assert messages[-1] == "The train job was refused: 429 Too Many Requests. Waiting for the first one."
    with pytest.raises(TwinError, match="The train job was refused: 503 busy"):
        model.ensure(twin.state, messages.append, post=lambda _body: ApiResponse(503, "busy"))
