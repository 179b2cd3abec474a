"""Which rules and topics a queue serves as their dead-letter queue: AWS lists that nowhere, so its policy is followed.

A rule or a topic needs leave in the queue's policy, both to send there and to leave there what it could not deliver;
only its own settings tell which (EventBridge user guide, eb-rule-dlq; SNS developer guide, sns-dead-letter-queues).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ops.aws import events, sns
from ops.workload import senders
from ops.workload.gaps import Gap, Part, attempt
from ops.workload.senders import Sender

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.sqs import Queue

MAX_LOOKUPS = 10
"""Rules, topics, and subscriptions of each topic, that are asked."""


@dataclass(frozen=True)
class Roles:
    """``serves``: those that leave there what they could not deliver. ``delivers``: those of which it is a target.

    What may not be asked is in neither, so that an empty one proves nothing.
    """

    serves: tuple[Sender, ...] = ()
    delivers: tuple[Sender, ...] = ()


def roles(aws: Aws, queue: Queue) -> Roles:
    """What the rules and topics that the queue's policy lets in use it for."""
    serves, delivers = [], []
    for grant in [grant for grant in queue.grants if grant.service in _ASK and grant.source_arn][:MAX_LOOKUPS]:
        answer = attempt(Part.DETAIL, grant.source_arn, partial(_ASK[grant.service], aws, grant.source_arn, queue))
        if not isinstance(answer, Gap):
            serves += [senders.of_grant(grant)] if queue.arn in answer.undelivered else []
            delivers += [senders.of_grant(grant)] if queue.arn in answer.delivered else []
    return Roles(tuple(serves), tuple(delivers))


@dataclass(frozen=True)
class _Ends:
    """ARNs: where a rule or a topic sends, and where goes what it could not deliver."""

    delivered: frozenset[str]
    undelivered: frozenset[str]


def _rule(aws: Aws, arn: str, queue: Queue) -> _Ends:
    targets = events.rule_targets(aws, arn)
    return _Ends(frozenset(target.arn for target in targets), frozenset(target.dead_letter_arn for target in targets))


def _topic(aws: Aws, arn: str, queue: Queue) -> _Ends:
    known = [subscription for subscription in sns.subscriptions(aws, arn) if subscription.arn.startswith("arn:")]
    others = [subscription for subscription in known if subscription.endpoint != queue.arn][:MAX_LOOKUPS]
    return _Ends(
        frozenset(subscription.endpoint for subscription in known),
        frozenset(sns.dead_letter_arn(aws, subscription) for subscription in others),
    )


_ASK: dict[str, Callable[[Aws, str, Queue], _Ends]] = {"events": _rule, "sns": _topic}
