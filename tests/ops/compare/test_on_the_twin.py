"""All three forms on the real twin, with each host killed in the middle."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from handler import contract
from ops.compare.arrivals import Arrivals
from ops.compare.forms import queued_jobs
from ops.compare.forms.callers import CallResult
from ops.compare.forms.held_jobs import HeldJobs
from ops.compare.forms.queued_jobs import ResultWatch
from ops.compare.measured import EVENT_DRIVEN, SYNCHRONOUS, WORKER
from ops.compare.run import CompareSettings, Comparison
from ops.target import resolve_place
from ops.twin.sqsd import cron_yaml
from ops.twin.workload.jobs import Job
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
        assert (form.lost, form.dead_lettered, form.unfinished, form.failures) == (0, 0, 0, {})
        assert len(form.results_ms) == len(form.waits_ms) == jobs
    assert run.service_s is None or run.service_s > 0
    queues = twin.client("sqs").list_queues(QueueNamePrefix=f"{twin.state.stack}-worker-").get("QueueUrls", [])
    assert queues == [], "the worker's queues are removed"


@pytest.mark.twin
def test_a_job_without_a_result_is_late_dead_lettered_or_lost(twin: Twin) -> None:
    """Beside other work, whose messages in the queue are no evidence of a job."""
    sqs, s3, bucket = twin.client("sqs"), twin.client("s3"), twin.outputs[contract.OUTPUT_BUCKET]
    queue, dlq = (sqs.create_queue(QueueName=f"compared-{name}")["QueueUrl"] for name in ("jobs", "dead"))
    for body in ("no job", '{"job_id": "other-1"}', '{"job_id": "other-2"}'):
        sqs.send_message(QueueUrl=queue, MessageBody=body)

    def post(job: Job) -> CallResult:
        if job.fate == "done":
            s3.put_object(Bucket=bucket, Key=f"{contract.RESULT_PREFIX}{job.job_id}.json", Body=b"{}")
        elif job.fate in ("waiting", "in flight"):
            sqs.send_message(QueueUrl=queue, MessageBody=job.body)
        elif job.fate == "dead":
            sqs.send_message(QueueUrl=dlq, MessageBody=job.body)
        if job.fate == "in flight":
            sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=600)
        return CallResult()

    fates = ("done", "waiting", "in flight", "dead", "dead", "nowhere")
    jobs = [Job(f"compared-{at}", fate, f'{{"job_id": "compared-{at}"}}') for at, fate in enumerate(fates)]
    watch = ResultWatch(s3, HeldJobs(twin.state), bucket, queue, dlq)
    arrivals = [0.05 * at for at in range(len(jobs))]
    form = queued_jobs.measure(WORKER, post, jobs, arrivals, 1.0, watch, lambda: 0, 1, None, 1.0, threading.Event())
    assert (len(form.results_ms), form.unfinished, form.dead_lettered, form.lost) == (1, 2, 2, 1)
    assert form.other_messages == 3
