"""Which rules and topics a queue serves as their dead-letter queue: AWS lists that nowhere, so its policy is followed.

A rule or a topic needs leave in the queue's policy, both to send there and to leave there what it could not deliver;
only its own settings tell which (EventBridge user guide, eb-rule-dlq; SNS developer guide, sns-dead-letter-queues).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from ops.aws import events, sns
from ops.workload import senders
from ops.workload.gaps import Part, attempt
from ops.workload.senders import Sender

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.sqs import Queue

MOST_ASKED = 10
"""Rules, topics, and subscriptions of each topic, that are asked."""


def of_queue(aws: Aws, queue: Queue) -> tuple[Sender, ...]:
    """Those whose settings name the queue; what may not be asked is left out, so empty proves nothing."""
    asked = [grant for grant in queue.grants if grant.service in _ASK and grant.source_arn][:MOST_ASKED]
    answers = [
        attempt(Part.DETAIL, grant.source_arn, partial(_ASK[grant.service], aws, grant.source_arn, queue))
        for grant in asked
    ]
    return tuple(senders.of_grant(grant) for grant, answer in zip(asked, answers, strict=True) if answer is True)


def _rule(aws: Aws, arn: str, queue: Queue) -> bool:
    return any(target.dead_letter_arn == queue.arn for target in events.targets(aws, arn))


def _topic(aws: Aws, arn: str, queue: Queue) -> bool:
    known = [one for one in sns.subscriptions(aws, arn) if one.arn.startswith("arn:") and one.endpoint != queue.arn]
    return any(sns.dead_letter_arn(aws, one) == queue.arn for one in known[:MOST_ASKED])


_ASK: dict[str, Callable[[Aws, str, Queue], bool]] = {"events": _rule, "sns": _topic}
