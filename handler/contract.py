"""The one place that both sides read: what the handler and its extension write, and what the toolkit reads.

Standard library only, so that importing it costs the cold path nothing. Changing a name here changes it for the writer,
the dashboard, the alarms and the dead-letter tools at once.
"""

from __future__ import annotations

# Type checkers take this name for typing.TYPE_CHECKING; importing typing itself would cost the extension 4 ms at start.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

SERVICE: Final = "scilearn"

# --- the job, as posted to the API and carried in an SQS body -------------------------------------------------------
JOB_SCHEMA: Final = 1
"""``{"schema": 1, "job_id": str, "kind": str, "data": …, "params": {…}}``.

``data`` is one of: an inline table ``{"columns": {name: [values…]}}``, a string ``s3://bucket/key``, or an absolute
file path under the mount (``DATA_MOUNT``). Tables behind a name are CSV, or JSON of the inline form. ``params`` are in
the docstrings of ``handler.jobs.prepare``, ``train``, ``score`` and ``describe``.
"""
JOB_KINDS: Final = ("prepare", "train", "score", "describe")
MODEL_SCHEMA: Final = 1
RESULT_SCHEMA: Final = 1

# --- log records (one JSON object a line, Powertools Logger) --------------------------------------------------------
LOG_BATCH: Final = "batch received"
"""Fields: ``message_ids`` (every SQS message id of the invocation) and ``function_request_id``. It is what joins a
message to its invocation when the environment is killed before it can say anything else."""
LOG_MESSAGES: Final = "messages"
"""Field of that line: for each message, up to ``LOGGED_MESSAGES``, an object of those below. What is not known is left out."""
LOGGED_MESSAGES: Final = 100
SEEN_ID: Final = "id"
SEEN_SENT: Final = "sent_ms"  # SentTimestamp
SEEN_RECEIVES: Final = "receives"
SEEN_GROUP: Final = "group"  # MessageGroupId
SEEN_SENDER: Final = "sender"  # SenderId: a principal's ID, of a role with its session's name
SEEN_TENANT: Final = "tenant"  # what ``ENV_TENANT_FIELD`` names in the body
SEEN_TRACE: Final = "trace"  # the sender's X-Ray trace ID, where it is sampled
LOG_JOB_OK: Final = "job succeeded"
LOG_JOB_REPEATED: Final = "job repeated"
LOG_JOB_SENT_AGAIN: Final = "job sent again"
"""A job for which no time was left on its last receive. Fields: ``message_id``, and ``sent_as`` (the new message)."""
LOG_SENT_AS: Final = "sent_as"
LOG_JOB_FAILED: Final = "job failed"
"""Fields: ``error_type``, ``error_message``, ``permanent`` (bool), ``stack_trace`` and those below."""
LOG_MESSAGE_ID: Final = "message_id"
LOG_REQUEST_ID: Final = "function_request_id"
LOG_JOB_ID: Final = "job_id"
LOG_JOB_KIND: Final = "job_kind"
LOG_ERROR_TYPE: Final = "error_type"
LOG_ERROR_MESSAGE: Final = "error_message"
LOG_PERMANENT: Final = "permanent"

# --- job metrics (EMF, written by the handler) ----------------------------------------------------------------------
JOB_NAMESPACE: Final = "SciLearn"
JOB_DIMENSION: Final = "service"
METRIC_JOBS_SUCCEEDED: Final = "JobsSucceeded"
METRIC_JOBS_FAILED: Final = "JobsFailed"
METRIC_JOBS_REJECTED: Final = "JobsRejected"
"""Permanent failures, sent to the dead-letter queue at once."""
METRIC_JOBS_REPEATED: Final = "JobsRepeated"
METRIC_END_TO_END: Final = "EndToEndLatency"
"""Milliseconds from a message's sending (SentTimestamp) to its job's success. A message sent again counts from then."""

# --- the invocation record (EMF, written by the extension; one line an invocation) ----------------------------------
INVOCATION_NAMESPACE: Final = "LambdaOps"
INVOCATION_DIMENSION: Final = "FunctionName"
UNNAMED: Final = "unknown"
"""The dimension's value where the environment does not name the function."""
INVOCATION_RECORD: Final = "invocation"
"""Value of the ``record`` property: ``filter record = "invocation"`` finds every one in Logs Insights."""

# Metrics, each also a top-level member of the record. Milliseconds unless noted.
INV_INIT: Final = "InitDuration"  # only on a cold start
INV_DURATION: Final = "InvokeDuration"
INV_BILLED: Final = "BilledDuration"
INV_MEMORY_USED: Final = "MaxMemoryUsed"  # MB
INV_COST: Final = "EstimatedCost"  # USD
INV_COLD: Final = "ColdStarts"  # 1 or 0, so that its average is the cold-start share
INV_FAILED: Final = "FailedInvocations"  # 1 or 0: status is not success
INVOCATION_UNITS: Final = {
    INV_INIT: "Milliseconds",
    INV_DURATION: "Milliseconds",
    INV_BILLED: "Milliseconds",
    INV_MEMORY_USED: "Megabytes",
    INV_COST: "None",
    INV_COLD: "Count",
    INV_FAILED: "Count",
}
"""All of them, with their units as CloudWatch names them."""

# Properties of the record (not metrics, so they cost nothing more).
INV_REQUEST_ID: Final = "request_id"
INV_VERSION: Final = "function_version"
INV_INIT_TYPE: Final = "initialization_type"
INV_PHASE: Final = "phase"
INV_RESTORE: Final = "restore_ms"
INV_BILLED_RESTORE: Final = "billed_restore_ms"  # the part of BilledDuration that is the restore
INV_MEMORY_SIZE: Final = "memory_size_mb"
INV_PRODUCED: Final = "produced_bytes"
INV_RESPONSE_LATENCY: Final = "response_latency_ms"
INV_RESPONSE_DURATION: Final = "response_duration_ms"
INV_RUNTIME_OVERHEAD: Final = "runtime_overhead_ms"
INV_EXTENSION_OVERHEAD: Final = "extension_overhead_ms"
INV_RUNTIME_INIT: Final = "runtime_init_ms"  # the runtime's share of init; the rest is the extension's and platform's
INV_STATUS: Final = "status"  # success | failure | error | timeout
INV_ERROR_TYPE: Final = "error_type"  # e.g. Runtime.OutOfMemory, Sandbox.Timedout, Function.Unhandled
INV_TRACE: Final = "xray_trace_id"
INV_ARCHITECTURE: Final = "architecture"
INV_STARTED: Final = "started_at"  # ISO 8601 UTC: when the invocation began
INV_MISSING: Final = "missing"  # telemetry events that never came, e.g. ["platform.report"]; absent when all came
EXTENSION_NOTICE: Final = "extension"
"""Value of ``record`` on the lines in which the extension speaks of itself: dropped telemetry, lost records, no API."""
METRIC_EXPORT_DROPPED: Final = "OtlpItemsDropped"
"""EMF metric on such a line: spans or data points that no OpenTelemetry collector took. Written only when it happens."""

# --- what the handler tells the extension of its batch: one datagram per invocation, only for the OpenTelemetry export
TOLD_REQUEST_ID: Final = "request_id"
TOLD_TRIGGER: Final = "trigger"  # pubsub | other, as ``faas.trigger`` of the semantic conventions
TOLD_LOG_STREAM: Final = "log_stream"
TOLD_QUEUE: Final = "queue"
TOLD_COUNT: Final = "count"  # messages of the batch
TOLD_MESSAGES: Final = "messages"  # the oldest of them: [message id, SentTimestamp, receive count, AWSTraceHeader]

# --- message attributes of a message that the handler itself sends to the dead-letter queue ------------------------
DLQ_ERROR_TYPE: Final = "ErrorType"
DLQ_ERROR_MESSAGE: Final = "ErrorMessage"
DLQ_ORIGINAL_MESSAGE_ID: Final = "OriginalMessageId"
DLQ_REQUEST_ID: Final = "RequestId"
DLQ_SOURCE_ARN: Final = "OriginalQueueArn"
ATTRIBUTE_LIMIT: Final = 10
"""SQS allows ten message attributes (botocore 1.44.5 model, 2026-11)."""

# --- results --------------------------------------------------------------------------------------------------------
RESULT_PREFIX: Final = "results/"
REMEMBERED: Final = 14 * 24 * 3600
"""Seconds a finished job's id is kept: as long as a message may be in the dead-letter queue before it is sent again. Results
are kept longer, because a repeated job answers with the address of the first one's."""
EVENT_SOURCE: Final = "scilearn"
EVENT_JOB_SUCCEEDED: Final = "Job Succeeded"
EVENT_JOB_REJECTED: Final = "Job Rejected"

# --- environment of the function, set by template.yaml --------------------------------------------------------------
ENV_RESULTS_BUCKET: Final = "RESULTS_BUCKET"
ENV_BUS: Final = "EVENT_BUS"
ENV_TABLE: Final = "IDEMPOTENCY_TABLE"
ENV_DLQ_URL: Final = "DLQ_URL"
ENV_MAX_RECEIVES: Final = "MAX_RECEIVES"
"""The job queue's ``maxReceiveCount``; without it no job is sent again."""
ENV_TENANT_FIELD: Final = "TENANT_FIELD"
"""Dotted path of the body's field that names whom the job is for (``params.tenant``); empty: none is logged."""
ENV_DATA_MOUNT: Final = "DATA_MOUNT"
DATA_MOUNT: Final = "/mnt/data"

# --- outputs of template.yaml: what the toolkit reads to find the workload ------------------------------------------
OUTPUT_API_URL: Final = "ApiUrl"
OUTPUT_QUEUE_URL: Final = "QueueUrl"
OUTPUT_DLQ_URL: Final = "DeadLetterQueueUrl"
OUTPUT_FUNCTION: Final = "FunctionName"
OUTPUT_BUCKET: Final = "ResultsBucketName"
OUTPUT_RESULTS_QUEUE_URL: Final = "ResultsQueueUrl"
OUTPUT_BUS: Final = "EventBusName"
OUTPUT_TABLE: Final = "IdempotencyTableName"
OUTPUT_ALARM_TOPIC: Final = "AlarmTopicArn"
