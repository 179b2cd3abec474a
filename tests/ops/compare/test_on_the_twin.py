"""All three forms on the real twin, with each host killed in the middle."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.compare.arrivals import Arrivals
from ops.compare.measured import EVENT_DRIVEN, SYNCHRONOUS, WORKER
from ops.compare.run import CompareSettings, Comparison
from ops.target import resolve_place
from ops.twin.sqsd import cron_yaml
from tests.twins import Twin

SCORES = 7
"""A seed that makes eight jobs, all of kind score: they import no SciPy and no scikit-learn, whose imports may outlast the
function's timeout on a busy machine."""


@pytest.mark.twin
def test_a_killed_host_loses_no_job_that_was_handed_over(
    twin: Twin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPS_HOME", str(tmp_path))
    target = resolve_place(environ={"OPS_TARGET": "twin"})
    settings = CompareSettings(Arrivals("burst", 1.5, 5.0, SCORES), kill=True, with_worker=True, cron=cron_yaml.SHIPPED)
    lines: list[str] = []
    run = Comparison(twin.state, target, settings, lines.append).run()
    sync, event, worker = (run.form(name) for name in (SYNCHRONOUS, EVENT_DRIVEN, WORKER))
    assert sync is not None and event is not None and worker is not None
    jobs = len(settings.arrivals.offsets())
    assert {form.jobs for form in run.forms} == {jobs}
    assert len(sync.waits_ms) + sync.failed == jobs
    for form in (event, worker):
        assert (form.lost, form.unfinished, form.failures) == (0, 0, {})
        assert len(form.results_ms) == len(form.waits_ms) == jobs
    assert run.service_s is None or run.service_s > 0
    queues = twin.client("sqs").list_queues(QueueNamePrefix=f"{twin.state.stack}-worker-").get("QueueUrls", [])
    assert queues == [], "the worker's queues are removed"
