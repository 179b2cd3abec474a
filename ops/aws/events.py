"""Events, put on a bus, and where rules send them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops.aws.clients import Aws

MAX_BATCH = 10
MAX_BYTES = 262_144
"""Entries and bytes that PutEvents takes at once (EventBridge user guide, 2026-11)."""


@dataclass(frozen=True)
class PutResult:
    """What became of one entry: the event's id, or why it was not taken in."""

    event_id: str = ""
    code: str = ""
    message: str = ""


def put_events(aws: Aws, bus: str, entries: Sequence[Mapping[str, Any]]) -> list[PutResult]:
    """One PutEvents call; for each entry, in order, what became of it. ``bus``: name or ARN."""
    with aws.translate_errors("events", f"event bus {bus.rpartition('/')[2]}"):
        answer: Any = aws.events.put_events(Entries=[{**entry, "EventBusName": bus} for entry in entries])  # type: ignore[typeddict-item]
    return [
        PutResult(entry.get("EventId") or "", entry.get("ErrorCode") or "", entry.get("ErrorMessage") or "")
        for entry in answer["Entries"]
    ]


def find_bus(aws: Aws, bus_arn: str) -> str:
    """The ARN of the bus of that ARN. Raises NotFound. Needs events:DescribeEventBus."""
    name = bus_arn.partition("event-bus/")[2]
    with aws.translate_errors("events", f"event bus {name}"):
        return str(aws.events.describe_event_bus(Name=name)["Arn"])


@dataclass(frozen=True)
class RuleTarget:
    """``dead_letter_arn``: the queue that takes what could not be delivered to the target."""

    arn: str
    dead_letter_arn: str


def rule_targets(aws: Aws, rule_arn: str) -> tuple[RuleTarget, ...]:
    """Where a rule (``…:rule/NAME``, ``…:rule/BUS/NAME``) sends its events. Raises NotFound."""
    bus, _, name = rule_arn.split(":", 5)[-1].removeprefix("rule/").rpartition("/")
    with aws.translate_errors("events", f"rule {name}"):
        answer: Any = aws.events.list_targets_by_rule(Rule=name, EventBusName=bus or "default")
    return tuple(
        RuleTarget(target["Arn"], (target.get("DeadLetterConfig") or {}).get("Arn") or "")
        for target in answer["Targets"]
    )
