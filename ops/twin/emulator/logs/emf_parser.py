"""The embedded metric format (EMF): which metric values a log event carries.

Stands for: CloudWatch Logs extracting metrics from structured log events (CloudWatch user guide, "Specification:
Embedded metric format", read 2026-11): several directives an event, several dimension sets a directive, values that
are numbers or arrays of numbers, targets at the top level. A malformed directive yields nothing; the log event itself
is kept.

Leaves out: the 1 MB limit on an event, and ``StorageResolution``: every value keeps its own time stamp, so that a
chart may ask for ten-second periods. AWS keeps standard-resolution metrics by the minute.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

METRICS_PER_DIRECTIVE = 100
VALUES_PER_METRIC = 100
DIMENSIONS = 30
DIMENSION_LENGTH = 1024
"""Limits of the specification (2026-11)."""


@dataclass(frozen=True)
class Extracted:
    namespace: str
    name: str
    unit: str
    dimensions: dict[str, str]
    when: float  # epoch seconds
    values: Counter[float]


def extract(message: str) -> Iterator[Extracted]:
    """Every metric of one log message, once for each dimension set. Nothing for a message that is not EMF."""
    if '"_aws"' not in message or not message.lstrip().startswith("{"):
        return
    try:
        record = json.loads(message)
    except (ValueError, RecursionError):
        return
    metadata = record.get("_aws")
    if not isinstance(metadata, dict):
        return
    when, directives = metadata.get("Timestamp"), metadata.get("CloudWatchMetrics")
    if isinstance(when, bool) or not isinstance(when, int) or not isinstance(directives, list):
        return
    for directive in directives:
        if isinstance(directive, dict):
            yield from _of_directive(record, directive, when / 1000)


def _of_directive(record: dict[str, Any], directive: dict[str, Any], when: float) -> Iterator[Extracted]:
    namespace, metrics = directive.get("Namespace"), directive.get("Metrics")
    if not isinstance(namespace, str) or not namespace or not isinstance(metrics, list):
        return
    sets = _dimension_sets(record, directive.get("Dimensions"))
    for metric in metrics[:METRICS_PER_DIRECTIVE]:
        if not isinstance(metric, dict) or not isinstance(metric.get("Name"), str):
            continue
        values = _values(record.get(metric["Name"]))
        if not values:
            continue
        unit = metric.get("Unit")
        for dimensions in sets:
            yield Extracted(
                namespace, metric["Name"], unit if isinstance(unit, str) else "None", dimensions, when, values
            )


def _dimension_sets(record: dict[str, Any], sets: Any) -> list[dict[str, str]]:
    """The sets whose every key has a usable value in the record. ``[[]]`` is one set without dimensions."""
    if not isinstance(sets, list):
        return []
    found = []
    for keys in sets:
        if not isinstance(keys, list) or len(keys) > DIMENSIONS:
            continue
        values = {key: record.get(key) for key in keys if isinstance(key, str)}
        if len(values) == len(keys) and all(_usable(value) for value in values.values()):
            found.append({key: str(value) for key, value in values.items()})
    return found


def _usable(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= DIMENSION_LENGTH


def _values(target: Any) -> Counter[float]:
    numbers = target if isinstance(target, list) else [target]
    if len(numbers) > VALUES_PER_METRIC or not all(_is_number(number) for number in numbers):
        return Counter()
    return Counter(float(number) for number in numbers)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
