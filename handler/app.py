"""The Lambda entry: ``record_handler`` is the business step, ``lambda_handler`` processes a batch with it."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import handler.lazy_packages  # noqa: F401 - first, so that the imports below skip what is not used

# isort: split
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch.decorators import process_partial_response

from handler import contract
from handler.aws import Client
from handler.batch import JobProcessor
from handler.dead_letter_queue import DeadLetterQueue
from handler.job import check, parse
from handler.job_runner import REPEATED, JobRunner
from handler.records import age_ms, is_batch
from handler.tracing.message_times import MessageTimes
from handler.tracing.xray import Provider

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from handler.job import Job
    from handler.results import Pointer

SPARE = 0.5
"""Seconds before the invocation is killed by which all calls must have ended, so that it can still answer."""

message_times = MessageTimes()
traces = Provider()
tracer = Tracer(service=contract.SERVICE, provider=traces, auto_patch=False, disabled=False)
logger = Logger(service=contract.SERVICE)
metrics = Metrics(namespace=contract.JOB_NAMESPACE, service=contract.SERVICE)

client = Client(observe=traces.aws_call)
service = JobRunner(client)
processor = JobProcessor(
    client, service.store, DeadLetterQueue(client), logger, metrics, service.stale_attempt_deadline
)


def run(job: Job) -> Pointer:
    logger.append_keys(**{contract.LOG_JOB_ID: job.job_id, contract.LOG_JOB_KIND: job.kind})
    tracer.put_annotation(contract.LOG_JOB_ID, job.job_id)
    pointer = service.run(job)
    repeated = pointer.pop(REPEATED, False)
    metric = contract.METRIC_JOBS_REPEATED if repeated else contract.METRIC_JOBS_SUCCEEDED
    metrics.add_metric(name=metric, unit=MetricUnit.Count, value=1)
    logger.info(contract.LOG_JOB_REPEATED if repeated else contract.LOG_JOB_OK)
    return pointer


@tracer.capture_method(capture_response=False)
def record_handler(record: SQSRecord) -> Pointer:
    pointer = run(parse(record.body))
    if (age := age_ms(record.raw_event, time.time())) is not None:
        metrics.add_metric(name=contract.METRIC_END_TO_END, unit=MetricUnit.Milliseconds, value=age)
    return pointer


def run_directly(event: Any) -> Pointer:
    try:
        return run(check(event))
    except Exception:  # raised again: Lambda counts it, this writes the log line
        processor.report_failure(sys.exc_info())
        raise


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: Any, context: LambdaContext) -> Any:
    """A batch from SQS, or one job as the event itself (an asynchronous invocation, whose destinations report it)."""
    message_times.tell(event, context.aws_request_id)
    service.idempotency.register_lambda_context(context)
    left = context.get_remaining_time_in_millis() / 1000
    client.deadline = time.monotonic() + left - min(SPARE, left / 10)
    if not is_batch(event):
        return run_directly(event)
    return process_partial_response(event, record_handler, processor, context)
