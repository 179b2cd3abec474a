"""Does an alarm reach anyone? What its history, the policies on the way and its subscriptions say, leg by leg.

Nothing is called delivered but what CloudWatch's history shows; nothing is called broken but what is certain.
"""

from __future__ import annotations

from ops.alarms.delivery.check import check, check_alarm, check_workload
from ops.alarms.delivery.model import (
    ActionDelivery,
    AlarmDelivery,
    DeliveryLeg,
    DeliveryReport,
    DeliveryStatus,
    SubscriptionDelivery,
)

__all__ = [
    "ActionDelivery",
    "AlarmDelivery",
    "DeliveryLeg",
    "DeliveryReport",
    "DeliveryStatus",
    "SubscriptionDelivery",
    "check",
    "check_alarm",
    "check_workload",
]
