"""The daemon's loop: receive as many messages as there are free connections, post them, delete or return them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ops.errors import UsageError
from ops.twin.sqsd import message_headers
from ops.twin.sqsd.cron_yaml import CronTask
from ops.twin.sqsd.delivery import Delivery, post
from ops.twin.sqsd.settings import WorkerOptions

MAX_RECEIVED = 10
WAIT_S = 1
"""Seconds of long polling; short, so that a stop does not wait for it. What AWS's daemon has is not documented."""
RETRY_S = 1.0
"""After a call that SQS refused."""


@dataclass(frozen=True)
class Worker:
    """``sqs``: a boto3 client, or what has its methods. ``address``: of the application, ``http://host:port``."""

    sqs: Any
    queue_url: str
    address: str
    options: WorkerOptions
    tasks: tuple[CronTask, ...] = ()
    log: Callable[[str], None] = lambda _line: None

    def __post_init__(self) -> None:
        if self.tasks and self.queue_url.endswith(".fifo"):
            raise UsageError(
                "Periodic tasks are not supported with a FIFO queue.", "Use a standard queue, or no cron.yaml."
            )

    @property
    def queue(self) -> str:
        return self.queue_url.rsplit("/", 1)[-1]

    def run(self, stop: threading.Event) -> None:
        """Until ``stop`` is set; messages that are being posted are finished first."""
        free = threading.Semaphore(self.options.http_connections)
        clock = threading.Thread(target=self._periodic, args=(stop,), name="sqsd periodic tasks")
        if self.tasks:
            clock.start()
        with ThreadPoolExecutor(self.options.http_connections, "sqsd") as pool:
            while not stop.is_set():
                held = _take(free)
                messages = self._receive(held) if held else []
                free.release(held - len(messages)) if held > len(messages) else None
                for message in messages:
                    pool.submit(self._deliver, message, free)
                if not held:
                    stop.wait(0.01)
        if self.tasks:
            clock.join()

    def _receive(self, most: int) -> Sequence[Any]:
        try:
            answer = self.sqs.receive_message(
                QueueUrl=self.queue_url,
                MaxNumberOfMessages=most,
                WaitTimeSeconds=WAIT_S,
                VisibilityTimeout=self.options.visibility_timeout,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["All"],
            )
        except Exception as error:  # noqa: BLE001 - whatever it was, the queue is asked again
            self.log(f"ReceiveMessage: {error}")
            time.sleep(RETRY_S)
            return []
        messages: Sequence[Any] = answer.get("Messages", [])
        return messages

    def _deliver(self, message: Mapping[str, Any], free: threading.Semaphore) -> None:
        try:
            self.log(f"{message['MessageId']}: {self.deliver(message)}")
        except Exception as error:  # noqa: BLE001 - the message is visible again after its visibility timeout
            self.log(f"{message['MessageId']}: {error}")
        finally:
            free.release()

    def deliver(self, message: Mapping[str, Any]) -> str:
        """The outcome of one received message, in words."""
        handle = message["ReceiptHandle"]
        sent_ms = int(message.get("Attributes", {}).get("SentTimestamp", 0))
        if sent_ms and time.time() - sent_ms / 1000 > self.options.retention_period:
            self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=handle)
            return "deleted, older than RetentionPeriod"
        options = self.options
        delivery = post(
            self.address,
            message_headers.path(message, options.http_path),
            message["Body"].encode(),
            message_headers.headers(message, self.queue, options.mime_type),
            options,
        )
        if delivery is Delivery.DONE:
            self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=handle)
            return "deleted"
        seconds = 0 if delivery is Delivery.NO_RESPONSE else options.error_visibility_timeout
        self.sqs.change_message_visibility(QueueUrl=self.queue_url, ReceiptHandle=handle, VisibilityTimeout=seconds)
        return f"{delivery}, visible again in {seconds} s"

    def _periodic(self, stop: threading.Event) -> None:
        minute = _minute(datetime.now(UTC))
        while not stop.wait(max(0.0, (minute + timedelta(minutes=1) - datetime.now(UTC)).total_seconds())):
            minute += timedelta(minutes=1)
            self.enqueue_due(minute)

    def enqueue_due(self, minute: datetime) -> None:
        """Sends the messages of the tasks that are due in this minute (aware UTC)."""
        for task in self.tasks:
            if not task.schedule.matches(minute):
                continue
            try:
                self.sqs.send_message(
                    QueueUrl=self.queue_url,
                    MessageBody=message_headers.PERIODIC_BODY,
                    MessageAttributes=message_headers.periodic_attributes(task.name, task.url, minute),
                )
                self.log(f"task {task.name} sent")
            except Exception as error:  # noqa: BLE001 - the other tasks, and those of the next minute, go on
                self.log(f"task {task.name}: {error}")


def _take(free: threading.Semaphore) -> int:
    """How many connections were free and are now held, at most as many as one receive may use."""
    held = 0
    while held < MAX_RECEIVED and free.acquire(blocking=False):
        held += 1
    return held


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
