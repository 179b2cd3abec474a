"""The Elastic Beanstalk worker on the twin: a queue of its own, the daemon ``sqsd``, and the container beside it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from handler import contract
from ops.compare.forms.container import Container
from ops.errors import AwsError
from ops.twin import clients, processes
from ops.twin.processes import Child
from ops.twin.sqsd.settings import WorkerOptions
from ops.twin_state import TwinState

CONTAINER_ROLE, DAEMON_ROLE = "worker-container", "sqsd"
VISIBILITY_S = 10
"""Short: what a killed host held is received again after that; a job takes about a second."""


class BeanstalkWorker:
    """Started at once. ``cron``: its periodic tasks. Raises TwinError when it does not start."""

    def __init__(
        self, twin: TwinState, variables: Mapping[str, str], name: str, workers: int, cron: Path | None
    ) -> None:
        self._sqs = clients.client(twin, "sqs")
        self._options = {"HttpConnections": str(workers), "VisibilityTimeout": str(VISIBILITY_S)}
        self.dlq = self._create(f"{name}-dead", {})
        try:
            # As an environment makes its queue: MaxRetries is the queue's maxReceiveCount.
            retries = WorkerOptions.of(self._options).max_retries
            policy = f'{{"deadLetterTargetArn": "{self._arn(self.dlq)}", "maxReceiveCount": {retries}}}'
            self.queue = self._create(name, {"RedrivePolicy": policy})
            self._environ = dict(variables)
            # A killed job's idempotency record keeps others away for so long: longer than the visibility timeout, and the
            # retries are used up before the job may run again.
            own = {**variables, contract.ENV_DLQ_URL: self.dlq, "JOB_SECONDS": str(VISIBILITY_S)}
            self._container = Container(own, workers, CONTAINER_ROLE)
            self._cron = ("--cron", str(cron)) if cron else ()
            self._daemon = self._start_daemon()
        except BaseException:  # Ctrl-C too must leave nothing running
            self.stop()
            raise

    def send(self, body: str) -> tuple[int, str]:
        """Send a job as a web tier does; 202 if SQS accepted it, 0 if there was no response."""
        try:
            self._sqs.send_message(QueueUrl=self.queue, MessageBody=body)
        except ClientError as error:
            return int(error.response["ResponseMetadata"]["HTTPStatusCode"]), str(error)
        except AwsError as error:
            return 0, str(error)
        return 202, ""

    def busy(self) -> int:
        return self._container.busy()

    def kill(self) -> None:
        """The host dies with both: the daemon and the application are on one instance."""
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself
            os.killpg(self._daemon.popen.pid, signal.SIGKILL)
        self._daemon.popen.wait()
        self._container.kill()

    def replace(self) -> None:
        self._container.replace()
        self._daemon = self._start_daemon()

    def stop(self) -> None:
        """Stop the worker and delete its queues, with the messages left in them."""
        processes.stop_role(DAEMON_ROLE)
        processes.stop_role(CONTAINER_ROLE)
        for url in (getattr(self, "queue", ""), self.dlq):
            if url:
                with contextlib.suppress(ClientError, AwsError):  # it goes with the twin at the latest
                    self._sqs.delete_queue(QueueUrl=url)

    def _start_daemon(self) -> Child:
        options = [text for name, value in self._options.items() for text in ("--option", f"{name}={value}")]
        command = [
            sys.executable,
            "-m",
            "ops.twin.sqsd",
            "--queue-url",
            self.queue,
            "--address",
            self._container.address,
        ]
        return processes.start(DAEMON_ROLE, [*command, *options, *self._cron], self._environ, bound=True)

    def _create(self, name: str, attributes: Mapping[str, str]) -> str:
        return str(self._sqs.create_queue(QueueName=name, Attributes=dict(attributes))["QueueUrl"])

    def _arn(self, url: str) -> str:
        found: Any = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return str(found["Attributes"]["QueueArn"])
