"""States of a twin for the bench of agreement, each reached with real work."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from handler import contract
from ops.twin.workload.jobs import OUTCOME, JobMaker, Shares, charity
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
        self._jobs = JobMaker(f"s3://{twin.outputs[contract.OUTPUT_BUCKET]}/none", Shares(), prefix="agree")
        self._columns = {str(name): column.tolist()[:80] for name, column in charity().items()}
        self._sent = 0

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

    def steady(self) -> None:
        """A job every half second, also while the pages are read."""
        self._keep_sending(90, 0.5)
        time.sleep(PUBLISHED_S)

    def burst(self) -> None:
        self.send(800)
        time.sleep(PUBLISHED_S)

    def failing(self) -> None:
        """Poison, and memory that runs out."""
        self.send(30, poison=0.6, memory=self._sent + 1)
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

    def _body(self, poison: float = 0.0, memory: int = 0) -> str:
        """One job: no training and no model, which would take minutes on a busy machine. ``poison``: the share that can
        never succeed; ``memory``: the number of the job that runs out of memory."""
        self._sent += 1
        if self._sent == memory:
            return self._jobs.make("memory").body
        if self._sent % 100 < poison * 100:
            return self._jobs.make("poison").body
        job = {"kind": "describe", "data": {"columns": self._columns}, "params": {"outcome": OUTCOME}}
        return json.dumps({"schema": contract.JOB_SCHEMA, "job_id": f"describe-{self._sent}", **job})

    def send(self, count: int, **shares: Any) -> None:
        for first in range(0, count, 10):
            entries = [
                {"Id": str(number), "MessageBody": self._body(**shares)} for number in range(min(10, count - first))
            ]
            self._sqs.send_message_batch(QueueUrl=self._queue, Entries=entries)

    def _keep_sending(self, seconds: float, pause: float) -> None:
        end = time.monotonic() + seconds

        def send() -> None:
            while time.monotonic() < end:
                self._sqs.send_message(QueueUrl=self._queue, MessageBody=self._body(poison=0.05))
                time.sleep(pause)

        threading.Thread(target=send, daemon=True).start()
