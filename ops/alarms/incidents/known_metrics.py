"""The metrics that an incident may give, by role, with the unit in which CloudWatch has them.

AWS/SQS: SQS developer guide, sqs-available-cloudwatch-metrics; AWS/Lambda: Lambda developer guide,
monitoring-metrics-types and monitoring-metrics (of event source mappings), read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping

from handler import contract

_QUEUE = {
    "ApproximateAgeOfOldestMessage": "Seconds",
    "ApproximateNumberOfMessagesVisible": "Count",
    "ApproximateNumberOfMessagesNotVisible": "Count",
    "ApproximateNumberOfMessagesDelayed": "Count",
    "NumberOfMessagesSent": "Count",
    "NumberOfMessagesReceived": "Count",
    "NumberOfMessagesDeleted": "Count",
    "NumberOfEmptyReceives": "Count",
    "SentMessageSize": "Bytes",
    "ApproximateNumberOfGroupsWithInflightMessages": "Count",
    "NumberOfDeduplicatedSentMessages": "Count",
    "ApproximateNumberOfNoisyGroups": "Count",
    "ApproximateNumberOfMessagesVisibleInQuietGroups": "Count",
    "ApproximateNumberOfMessagesNotVisibleInQuietGroups": "Count",
    "ApproximateNumberOfMessagesDelayedInQuietGroups": "Count",
    "ApproximateAgeOfOldestMessageInQuietGroups": "Seconds",
}

KNOWN_METRICS: Mapping[str, Mapping[str, str]] = {
    "queue": _QUEUE,
    "dlq": _QUEUE,
    "undelivered": _QUEUE,
    "function": {
        "Invocations": "Count",
        "Errors": "Count",
        "Throttles": "Count",
        "Duration": "Milliseconds",
        "PostRuntimeExtensionsDuration": "Milliseconds",
        "ConcurrentExecutions": "Count",
        "ProvisionedConcurrencyInvocations": "Count",
        "ProvisionedConcurrencySpilloverInvocations": "Count",
        "ProvisionedConcurrencyUtilization": "Count",
        "RecursiveInvocationsDropped": "Count",
        "AsyncEventsReceived": "Count",
        "AsyncEventsDropped": "Count",
        "AsyncEventAge": "Milliseconds",
        "DeadLetterErrors": "Count",
        "DestinationDeliveryFailures": "Count",
    },
    "mapping": {
        "PolledEventCount": "Count",
        "InvokedEventCount": "Count",
        "FilteredOutEventCount": "Count",
        "FailedInvokeEventCount": "Count",
        "DeletedEventCount": "Count",
        "ProvisionedPollers": "Count",
    },
    "account": {
        "ClaimedAccountConcurrency": "Count",
        "ConcurrentExecutions": "Count",
        "UnreservedConcurrentExecutions": "Count",
    },
    "jobs": {
        contract.METRIC_JOBS_SUCCEEDED: "Count",
        contract.METRIC_JOBS_FAILED: "Count",
        contract.METRIC_JOBS_REJECTED: "Count",
        contract.METRIC_JOBS_REPEATED: "Count",
        contract.METRIC_END_TO_END: "Milliseconds",
    },
    "invocations": contract.INVOCATION_UNITS,
}
"""``undelivered``: a queue of failed asynchronous invocations and results. ``jobs``, ``invocations``: what the handler and
the extension of this project record."""

LIMITS: Mapping[str, str] = {
    "timeout": "seconds that an invocation may take",
    "visibility": "seconds of the queue's visibility timeout",
    "memory": "MB of the function",
    "concurrency": "concurrent executions that the function may have, by whichever limit is lowest",
    "account_concurrency": "concurrent executions that the account may have",
    "in_flight": "messages that may be in flight",
    "retention": "seconds that the queue keeps a message",
    "dlq_retention": "seconds that the dead-letter queue keeps a message",
    "max_receives": "receives before a message goes to the dead-letter queue",
    "batch_size": "messages for each invocation",
}
"""What an incident may say of the workload that it happened to."""
