"""EventBridge: putting events on a bus, and the targets of rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops.aws.clients import Aws

MAX_BATCH = 10
MAX_BYTES = 1_000_000
"""Entries and bytes per PutEvents call: less than 1 MB (botocore 1.43.106 model, 2026-11); 256 KB until 2026-01 (AWS Compute
Blog, "More room to build", 2026-01-29)."""


@dataclass(frozen=True)
class PutResult:
    """The result for one entry: the event's ID, or why it was not accepted."""

    event_id: str = ""
    code: str = ""
    message: str = ""


def put_events(aws: Aws, bus: str, entries: Sequence[Mapping[str, Any]]) -> list[PutResult]:
    """One PutEvents call; a result for each entry, in order. ``bus``: name or ARN."""
    with aws.translate_errors("events", f"event bus {bus.rpartition('/')[2]}"):
        named: Any = [{**entry, "EventBusName": bus} for entry in entries]
        response: Any = aws.events.put_events(Entries=named)
    return [
        PutResult(entry.get("EventId") or "", entry.get("ErrorCode") or "", entry.get("ErrorMessage") or "")
        for entry in response["Entries"]
    ]


def find_bus(aws: Aws, bus_arn: str) -> str:
    """The ARN of the bus as EventBridge returns it. Raises NotFound. Needs events:DescribeEventBus."""
    name = bus_arn.partition("event-bus/")[2]
    with aws.translate_errors("events", f"event bus {name}"):
        return str(aws.events.describe_event_bus(Name=name)["Arn"])


@dataclass(frozen=True)
class RuleTarget:
    """``dead_letter_arn``: the queue for events that could not be delivered to the target."""

    arn: str
    dead_letter_arn: str


def rule_targets(aws: Aws, rule_arn: str) -> tuple[RuleTarget, ...]:
    """The targets of a rule (``…:rule/NAME``, ``…:rule/BUS/NAME``). Raises NotFound."""
    bus, _, name = rule_arn.split(":", 5)[-1].removeprefix("rule/").rpartition("/")
    with aws.translate_errors("events", f"rule {name}"):
        response: Any = aws.events.list_targets_by_rule(Rule=name, EventBusName=bus or "default")
    return tuple(
        RuleTarget(target["Arn"], (target.get("DeadLetterConfig") or {}).get("Arn") or "")
        for target in response["Targets"]
    )
