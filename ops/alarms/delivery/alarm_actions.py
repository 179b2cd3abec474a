"""One action of an alarm: where it goes, and whether that arrives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ops import formatting
from ops.alarms.delivery.model import ActionDelivery, DeliveryLeg, DeliveryStatus, SubscriptionDelivery
from ops.alarms.delivery.publishing import last_action, publishing
from ops.alarms.delivery.subscribing import subscribed
from ops.workload.gaps import Gap

if TYPE_CHECKING:
    from ops.alarms.delivery.cached_reader import AlarmPlace, DeliveryReader
    from ops.aws.cloudwatch import AlarmActionRecord

TELLING = {
    "lambda": "a function",
    "ssm": "Systems Manager",
    "ssm-incidents": "Incident Manager",
    "aiops": "an investigation",
}
"""Services besides SNS whose actions may notify someone; the others (EC2, Auto Scaling) change something."""


def action_delivery(
    reader: DeliveryReader, arn: str, alarm_arn: str, place: AlarmPlace, history: Sequence[AlarmActionRecord] | Gap
) -> ActionDelivery:
    """Whether the action ``arn`` reaches anyone: the alarm's publishing, then each subscription of the topic. ``history``: what the
    alarm did, newest first."""
    service = arn.split(":")[2] if arn.count(":") >= 5 else arn
    if service != "sns":
        return _other(arn, service, last_action(history, arn))
    publish = publishing(reader, arn, alarm_arn, place, history)
    if publish.status is DeliveryStatus.BROKEN:
        return ActionDelivery(arn, "topic", True, DeliveryStatus.BROKEN, publish, _subscribers(reader, arn, place)[0])
    subscribers, why = _subscribers(reader, arn, place)
    if why is not None:
        return ActionDelivery(arn, "topic", True, why.status, _joined(publish, why), subscribers)
    best = [subscription.leg.status for subscription in subscribers]
    if all(status is DeliveryStatus.BROKEN for status in best):
        text = f"{publish.text} None of its {formatting.count(len(best), 'subscription')} takes it."
        end = DeliveryLeg(DeliveryStatus.BROKEN, text, publish.at, publish.error)
        return ActionDelivery(arn, "topic", True, DeliveryStatus.BROKEN, end, subscribers)
    open_end = DeliveryStatus.ALLOWED in best
    status = publish.status if open_end else DeliveryStatus.UNKNOWN
    return ActionDelivery(arn, "topic", True, status, publish, subscribers)


def _subscribers(
    reader: DeliveryReader, arn: str, place: AlarmPlace
) -> tuple[tuple[SubscriptionDelivery, ...], DeliveryLeg | None]:
    """And why nothing can be said of them, or that there are none."""
    found = reader.subscriptions(arn)
    if isinstance(found, Gap):
        return (), DeliveryLeg(DeliveryStatus.UNKNOWN, f"Who is subscribed is unknown: {found.note}")
    if not found:
        change = f"aws sns subscribe --topic-arn {arn} --protocol email --notification-endpoint ADDRESS"
        return (), DeliveryLeg(DeliveryStatus.BROKEN, "The topic has no subscription.", change=change)
    return tuple(subscribed(reader, arn, subscription, place) for subscription in found), None


def _joined(publish: DeliveryLeg, end: DeliveryLeg) -> DeliveryLeg:
    status = end.status if publish.status is not DeliveryStatus.BROKEN else publish.status
    return DeliveryLeg(
        status,
        f"{publish.text} {end.text}",
        publish.at,
        publish.error,
        publish.policy_of,
        publish.statement,
        end.change or publish.change,
    )


def _other(arn: str, service: str, last: AlarmActionRecord | None) -> ActionDelivery:
    tells = service in TELLING
    what = TELLING.get(service, service)
    if last is None:
        leg = DeliveryLeg(DeliveryStatus.UNKNOWN, f"It goes to {what}, whose settings are not read here.")
    elif last.succeeded:
        leg = DeliveryLeg(DeliveryStatus.DELIVERED, f"The last action went to {what}.", last.at)
    else:
        leg = DeliveryLeg(DeliveryStatus.BROKEN, f"The last action, to {what}, failed.", last.at, last.error)
    return ActionDelivery(arn, service, tells, leg.status, leg)
