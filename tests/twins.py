"""Start a twin for tests and benches in a folder of its own, and talk to it."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handler import contract
from ops.twin import clients, deploy, lifecycle, processes
from ops.twin.workload.api_client import ApiClient, ApiResponse
from ops.twin_state import TwinState

PARAMETERS = {
    # A killed job comes back after twenty seconds instead of ninety, so its death fits into a test. AWS allows it (the
    # visibility is above the timeout); the recommended six-fold is held by tests/template.
    "FunctionTimeout": "15",
    "QueueVisibilityTimeout": "20",
}


@dataclass(frozen=True)
class Twin:
    state: TwinState
    folder: Path  # its OPS_TWIN_DIR
    outputs: Mapping[str, str]

    def client(self, service: str) -> Any:
        """A boto3 client of the twin's administrator."""
        return clients.client(self.state, service)

    def post(self, job: Mapping[str, Any] | str) -> ApiResponse:
        """POST /jobs, signed; a string is sent as it is."""
        with ApiClient(self.state, self.outputs) as poster:
            return poster.post(job if isinstance(job, str) else json.dumps(job))

    def result(self, job_id: str, timeout: float = 180.0) -> Any:
        """The job's result object; fails when there is none in time."""
        s3 = self.client("s3")
        key = f"{contract.RESULT_PREFIX}{job_id}.json"

        def read() -> Any:
            try:
                found = s3.get_object(Bucket=self.outputs[contract.OUTPUT_BUCKET], Key=key)
            except s3.exceptions.NoSuchKey:
                return None
            return json.loads(found["Body"].read())

        return wait_for(read, timeout, f"no result at {key}")

    def dead_letters(self) -> int:
        """In the dead-letter queue, visible and in flight."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        url = self.outputs[contract.OUTPUT_DLQ_URL]
        found = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)

    def alarm_state(self, name: str) -> str:
        return str(self.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"])

    def no_dead_letters(self) -> None:
        """Empty the dead-letter queue, once no job is under way that could still die into it."""
        sqs = self.client("sqs")
        counts = [f"ApproximateNumberOfMessages{state}" for state in ("", "NotVisible", "Delayed")]

        def idle() -> bool:
            queue = self.outputs[contract.OUTPUT_QUEUE_URL]
            found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=counts)["Attributes"]
            return not any(int(value) for value in found.values())

        wait_for(idle, 300, "jobs of earlier tests are still under way")
        sqs.purge_queue(QueueUrl=self.outputs[contract.OUTPUT_DLQ_URL])

    def receive(
        self, queue_url: str, wanted: Callable[[Any], bool], count: int = 1, timeout: float = 180.0, **options: Any
    ) -> list[Any]:
        """Take (and delete) messages until ``count`` of them are ``wanted``; what is not goes back for others."""
        sqs = self.client("sqs")
        found: list[Any] = []

        def take() -> bool:
            answer = sqs.receive_message(
                QueueUrl=queue_url,
                MaxNumberOfMessages=10,
                VisibilityTimeout=1,
                WaitTimeSeconds=1,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["All"],
                **options,
            )
            for message in answer.get("Messages", []):
                if wanted(message):
                    found.append(message)
                    sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
            return len(found) >= count

        wait_for(take, timeout, f"fewer than {count} of the messages came to {queue_url}")
        return found


def wait_for(check: Callable[[], Any], timeout: float, otherwise: str, pause: float = 0.2) -> Any:
    """What ``check`` returns once it is true. Raises AssertionError with ``otherwise`` after ``timeout`` seconds."""
    end = time.monotonic() + timeout
    while not (value := check()):
        if time.monotonic() > end:
            raise AssertionError(f"after {timeout:.0f} s: {otherwise}")
        time.sleep(pause)
    return value


@contextmanager
def start(folder: Path, parameters: Mapping[str, str] = PARAMETERS, idle_limit: int = 120) -> Iterator[Twin]:
    """A twin in ``folder`` on free ports, stopped at the end; OPS_TWIN_DIR is only set while it starts and stops.
    ``idle_limit``: seconds after which it shuts an idle environment down."""
    settings = lifecycle.StartSettings(
        port=processes.free_port(), bound=True, parameters=parameters, idle_limit=idle_limit
    )
    with _folder(folder):
        state = lifecycle.up(settings=settings)
    try:
        yield Twin(state, folder, deploy.outputs(state))
    finally:
        with _folder(folder):
            lifecycle.down()


@contextmanager
def _folder(folder: Path) -> Iterator[None]:
    before = os.environ.get("OPS_TWIN_DIR")
    os.environ["OPS_TWIN_DIR"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["OPS_TWIN_DIR"]
        else:
            os.environ["OPS_TWIN_DIR"] = before


def processes_of(folder: Path) -> list[int]:
    """The ids of the processes of twins whose folder is ``folder`` or below it, but for this one."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            with contextlib.suppress(OSError):  # it ended, or is another user's
                variables = os.fsdecode((process / "environ").read_bytes()).split("\0")
                places = [Path(each.partition("=")[2]) for each in variables if each.startswith("OPS_TWIN_DIR=")]
                if any(place.is_relative_to(folder) for place in places):
                    found.append(int(process.name))
    return found
