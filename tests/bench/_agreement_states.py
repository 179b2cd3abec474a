"""States of a twin for the bench of agreement, each reached with real work."""

from __future__ import annotations

import json
import tempfile
import threading
import time

from handler import contract
from tests.bench._small_jobs import SmallJobs
from tests.dashboard.shown_numbers import run
from tests.twins import Twin, wait_for

PARAMETERS = {"FunctionTimeout": "15", "QueueVisibilityTimeout": "90"}
"""As AWS recommends (six timeouts), and short, so that killed jobs reach the dead-letter queue soon."""
PUBLISHED_S = 32
"""After this time the metrics of now are published and behind the frozen moment."""
COUNTS = [f"ApproximateNumberOfMessages{state}" for state in ("", "NotVisible", "Delayed")]


class States:
    """Each method reaches one state; the next one starts where it ended."""

    def __init__(self, twin: Twin) -> None:
        self._twin, self._sqs, self._lambda = twin, twin.client("sqs"), twin.client("lambda")
        self._queue, self._function = twin.outputs[contract.OUTPUT_QUEUE_URL], twin.outputs[contract.OUTPUT_FUNCTION]
        self._jobs = SmallJobs(twin)

    def nothing(self) -> None:
        """As it is."""

    def mapping_off(self) -> None:
        self.set_mapping(False)
        self.send(60, poison=0.1)
        time.sleep(PUBLISHED_S)

    def backlog(self) -> None:
        """Work goes on, and more waits than a minute takes."""
        self.set_mapping(True)
        self.send(300)
        time.sleep(PUBLISHED_S)

    def drained(self) -> None:
        wait_for(self.is_idle, 240, "the twin is still at work")
        time.sleep(PUBLISHED_S)

    def measured(self) -> None:
        """A comparison and a sweep, both short."""
        run("compare", "--seconds", "5", "--rate", "2", "--json")
        sweep = ("--memory", "512", "--invocations", "5", "--rounds", "1", "--batch", "1", "--change-live", "--yes")
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as jobs:
            jobs.write("\n".join(self._jobs.next() for _ in range(6)))
            jobs.flush()
            run("rightsize", "--jobs", jobs.name, *sweep, "--json")
        self.drained()

    def steady(self) -> None:
        """A job every half second, also while the pages are read."""
        self._keep_sending(90, 0.5)
        time.sleep(PUBLISHED_S)

    def burst(self) -> None:
        self.send(800)
        time.sleep(PUBLISHED_S)

    def failing(self) -> None:
        """Poison, and memory that runs out."""
        self.send(30, poison=0.6, memory=True)
        time.sleep(PUBLISHED_S)

    def throttled(self) -> None:
        self._lambda.put_function_concurrency(FunctionName=self._function, ReservedConcurrentExecutions=1)
        self.send(100)
        time.sleep(PUBLISHED_S)

    def scanned(self) -> None:
        self._lambda.delete_function_concurrency(FunctionName=self._function)
        self.drained()
        run("dlq", "scan")

    def redriven(self) -> None:
        plan = json.loads(run("dlq", "plan", "--no-watch", "--json"))["plan"]["id"]
        run("dlq", "redrive", plan, "--reason", "bench", "--yes")
        time.sleep(PUBLISHED_S)

    def is_idle(self) -> bool:
        found = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=COUNTS)["Attributes"]
        return not any(int(value) for value in found.values())

    def set_mapping(self, enabled: bool) -> None:
        found = self._lambda.list_event_source_mappings(FunctionName=self._function)["EventSourceMappings"]
        self._lambda.update_event_source_mapping(UUID=found[0]["UUID"], Enabled=enabled)
        state = "Enabled" if enabled else "Disabled"
        wait_for(
            lambda: self._lambda.get_event_source_mapping(UUID=found[0]["UUID"])["State"] == state, 60, f"not {state}"
        )

    def send(self, count: int, poison: float = 0.0, memory: bool = False) -> None:
        """``memory``: with one job more, which runs out of it."""
        bodies = [self._jobs.next(poison) for _ in range(count)]
        bodies += [self._jobs.out_of_memory()] if memory else []
        for first in range(0, len(bodies), 10):
            batch = bodies[first : first + 10]
            entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(batch)]
            self._sqs.send_message_batch(QueueUrl=self._queue, Entries=entries)

    def traced(self) -> list[str]:
        """IDs of jobs: the first one and the last that can never succeed; one that does not exist, before there are any."""
        return list(filter(None, (self._jobs.first_id, self._jobs.last_poison_id))) or ["no-such-job"]

    def _keep_sending(self, seconds: float, pause: float) -> None:
        end = time.monotonic() + seconds

        def send() -> None:
            while time.monotonic() < end:
                self._sqs.send_message(QueueUrl=self._queue, MessageBody=self._jobs.next(0.05))
                time.sleep(pause)

        threading.Thread(target=send, daemon=True).start()
