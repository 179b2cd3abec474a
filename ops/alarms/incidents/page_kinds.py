"""Kinds of pages: an incident's expectations name them, and alarms are sorted by them.

Which kinds an alarm is of follows from what it reads, not from its name: ``kinds_of``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

PAGE_KINDS: Mapping[str, str] = {
    "dead-letters": "messages are in the dead-letter queue",
    "dlq-drained-unseen": "messages passed through the dead-letter queue",
    "stalled": "messages wait and no consumer reads them",
    "returned-without-delete": "messages are received and not deleted",
    "in-flight": "messages in flight approach the quota",
    "oldest-age": "the oldest message waits too long",
    "backlog": "messages pile up",
    "errors": "the function fails",
    "throttles": "the function is throttled",
    "throttled-into-dlq": "throttled messages end in the dead-letter queue",
    "duration": "invocations come close to the timeout",
    "memory": "invocations come close to the memory limit",
    "concurrency": "concurrency is at its limit",
    "cold-starts": "cold starts got slower or more frequent",
    "cost": "a success costs more",
    "job-failures": "jobs fail",
    "results-missing": "accepted jobs have no results",
    "extension-silent": "invocations leave no record",
    "undelivered": "events or results could not be delivered",
    "other": "something else",
}

_RECEIVED, _DELETED = "queue.NumberOfMessagesReceived", "queue.NumberOfMessagesDeleted"
_EMPTY, _INVOKED = "queue.NumberOfEmptyReceives", "function.Invocations"
_WAITING = ("queue.ApproximateNumberOfMessagesVisible", "queue.ApproximateAgeOfOldestMessage")
_PROGRESS = (_RECEIVED, _DELETED, _EMPTY, _INVOKED, "mapping.PolledEventCount", "mapping.DeletedEventCount")
_PASSED_DLQ = ("dlq.NumberOfMessagesReceived", "dlq.NumberOfMessagesDeleted")
_ONE_METRIC: Mapping[str, str] = {
    "dlq.ApproximateNumberOfMessagesVisible": "dead-letters",
    "dlq.ApproximateAgeOfOldestMessage": "dead-letters",
    "dlq.NumberOfMessagesReceived": "dlq-drained-unseen",
    "dlq.NumberOfMessagesDeleted": "dlq-drained-unseen",
    "queue.ApproximateNumberOfMessagesNotVisible": "in-flight",
    "queue.ApproximateAgeOfOldestMessage": "oldest-age",
    "queue.ApproximateNumberOfMessagesVisible": "backlog",
    "function.Errors": "errors",
    "invocations.FailedInvocations": "errors",
    "mapping.FailedInvokeEventCount": "returned-without-delete",
    "function.Throttles": "throttles",
    "function.Duration": "duration",
    "invocations.InvokeDuration": "duration",
    "invocations.MaxMemoryUsed": "memory",
    "function.ConcurrentExecutions": "concurrency",
    "account.ClaimedAccountConcurrency": "concurrency",
    "account.ConcurrentExecutions": "concurrency",
    "account.UnreservedConcurrentExecutions": "concurrency",
    "invocations.InitDuration": "cold-starts",
    "invocations.ColdStarts": "cold-starts",
    "invocations.EstimatedCost": "cost",
    "jobs.JobsFailed": "job-failures",
    "jobs.JobsRejected": "job-failures",
    "undelivered.ApproximateNumberOfMessagesVisible": "undelivered",
    "function.AsyncEventsDropped": "undelivered",
    "function.DestinationDeliveryFailures": "undelivered",
    "function.DeadLetterErrors": "undelivered",
}


def kinds_of(reads: Collection[str], below: bool, math: bool) -> frozenset[str]:
    """``reads``: metrics as "role.Metric"; ``below``: it alarms on values below its threshold; ``math``: on an expression
    of several metrics, which says something else than each of them."""
    several = math and len(reads) > 1
    if below and not several and any(each in _PROGRESS for each in reads):
        return frozenset({"stalled"})
    if several:
        return _of_expression(set(reads))
    return frozenset(_ONE_METRIC.get(each, "other") for each in reads) or frozenset({"other"})


def _of_expression(reads: set[str]) -> frozenset[str]:
    kinds = set()
    waits, progresses = reads.intersection(_WAITING), reads.intersection(_PROGRESS)
    if waits and progresses:
        kinds.add("backlog" if progresses == {_DELETED} else "stalled")
    if {_RECEIVED, _DELETED} <= reads and not waits:
        kinds.add("returned-without-delete")
    dead = {each for each in reads if each.startswith("dlq.")}
    if dead:
        arrived = "dead-letters" if dead.isdisjoint(_PASSED_DLQ) else "dlq-drained-unseen"
        kinds.add("throttled-into-dlq" if "function.Throttles" in reads else arrived)
    if "invocations.EstimatedCost" in reads:
        kinds.add("cost")
    elif any(each.startswith("jobs.") for each in reads) and progresses.intersection((_DELETED, _INVOKED)):
        kinds.add("results-missing")
    elif any(each.startswith("invocations.") for each in reads) and _INVOKED in reads:
        kinds.add("extension-silent")
    if kinds:
        return frozenset(kinds)
    return frozenset(_ONE_METRIC[each] for each in reads if each in _ONE_METRIC) or frozenset({"other"})
