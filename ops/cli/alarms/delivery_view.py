"""Delivery on a terminal: the alarms that reach no one first, and each topic once, with what must change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from ops import formatting
from ops.alarms.delivery import ActionDelivery, AlarmDelivery, DeliveryLeg, DeliveryReport, DeliveryStatus
from ops.cli.output.sanitize import safe

STYLES = {
    DeliveryStatus.BROKEN: "bold red",
    DeliveryStatus.UNKNOWN: "yellow",
    DeliveryStatus.ALLOWED: "",
    DeliveryStatus.DELIVERED: "green",
}
ORDER = tuple(STYLES)


def show(report: DeliveryReport, where: str) -> None:
    console = Console(highlight=False)
    console.print(Text(f"{where} · {_summary(report)}", style="dim"), soft_wrap=True)
    actions: dict[str, ActionDelivery] = {}
    ordered = sorted(report.alarms, key=lambda alarm: (ORDER.index(alarm.status), alarm.text, alarm.name))
    for (status, text), alike in groupby(ordered, key=lambda alarm: (alarm.status, alarm.text)):
        _alarms(console, status, text, list(alike))
    for alarm in ordered:
        actions.update((action.arn, action) for action in alarm.actions)
    if actions:
        console.print()
    for arn in sorted(actions, key=lambda arn: (ORDER.index(actions[arn].status), arn)):
        show_action(console, actions[arn])
    for note in report.notes:
        console.print(Text(f"note: {safe(note)}", style="dim"))


def _summary(report: DeliveryReport) -> str:
    counts = {status: sum(delivery.status is status for delivery in report.alarms) for status in ORDER}
    parts = [f"{number} {status}" for status, number in counts.items() if number]
    return f"{formatting.count(len(report.alarms), 'alarm')}{': ' if parts else ''}{', '.join(parts)}"


def _alarms(console: Console, status: DeliveryStatus, text: str, alarms: list[AlarmDelivery]) -> None:
    """Prints alarms that have the same answer, and the answer once."""
    line = Text(f"{status:<9}", style=STYLES[status])
    line.append(f" {safe(text)}")
    console.print(line)
    for alarm in alarms:
        _indented(console, Text(safe(alarm.name), style="bold"), 10)
        for note in (*alarm.notes, *alarm.unread):
            _indented(console, Text(safe(note), style="dim"), 12)
        if alarm.change:
            _change(console, alarm.change, 12)


def show_action(console: Console, action: ActionDelivery) -> None:
    """One topic, its subscriptions, and what must change."""
    head = Text(f"{action.status:<9}", style=STYLES[action.status])
    head.append(f" {safe(action.arn)}", style="bold")
    console.print(head, soft_wrap=True)
    _leg(console, action.publish, 2)
    for subscription in action.subscriptions:
        line = Text(f"{subscription.leg.status:<9}", style=STYLES[subscription.leg.status])
        line.append(f" {safe(subscription.protocol)} {safe(subscription.endpoint)}")
        _indented(console, line, 2)
        _leg(console, subscription.leg, 4)


def _leg(console: Console, leg: DeliveryLeg, left: int) -> None:
    for line in _sentences(leg):
        _indented(console, Text(line), left)
    if leg.statement is not None:
        _indented(console, Text(f"Add to the policy of {safe(leg.policy_of)}:", style="dim"), left)
        console.print(Text(safe(json.dumps(leg.statement))), soft_wrap=True)
    if leg.change:
        _change(console, leg.change, left)


def _sentences(leg: DeliveryLeg) -> Iterator[str]:
    last = f" Last at {formatting.clock(leg.at, datetime.now(UTC))}." if leg.at else ""
    yield f"{safe(leg.text)}{last}"
    if leg.error:
        yield f"CloudWatch: {safe(leg.error)}"


def _change(console: Console, command: str, left: int) -> None:
    console.print(Text(f"{' ' * left}→ {safe(command)}"), soft_wrap=True)


def _indented(console: Console, line: Text, left: int) -> None:
    console.print(Padding(line, (0, 0, 0, left)))
