"""The rules of embedded metric format (CloudWatch specification, as in 2026): what AWS would silently not extract."""

from __future__ import annotations

import json
from typing import Any

UNITS = {
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Percent",
    "Count",
    "Count/Second",
    "None",
}


def broken_rules(record: dict[str, Any]) -> list[str]:
    """Each rule that the record breaks, in words. An empty list is a good record."""
    broken = []
    if len(json.dumps(record).encode()) > 1_000_000:
        broken.append("longer than 1 MB")
    metadata = record["_aws"]
    if type(metadata.get("Timestamp")) is not int or metadata["Timestamp"] < 10**12:
        broken.append("Timestamp is not in epoch milliseconds")
    for directive in metadata["CloudWatchMetrics"]:
        if not 1 <= len(directive["Namespace"]) <= 1_024:
            broken.append("no namespace")
        if not 1 <= len(directive["Metrics"]) <= 100:
            broken.append("not 1 to 100 metrics")
        for metric in directive["Metrics"]:
            if metric["Unit"] not in UNITS:
                broken.append(f"unknown unit of {metric['Name']}")
            value = record.get(metric["Name"])
            if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e300:
                broken.append(f"{metric['Name']} is not a number")
        names = [metric["Name"] for metric in directive["Metrics"]]
        if len(names) != len(set(names)):
            broken.append("a metric is named twice")
        for dimensions in directive["Dimensions"]:
            if len(dimensions) > 30:
                broken.append("more than 30 dimensions")
            for dimension in dimensions:
                value = record.get(dimension)
                if not isinstance(value, str) or not 1 <= len(value) <= 1_024:
                    broken.append(f"dimension {dimension} is not a short text")
    return broken
