"""What is known, without receiving one, about messages that still wait: no log line or dead letter shows them."""

from __future__ import annotations

from ops import formatting
from ops.tenants.model import FairQueueMetrics


def waiting_now(metrics: FairQueueMetrics, *, fifo: bool, peeked: bool) -> str:
    """What SQS's metrics show, and what would show more; ``peeked``: some messages were received for it."""
    if metrics.visible is None:
        return "How many messages wait now is not known: CloudWatch has no point of the last 15 minutes."
    if not metrics.visible:
        return "No message waits now."
    age = "" if metrics.oldest_s is None else f", the oldest for {formatting.duration(metrics.oldest_s)}"
    return f"{formatting.count(metrics.visible, 'message')} waiting now{age}. {_whose(metrics)}{'' if peeked else f' {_more(fifo)}'}"


def _whose(metrics: FairQueueMetrics) -> str:
    quiet = metrics.visible_in_quiet_groups
    if metrics.noisy_groups is None or quiet is None or metrics.visible is None:
        return (
            "No metric tells whose they are: SQS counts by group on standard queues whose messages have message groups."
        )
    noisy = formatting.count(metrics.noisy_groups, "noisy group")
    age = metrics.oldest_in_quiet_groups_s
    oldest = "" if age is None else f", the oldest for {formatting.duration(age)}"
    inside = formatting.count(max(0.0, metrics.visible - quiet))
    return f"SQS counts {noisy} with {inside} of them, and {formatting.count(quiet)} in quiet groups{oldest}; it names no group."


def _more(fifo: bool) -> str:
    if fifo:
        return "They are not received to look at them: on a FIFO queue that holds up their groups."
    return (
        "They are not received to look at them: each would use up one of its receives, after the last of which it goes to the "
        "dead-letter queue. ops tenants --peek N does so on request."
    )
