"""The workload on the rehearsal's own twin: jobs are sent to it, its settings are broken, and its jobs are counted."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from handler import contract
from ops import formatting
from ops.errors import TwinError
from ops.rehearsals.alarm_change import AlarmAdjustment, changed
from ops.rehearsals.own_twin import ensure_own
from ops.rehearsals.staging.job_bodies import JobKind
from ops.rehearsals.staging.job_sender import JobSender
from ops.rehearsals.staging.second_consumer import SecondConsumer
from ops.rehearsals.staging.slow_service import SlowService
from ops.rehearsals.staging.staged_function import StagedFunction
from ops.rehearsals.staging.twin_errors import twin_errors
from ops.twin import clients, deploy
from ops.twin.workload import jobs
from ops.twin_state import TwinState

FLIGHT_S = 240.0
"""Longer than any visibility timeout of a rehearsal."""
UNDELIVERED_S = 60.0
PEEK_S = 30
"""How long a message that is read to be counted is hidden, unless it is released before."""
_UNDELIVERED_OUTPUT = "UndeliveredQueueUrl"
_COUNTS = [f"ApproximateNumberOfMessages{state}" for state in ("", "NotVisible", "Delayed")]


@dataclass(frozen=True)
class JobTally:
    """Jobs by where they are; one that is in several places counts in the first. ``lost``, ``purged``: their IDs."""

    sent: int
    results: int
    dead: int = 0
    queued: int = 0
    lost: tuple[str, ...] = ()
    purged: tuple[str, ...] = ()

    def with_exports(self, exported: str) -> JobTally:
        """Lost jobs that ``exported``, the contents of all exports, contains were purged: they can be imported again."""
        purged = tuple(job_id for job_id in self.lost if job_id in exported)
        return replace(self, lost=tuple(job_id for job_id in self.lost if job_id not in purged), purged=purged)

    def findings(self, dead_letters: int, purged: int = 0) -> Iterator[str]:
        """What is not as it must be at the end; ``dead_letters``, ``purged``: how many are expected."""
        if self.lost:
            count = formatting.count(len(self.lost), "job")
            yield f"{count} lost: neither a result, nor a dead letter, nor in the queue: {', '.join(self.lost[:5])}."
        if self.dead != dead_letters:
            yield f"{formatting.count(self.dead, 'job')} dead-lettered, not {dead_letters}."
        if len(self.purged) != purged:
            yield f"{formatting.count(len(self.purged), 'job')} exported and purged, not {purged}."


class StagedWorkload:
    """Raises UsageError for a twin that this process did not start."""

    def __init__(self, twin: TwinState) -> None:
        ensure_own(twin)
        self.twin = twin
        self.outputs = deploy.outputs(twin)
        self._clients: dict[str, Any] = {}
        self._aside: list[str] = []
        self._slow: SlowService | None = None
        self.function = StagedFunction(self.client, self.outputs[contract.OUTPUT_FUNCTION])
        self.sender = JobSender(twin, self.outputs, self._bucket)
        self.dlq_consumer = SecondConsumer(self.client, self.function, self._arn(self._dlq))

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = clients.client(self.twin, service)
        return self._clients[service]

    @property
    def sent(self) -> tuple[str, ...]:
        return self.sender.sent

    def send(self, kind: JobKind, count: int, size: int | None) -> None:
        """Raises TwinError when the API takes one not."""
        self.sender.send(kind, count, size)

    def keep_sending(self, kind: JobKind, per_second: float, at_most: int, size: int | None, unfinished: int) -> None:
        """Send in a thread until ``stop_sending``, but not while ``unfinished`` jobs have no result."""
        self.sender.keep_sending(kind, per_second, at_most, size, unfinished, self.results)

    def send_again(self) -> int:
        """Each job that has no result, as its sender would. Returns how many. Raises TwinError."""
        results = self._with_results()
        lacking = [job_id for job_id in self.sent if job_id not in results]
        self.sender.send_again(lacking)
        return len(lacking)

    def stop_sending(self) -> tuple[str, ...]:
        """Returns what a sender ended with, if it was refused."""
        return self.sender.stop()

    def close(self) -> None:
        """End what runs in this process."""
        if self._slow is not None:
            self._slow.close()

    def set_mapping(self, **settings: Any) -> None:
        """Returns once the change took place; raises TwinError where it has not within a minute."""
        found = self._lambda.list_event_source_mappings(EventSourceArn=self._arn(self._queue))
        (mapping,) = found["EventSourceMappings"]
        self._lambda.update_event_source_mapping(UUID=mapping["UUID"], **settings)
        end = time.monotonic() + 60
        while self._lambda.get_event_source_mapping(UUID=mapping["UUID"])["State"] not in ("Enabled", "Disabled"):
            if time.monotonic() > end:
                raise TwinError("The twin's event source mapping did not settle within a minute.")
            time.sleep(0.2)

    def deploy_behind_alias(self) -> str:
        """Publish what is deployed, and let the mapping invoke an alias of it. Returns the version."""
        self.set_mapping(FunctionName=self.function.deploy_behind_alias())
        return self.function.version

    def slow_down_s3(self, seconds: float) -> None:
        """The function reaches S3 through a proxy from now on, which waits so long before each request."""
        if self._slow is not None:
            self._slow.delay_s = seconds
            return
        self._slow = SlowService(self.twin.endpoint, seconds)
        self.function.set_variable("AWS_ENDPOINT_URL_S3", self._slow.url)

    def invoke_asynchronously(self, kind: JobKind, count: int) -> None:
        for _ in range(count):
            self.function.invoke_asynchronously(self.sender.new_job(kind, None))

    def await_undelivered(self) -> int:
        """Until the record of each job without a result is in the queue of what Lambda gave up. Returns how many. Raises
        OpsError."""
        lacking, url = len(self.sent) - self.results(), self.outputs[_UNDELIVERED_OUTPUT]
        end = time.monotonic() + UNDELIVERED_S
        while (found := self.depth(url)) < lacking:
            if time.monotonic() > end:
                raise TwinError(f"{found} of {lacking} records arrived in {url} within {UNDELIVERED_S:.0f} s.")
            time.sleep(0.5)
        return lacking

    def change_alarm(self, name: str, change: AlarmAdjustment) -> list[str]:
        """Returns what was changed, each from → to. Raises OpsError where the alarm is not as the change says."""
        cloudwatch = self.client("cloudwatch")
        with twin_errors(f"change {name}"):
            found = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
            if not found:
                raise TwinError(f"The twin has no metric alarm {name}, whose definition could be changed.")
            made = changed(found[0], change)
            cloudwatch.put_metric_alarm(**made.definition)
        return made.changes

    def create_queue(self, name: str) -> None:
        """A queue in which jobs may be set aside; they count as dead letters."""
        attributes = {"MessageRetentionPeriod": "1209600", "SqsManagedSseEnabled": "true"}
        self._aside.append(str(self.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]))

    def supply_data(self) -> None:
        key = self.sender.missing_data.partition(f"{self._bucket}/")[2]
        self.client("s3").put_object(Bucket=self._bucket, Key=key, Body=jobs.lost_table())

    def depth(self, url: str = "") -> int:
        """Messages of the queue, or of the one at ``url``, those in flight included."""
        found = self.client("sqs").get_queue_attributes(QueueUrl=url or self._queue, AttributeNames=_COUNTS)
        return sum(int(value) for value in found["Attributes"].values())

    def dead_letter(self) -> str:
        """The message ID of one. Raises TwinError where there is none."""
        for message in self._released(self._dlq):
            return str(message["MessageId"])
        raise TwinError("No message is in the twin's dead-letter queue.")

    def results(self) -> int:
        return len(self._with_results())

    def tally(self) -> JobTally:
        """Reads what is in the queues, and releases it again. What is in flight cannot be read: then the mapping is
        paused until it has ended or is visible again."""
        if self.depth():
            self.set_mapping(Enabled=False)
            self._wait_for_flights()
        queued = self._in_queue(self._queue)  # in the order that jobs go: what moves meanwhile is seen twice, not never
        dead = set[str]().union(*map(self._in_queue, (self._dlq, *self._aside)))
        results = self._with_results()
        dead -= results
        queued -= results | dead
        lost = tuple(job_id for job_id in self.sent if job_id not in results | dead | queued)
        return JobTally(len(self.sent), len(results), len(dead), len(queued), lost)

    def _wait_for_flights(self) -> None:
        def in_flight() -> int:
            name = "ApproximateNumberOfMessagesNotVisible"
            found = self.client("sqs").get_queue_attributes(QueueUrl=self._queue, AttributeNames=[name])
            return int(found["Attributes"][name])

        end = time.monotonic() + FLIGHT_S
        while in_flight():
            if time.monotonic() > end:
                raise TwinError(f"Messages were still in flight {FLIGHT_S:.0f} s after the mapping was paused.")
            time.sleep(0.5)

    def _arn(self, url: str) -> str:
        found = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return str(found["Attributes"]["QueueArn"])

    @property
    def _queue(self) -> str:
        return self.outputs[contract.OUTPUT_QUEUE_URL]

    @property
    def _dlq(self) -> str:
        return self.outputs[contract.OUTPUT_DLQ_URL]

    @property
    def _lambda(self) -> Any:
        return self.client("lambda")

    @property
    def _bucket(self) -> str:
        return self.outputs[contract.OUTPUT_BUCKET]

    def _with_results(self) -> set[str]:
        prefix = f"{contract.RESULT_PREFIX}{self.sender.run}-"
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        keys = (item["Key"] for page in pages for item in page.get("Contents", ()))
        found = {key.removeprefix(contract.RESULT_PREFIX).removesuffix(".json") for key in keys}
        return found.intersection(self.sent)  # a job may have stored more beside its result, such as a model

    def _in_queue(self, url: str) -> set[str]:
        """The IDs of this rehearsal's jobs among the messages that can be received now."""
        return set(self._job_ids(self._released(url)))

    def _released(self, url: str) -> list[Any]:
        """The messages that can be received now; they are released again."""
        sqs, messages = self.client("sqs"), list[Any]()
        while self.depth(url) and (
            found := sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=PEEK_S, WaitTimeSeconds=0
            ).get("Messages")
        ):
            messages += found
        for message in messages:
            sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
        return messages

    def _job_ids(self, messages: list[Any]) -> Iterator[str]:
        for message in messages:
            with suppress(ValueError, TypeError, KeyError):  # not a job's: the incident may send any message
                job_id = json.loads(message["Body"])["job_id"]
                if str(job_id).startswith(f"{self.sender.run}-"):
                    yield str(job_id)
