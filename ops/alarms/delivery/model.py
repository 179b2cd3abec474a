"""The delivery of an alarm's notification to a person, leg by leg."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class DeliveryStatus(StrEnum):
    """``DELIVERED`` is of the past: CloudWatch's history has it. ``BROKEN`` is certain, and so is nothing else."""

    DELIVERED = "delivered"
    ALLOWED = "allowed"
    UNKNOWN = "unknown"
    BROKEN = "broken"


BEST_FIRST = tuple(DeliveryStatus)


@dataclass(frozen=True)
class DeliveryLeg:
    """``text``: a sentence. ``at``: when it was last delivered, or failed. ``error``: CloudWatch's own words.
    ``statement``: what must be added to ``policy_of``, as JSON's values. ``change``: the command."""

    status: DeliveryStatus
    text: str
    at: datetime | None = None
    error: str = ""
    policy_of: str = ""
    statement: dict[str, Any] | None = None
    change: str = ""


@dataclass(frozen=True)
class SubscriptionDelivery:
    """``endpoint``: an address or an ARN, as SNS has it."""

    protocol: str
    endpoint: str
    leg: DeliveryLeg


@dataclass(frozen=True)
class ActionDelivery:
    """An action of an alarm's ALARM state. ``kind``: topic, or the service that its ARN names. ``tells``: whether it can
    tell anyone, unlike an action that scales. ``subscriptions``: of a topic."""

    arn: str
    kind: str
    tells: bool
    status: DeliveryStatus
    publish: DeliveryLeg
    subscriptions: tuple[SubscriptionDelivery, ...] = ()


@dataclass(frozen=True)
class AlarmDelivery:
    """``through``: composite alarms with actions that depend on it. ``text``: the answer, a sentence. ``notes``: what
    else bears on it, such as a mute rule. ``unread``: what could not be read, with the missing permission. ``change``: the
    command that repairs the alarm itself; of its topics, the legs have it. ``muted_by``: mute rules that are active."""

    name: str
    state: str
    composite: bool
    status: DeliveryStatus
    text: str
    actions: tuple[ActionDelivery, ...] = ()
    through: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    change: str = ""
    muted_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class DeliveryReport:
    """``refused``: whether AWS refused to show a part."""

    alarms: tuple[AlarmDelivery, ...]
    refused: bool
    notes: tuple[str, ...] = ()

    @property
    def broken(self) -> tuple[AlarmDelivery, ...]:
        return tuple(delivery for delivery in self.alarms if delivery.status is DeliveryStatus.BROKEN)
