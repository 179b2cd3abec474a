"""Text of a difference: each alarm with its fields, from → to, and the price."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from ops import formatting
from ops.alarms.applying import AlarmChange, AlarmDifference, ApplyResult, ChangeKind
from ops.aws.cloudwatch.alarm_store import is_log_alarm
from ops.cli.output.sanitize import safe

SIGNS = {
    ChangeKind.CREATE: ("+", "green"),
    ChangeKind.UPDATE: ("~", "yellow"),
    ChangeKind.FOREIGN: ("!", "bold red"),
    ChangeKind.OBSOLETE: ("-", "dim"),
    ChangeKind.UNCHANGED: ("=", "dim"),
}
TEXTS = {
    ChangeKind.CREATE: "is created",
    ChangeKind.UPDATE: "is updated",
    ChangeKind.OBSOLETE: "is no longer recommended: ops alarms remove --obsolete",
    ChangeKind.UNCHANGED: "is as recommended",
}
MAX_VALUE_CHARS = 200


def show(console: Console, found: AlarmDifference, where: str, prices: Mapping[str, float], region: str) -> None:
    """``prices``: of each alarm, in dollars a month; ``region``: whose they are."""
    console.print(Text(f"{where} · {summary(found)}", style="dim"), soft_wrap=True)
    unchanged = found.of(ChangeKind.UNCHANGED)
    for change in found.changes:
        if change not in unchanged:
            _change(console, change)
    created = sum(prices.get(change.name, 0.0) for change in found.of(ChangeKind.CREATE))
    total = sum(prices.get(change.name, 0.0) for change in found.changes if change.kind is not ChangeKind.FOREIGN)
    price = f"{formatting.usd(total)} a month at {region} prices, of which {formatting.usd(created)} are new"
    console.print(Text(price, style="dim"))
    logs = [change.name for change in found.changes if is_log_alarm(change.definition)]
    if logs:
        text = f"Without the log alarm {', '.join(logs)}: its price is not on record."
        console.print(Text(safe(text), style="dim"), soft_wrap=True)
    silent = [change for change in found.pending if not change.composite and not change.definition.get("AlarmActions")]
    if silent and not any(change.composite and change.definition.get("AlarmActions") for change in found.changes):
        text = f"{formatting.count(len(silent), 'alarm')} will notify no one: add --topic ARN."
        console.print(Text(f"warning: {text}", style="yellow"))


def summary(found: AlarmDifference) -> str:
    words = {
        ChangeKind.CREATE: "to create",
        ChangeKind.UPDATE: "to update",
        ChangeKind.UNCHANGED: "unchanged",
        ChangeKind.FOREIGN: "of another owner",
        ChangeKind.OBSOLETE: "no longer recommended",
    }
    counts = ((len(found.of(kind)), text) for kind, text in words.items())
    return ", ".join(f"{number} {text}" for number, text in counts if number) or "no alarms"


def _change(console: Console, change: AlarmChange) -> None:
    sign, style = SIGNS[change.kind]
    line = Text(f"{sign} {safe(change.name)}", style=style)
    text = TEXTS.get(change.kind) or f"exists, and is of {change.owner}"
    line.append(f"  {safe(text)}", style="dim")
    console.print(line, soft_wrap=True)
    for field in change.fields:
        console.print(Text(f"    {field.name}: {_value(field.before)} → {_value(field.after)}"), soft_wrap=True)


def _value(value: Any) -> str:
    if value is None or value == []:
        return "none"
    return safe(value if isinstance(value, str) else json.dumps(value), MAX_VALUE_CHARS)


def warn_of_refusal(console: Console, why: str = "") -> None:
    text = "AWS refused to show a part of the workload. Alarms that need it, and those no longer recommended, are not included."
    console.print(Text(safe(f"warning: {text} {why}".rstrip()), style="yellow"), soft_wrap=True)


def show_result(console: Console, result: ApplyResult, verb: str) -> None:
    """``verb``: what was done ("applied", "removed")."""
    console.print(f"{formatting.count(len(result.done), 'alarm')} {verb}.")
    if result.error is not None:
        for line in (str(result.error), result.error.next_step):
            if line:
                console.print(Text(safe(line), style="red"))
        left = ", ".join(result.left)
        console.print(Text(safe(f"Not {verb}: {left}.")))
        command = {"applied": "apply", "removed": "remove"}[verb]
        console.print(Text(f"→ ops alarms {command}   to go on with these", style="dim"), soft_wrap=True)
