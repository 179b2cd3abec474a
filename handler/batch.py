"""How a batch is processed: Powertools' BatchProcessor, with an order, a time budget and a way out for poison.

A message is moved to the dead-letter queue after ``maxReceiveCount`` receives, whatever caused them. A batch is therefore
ordered so that no message loses a receive because of another, where that can be avoided.

- **Fast jobs first**, then the slow ones, then the unbounded ones, which may take so long or grow so large that they
  kill the environment (``jobs.effort``), the cheapest of them first. Among equals, those first that were received most often.
  (The queue is a standard one, without an order of its own.)
- **Suspects last.** An environment that is killed in a job (timeout, memory) leaves the job's idempotency record
  INPROGRESS. Such a record of a message received before marks a suspect: it may well kill this environment too.
- **Settle before danger.** Before each job that is not fast, and before each suspect, what is finished is announced
  and deleted from the queue, so that a kill takes no finished batch-mate with it.
- **Time budget.** A job is started only if the invocation has more time left than such jobs took here before (with some
  margin); otherwise it is returned to the queue as a failure rather than killed.
- **The last chance** is not spent on waiting: a job returned on its last receive would go to the dead-letter queue without ever
  having been started, and so would one that waits behind a job that kills the environment. It is sent to the queue again
  instead, as a new message, provided that this invocation starts another job: so each round gets something done, and
  the rounds end. Suspects are not rescued. (Lambda's recursive loop detection stops such a circle after some 16 rounds
  only where an AWS SDK hands its trace header on; this client does not.)
- **Rejected** jobs are sent to the dead-letter queue. If that send fails, the record is an ordinary failure.
- **Announcing.** Results are announced together at the end; a record whose event the bus refused is a failure, and its
  next delivery announces the stored result again.
"""

from __future__ import annotations

import math
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch.base import BatchProcessor, EventType
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from handler import contract, jobs
from handler.aws import AwsError
from handler.dead_letter_queue import sendable, tenant
from handler.errors import NotAnnounced, OutOfTime, Rejected
from handler.job import id_in
from handler.records import message_id, receives
from handler.seen_messages import seen_message

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from aws_lambda_powertools import Logger, Metrics
    from aws_lambda_powertools.utilities.batch.base import FailureResponse, SuccessResponse

    from handler.aws import Client
    from handler.dead_letter_queue import DeadLetterQueue
    from handler.results import Store

RESERVE_S = 1.0  # seconds kept for announcing and answering, but no more than that share of the invocation:
RESERVE_SHARE = 0.2
MARGIN = 1.5  # jobs are alike, not equal
START_SHARE = 0.7  # of the invocation's time: then a job is started however long such jobs took


class JobProcessor(BatchProcessor):
    """``stale_attempt_deadline(body)``: when a killed run of the job in ``body`` had to end (ms), or None (``JobRunner``)."""

    def __init__(
        self,
        client: Client,
        store: Store,
        rejects: DeadLetterQueue,
        logger: Logger,
        metrics: Metrics,
        stale_attempt_deadline: Callable[[str], int | None],
    ) -> None:
        # A batch in which every job fails is reported like any other: it is the jobs that failed, not the function.
        super().__init__(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        self._client = client
        self._store = store
        self._rejects = rejects
        self._log = logger
        self._metrics = metrics
        self._stale_attempt_deadline = stale_attempt_deadline
        self._last = int(os.environ.get(contract.ENV_MAX_RECEIVES) or 0)  # receive of a message; 0: not known
        self._tenant_field = os.environ.get(contract.ENV_TENANT_FIELD, "").strip()
        self._begun = 0  # jobs, in this invocation
        self._finished: list[dict[str, Any]] = []
        self._news: list[tuple[dict[str, Any], str, dict[str, Any]]] = []
        self._whole = 0.0  # seconds that the invocation has
        self._took = {jobs.FAST: 0.0, jobs.SLOW: 0.0, jobs.UNBOUNDED: 0.0}  # seconds, by effort

    def process(self) -> list[tuple[Any, ...]]:
        self._finished, self._news, self._whole, self._begun = [], [], self._left(), 0
        ids = [message_id(record) for record in self.records]
        seen = [seen_message(record, self._tenant_field) for record in self.records[: contract.LOGGED_MESSAGES]]
        self._log.info(contract.LOG_BATCH, extra={"message_ids": ids, contract.LOG_MESSAGES: seen})
        suspects = self._suspects()
        efforts = {message_id(record): jobs.effort(record["body"]) for record in self.records}

        def place(record: dict[str, Any]) -> tuple[int, int, float, int]:
            """The sort key of the batch: suspects by when they killed, others by danger and chances left."""
            effort = efforts[message_id(record)]
            cost = round(math.log2(1 + effort.seconds)) if effort.rank == jobs.UNBOUNDED else 0
            return suspects.get(message_id(record), 0), effort.rank, cost, -receives(record)

        outcomes = []
        waiting = sorted(self.records, key=place)
        while waiting:
            record = waiting.pop(0)
            rank, suspect = efforts[message_id(record)].rank, message_id(record) in suspects
            if rank == jobs.UNBOUNDED and self._has_time(rank):
                rescued = [other for other in waiting if message_id(other) not in suspects and self._rescue(other)]
                outcomes += [self.success_handler(other, None) for other in rescued]
                waiting = [other for other in waiting if other not in rescued]
            if rank > jobs.FAST or suspect:
                self._settle()
            outcomes.append(self._attempt(record, rank, suspect))
        self._announce()
        return outcomes

    def success_handler(self, record: Any, result: Any) -> SuccessResponse:
        if result is not None:
            detail = {**result, contract.LOG_MESSAGE_ID: message_id(record)}
            self._news.append((record, contract.EVENT_JOB_SUCCEEDED, detail))
        self._finished.append(record)
        return super().success_handler(record, result)

    def failure_handler(self, record: Any, exception: Any) -> FailureResponse | SuccessResponse:
        error = exception[1]
        if isinstance(error, Rejected):
            try:
                self._rejects.send(record.raw_event, error, self.lambda_context.aws_request_id)
            except AwsError as unsent:
                self._log.error("dead letter not sent", extra={contract.LOG_ERROR_MESSAGE: str(unsent)})
            else:
                self.report_failure(exception, contract.METRIC_JOBS_REJECTED)
                detail = {
                    contract.LOG_MESSAGE_ID: message_id(record),
                    contract.LOG_JOB_ID: id_in(record.body),
                    contract.LOG_ERROR_TYPE: type(error).__name__,
                    contract.LOG_ERROR_MESSAGE: str(error),
                }
                self._news.append((record.raw_event, contract.EVENT_JOB_REJECTED, detail))
                return self.success_handler(record.raw_event, None)
        self.report_failure(exception)
        return super().failure_handler(record, exception)

    def _attempt(self, record: dict[str, Any], rank: int, suspect: bool) -> tuple[Any, ...]:
        began = time.monotonic()
        left = self._left()
        with self._keys(record):
            if left < self._needed(rank):
                if not suspect and self._begun and self._rescue(record):
                    return self.success_handler(record, None)
                error = OutOfTime(f"{left:.1f} s left of the invocation; given back to the queue")
                return self.failure_handler(SQSRecord(record), (OutOfTime, error, None))
            self._begun += 1
            outcome = self._process_record(record)
            # The effect of one slow run (the first imports libraries) is halved by each further one.
            self._took[rank] = max(time.monotonic() - began, self._took[rank] / 2)
            return outcome

    def _needed(self, rank: int) -> float:
        """Seconds that must be left to start such a job: with most of the time left, a later invocation would
        hardly have more."""
        reserve = min(RESERVE_S, RESERVE_SHARE * self._whole)
        return max(reserve, min(reserve + MARGIN * self._took[rank], START_SHARE * self._whole))

    def _has_time(self, rank: int) -> bool:
        return self._left() >= self._needed(rank)

    def _rescue(self, record: dict[str, Any]) -> bool:
        """Send a message on its last receive again, since it is not started now; True if it was sent."""
        return 0 < self._last <= receives(record) and self._send_again(record)

    def _send_again(self, record: dict[str, Any]) -> bool:
        """A new message with the same content; whether SQS took it. Twice in the queue is only a repeated job."""
        request = {
            "QueueUrl": self._client.queue_url(record["eventSourceARN"]),
            "MessageBody": record["body"],
            "MessageAttributes": sendable(record),
            **tenant(record),
        }
        try:
            answer = self._client.call("sqs", "SendMessage", request)
        except AwsError as error:
            self._log.warning("job not sent again", extra={contract.LOG_ERROR_MESSAGE: str(error)})
            return False
        self._log.info(contract.LOG_JOB_SENT_AGAIN, extra={contract.LOG_SENT_AS: answer.get("MessageId")})
        return True

    def _left(self) -> float:
        """Seconds until the invocation is killed."""
        return float(self.lambda_context.get_remaining_time_in_millis() / 1000)

    @contextmanager
    def _keys(self, record: dict[str, Any]) -> Generator[None, None, None]:
        """Every line logged inside carries the message's id, and the job's once it is known."""
        self._log.append_keys(**{contract.LOG_MESSAGE_ID: message_id(record)})
        try:
            yield
        finally:
            self._log.remove_keys([contract.LOG_MESSAGE_ID, contract.LOG_JOB_ID, contract.LOG_JOB_KIND])

    def _suspects(self) -> dict[str, int]:
        """Message id → when its killed run had to end. Asks only about messages that were received before."""
        found = {}
        for record in self.records:
            if receives(record) < 2 or len(self.records) < 2:
                continue
            try:
                until = self._stale_attempt_deadline(record["body"])
            except AwsError as error:
                self._log.warning("suspects not known", extra={contract.LOG_ERROR_MESSAGE: str(error)})
                break
            if until is not None:
                found[message_id(record)] = until
        return found

    def _settle(self) -> None:
        """Announce and delete what is finished. If the deletion fails, the queue delivers it again: a repeated job."""
        self._announce()
        done, self._finished = self._finished, []
        if not done:
            return
        entries = [{"Id": str(number), "ReceiptHandle": record["receiptHandle"]} for number, record in enumerate(done)]
        url = self._client.queue_url(done[0]["eventSourceARN"])
        try:
            for start in range(0, len(entries), 10):
                request = {"QueueUrl": url, "Entries": entries[start : start + 10]}
                self._client.call("sqs", "DeleteMessageBatch", request)
        except AwsError as error:
            self._log.warning("finished messages not deleted", extra={contract.LOG_ERROR_MESSAGE: str(error)})

    def _announce(self) -> None:
        """Successes and rejections each in a call of their own: the latter are best effort and must harm no result."""
        events, self._news = self._news, []
        self._put([news for news in events if news[1] == contract.EVENT_JOB_SUCCEEDED])
        self._put([news for news in events if news[1] == contract.EVENT_JOB_REJECTED])

    def _put(self, news: list[tuple[dict[str, Any], str, dict[str, Any]]]) -> None:
        if not news:
            return
        try:
            codes = self._store.announce([(kind, detail) for _, kind, detail in news])
        except AwsError as error:
            codes = [str(error)] * len(news)
        for (record, kind, _), code in zip(news, codes, strict=True):
            if not code:
                continue
            if kind == contract.EVENT_JOB_REJECTED:  # best effort: the dead letter is what must not be lost
                self._log.warning("rejection not announced", extra={contract.LOG_ERROR_MESSAGE: code})
                continue
            self.success_messages = [done for done in self.success_messages if message_id(done) != message_id(record)]
            self._finished.remove(record)
            refused = NotAnnounced(f"the bus refused the event: {code}")
            with self._keys(record):
                self.failure_handler(SQSRecord(record), (NotAnnounced, refused, None))

    def report_failure(self, exception: Any, metric: str = contract.METRIC_JOBS_FAILED) -> None:
        """Log and count a failed job; ``exception`` as from ``sys.exc_info()``."""
        error = exception[1]
        self._log.error(
            contract.LOG_JOB_FAILED,
            extra={
                contract.LOG_ERROR_TYPE: type(error).__name__,
                contract.LOG_ERROR_MESSAGE: str(error),
                contract.LOG_PERMANENT: isinstance(error, Rejected),
            },
            exc_info=exception if exception[2] is not None else None,
        )
        self._metrics.add_metric(name=metric, unit=MetricUnit.Count, value=1)
