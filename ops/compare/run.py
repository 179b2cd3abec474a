"""One comparison on a running twin: the same seeded jobs on each form, one form after the other."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from handler import contract
from ops import access
from ops.compare.arrivals import Arrivals
from ops.compare.forms import environments, function_usage, queued_jobs, synchronous
from ops.compare.forms.beanstalk_worker import VISIBILITY_S, BeanstalkWorker
from ops.compare.forms.callers import accepted_post
from ops.compare.forms.container import Container, function_variables
from ops.compare.forms.held_jobs import HeldJobs
from ops.compare.forms.queued_jobs import ResultWatch
from ops.compare.forms.run_monitor import Killing
from ops.compare.measured import EVENT_DRIVEN, WORKER, ComparisonRun, FormMeasured
from ops.errors import OpsError, UsageError
from ops.formatting import count
from ops.target import Target
from ops.twin import clients, deploy
from ops.twin.workload import model
from ops.twin.workload.api_client import ApiClient
from ops.twin.workload.jobs import Job, JobMaker, Shares
from ops.twin_state import TwinState

CALLER_TIMEOUT_RANGE = (1.0, 900.0)
WORKERS_RANGE = (1, 64)
OWN_TWIN = {"FunctionTimeout": "45", "QueueVisibilityTimeout": "45"}
"""Parameters of a twin for a comparison alone: what a killed environment held is received again after 45 s, and a machine
with other work still trains the model within one invocation."""
ORDINARY = Shares(poison=0.0, slow=0.0, repeated=0.0)
UNLIMITED_MAPPING = 1_250
"""Concurrent invocations of a mapping without a maximum (Lambda developer guide, services-sqs-scaling, 2025)."""
RESULTS_WITHIN_S = 30.0
"""Plus two and a half visibility timeouts: the batch of a killed environment is received again after one."""


@dataclass(frozen=True)
class CompareSettings:
    """``workers``: jobs that the container works on at once. ``caller_timeout_s``: how long a synchronous caller waits;
    our choice, like that of any client. ``with_worker``: the Elastic Beanstalk worker as a third form, with the periodic tasks
    of the file ``cron``."""

    arrivals: Arrivals = field(default_factory=Arrivals)
    kill: bool = False
    workers: int = 2
    caller_timeout_s: float = 60.0
    with_worker: bool = False
    cron: Path | None = None

    def __post_init__(self) -> None:
        low, high = WORKERS_RANGE
        if not low <= self.workers <= high:
            raise UsageError(f"The container has between {low} and {high} workers, not {self.workers}.")
        least, most = CALLER_TIMEOUT_RANGE
        if not least <= self.caller_timeout_s <= most:
            raise UsageError(f"A caller waits between {least:g} and {most:g} s, not {self.caller_timeout_s:g}.")


class Comparison:
    """A comparison on ``twin``, which ``target`` names. Setting ``stop`` ends it early; then nothing is reported."""

    def __init__(
        self, twin: TwinState, target: Target, settings: CompareSettings, progress: Callable[[str], None]
    ) -> None:
        access.ensure_may("a comparison")
        self._twin, self._target, self._settings, self._progress = twin, target, settings, progress
        self._outputs = deploy.outputs(twin)
        self.stop = threading.Event()
        self._offsets = settings.arrivals.offsets()
        if not self._offsets:
            raise UsageError("No job arrives in this time.", "Choose a higher rate, a longer time or another seed.")

    def run(self) -> ComparisonRun:
        """Raises OpsError."""
        settings, arrivals = self._settings, self._settings.arrivals
        run = f"c{secrets.token_hex(3)}"
        address, first, service_s = self._synchronous(f"{run}-s")
        self._ensure_going()
        began = datetime.now(UTC)
        second = self._event_driven(self._jobs(address, f"{run}-e"))
        self._ensure_going()
        self._progress("Reading what the function used …")
        usage = function_usage.read(self._target, began, len(second.results_ms))
        forms = [first, second]
        if settings.with_worker:
            forms.append(self._worker(self._jobs(address, f"{run}-w"), f"{self._twin.stack}-worker-{run}"))
            self._ensure_going()
        notes = [] if usage else ["The function's metrics did not show in time what it used"]
        if second.other_messages:
            notes.append(
                f"Other work shared the queue, at most {count(second.other_messages, 'message')}: the times to results and what "
                "the function used include it (ops compare --own-twin compares alone)"
            )
        return ComparisonRun(
            at=began,
            shape=arrivals.shape,
            per_second=arrivals.per_second,
            seconds=arrivals.seconds,
            seed=arrivals.seed,
            cores=os.cpu_count() or 1,
            workers=settings.workers,
            forms=tuple(forms),
            service_s=service_s,
            usage=usage,
            notes=tuple(notes),
        )

    def _ensure_going(self) -> None:
        if self.stop.is_set():
            raise OpsError("The comparison was stopped; nothing was saved.")

    def _jobs(self, address: str, prefix: str) -> list[Job]:
        """The same for each form but for their IDs: a job runs once per ID."""
        maker = JobMaker(address, ORDINARY, self._settings.arrivals.seed, prefix)
        return [maker.next() for _ in self._offsets]

    def _synchronous(self, prefix: str) -> tuple[str, FormMeasured, float | None]:
        """The address of the model that all jobs use comes first; the container trains it where there is none yet."""
        settings = self._settings
        self._progress("Starting the HTTP container …")
        container = Container(function_variables(self._twin, self._outputs), settings.workers)
        try:
            address = model.ensure(self._twin, self._progress, self.stop, container.train)
            if address is None:
                raise OpsError("The comparison was stopped before it began.")
            jobs = self._jobs(address, prefix)
            self._progress(f"Synchronous: {len(jobs)} jobs in {settings.arrivals.seconds:g} s …")
            measured, service_s = synchronous.measure(
                container,
                jobs,
                self._offsets,
                settings.arrivals.seconds,
                settings.workers,
                settings.kill,
                settings.caller_timeout_s,
                self.stop,
            )
            return address, measured, service_s
        finally:
            container.stop()

    def _event_driven(self, jobs: list[Job]) -> FormMeasured:
        function = self._outputs[contract.OUTPUT_FUNCTION]
        self._progress(f"Event-driven: the same {len(jobs)} jobs …")
        sqs = clients.client(self._twin, "sqs")
        queue = self._outputs[contract.OUTPUT_QUEUE_URL]
        attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout"])["Attributes"]
        observed = self._watch(queue, self._outputs[contract.OUTPUT_DLQ_URL])

        def send(body: str) -> tuple[int, str]:
            with ApiClient(self._twin, self._outputs) as poster:
                answer = poster.post(body, attempts=1)
            return answer.status, answer.text

        most = self._most_at_once()
        killing = Killing(lambda: environments.kill_busy(self._twin, function), lambda: None)
        return queued_jobs.measure(
            EVENT_DRIVEN,
            accepted_post(send),
            jobs,
            self._offsets,
            self._settings.arrivals.seconds,
            observed,
            # The host counts environments that recover from the kill as busy; no invocation is theirs.
            lambda: min(environments.busy(self._twin, function), most),
            most,
            killing if self._settings.kill else None,
            RESULTS_WITHIN_S + 2.5 * float(attributes["VisibilityTimeout"]),
            self.stop,
        )

    def _worker(self, jobs: list[Job], name: str) -> FormMeasured:
        settings = self._settings
        self._progress(f"Elastic Beanstalk worker: the same {len(jobs)} jobs …")
        variables = function_variables(self._twin, self._outputs)
        worker = BeanstalkWorker(self._twin, variables, name, settings.workers, settings.cron)
        try:
            return queued_jobs.measure(
                WORKER,
                accepted_post(worker.send),
                jobs,
                self._offsets,
                settings.arrivals.seconds,
                self._watch(worker.queue, worker.dlq),
                worker.busy,
                settings.workers,
                Killing(worker.kill, worker.replace) if settings.kill else None,
                RESULTS_WITHIN_S + 2.5 * VISIBILITY_S,
                self.stop,
            )
        finally:
            worker.stop()

    def _watch(self, queue: str, dlq: str) -> ResultWatch:
        s3 = clients.client(self._twin, "s3")
        return ResultWatch(s3, HeldJobs(self._twin), self._outputs[contract.OUTPUT_BUCKET], queue, dlq)

    def _most_at_once(self) -> int:
        mappings = clients.client(self._twin, "lambda").list_event_source_mappings(
            FunctionName=self._outputs[contract.OUTPUT_FUNCTION]
        )["EventSourceMappings"]
        if not mappings:
            raise OpsError(
                "No event source mapping of the function reads the twin's queue.", "Start it again: ops twin up."
            )
        return int(mappings[0].get("ScalingConfig", {}).get("MaximumConcurrency", UNLIMITED_MAPPING))
