"""The options of a worker environment (namespace ``aws:elasticbeanstalk:sqsd``), with AWS's defaults and ranges.

Elastic Beanstalk developer guide, general options, archived copy ≤ 2023, read 2026-11. The guide's other page gives the
``InactivityTimeout`` a default of 180.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ops.errors import UsageError

_RANGES = {
    "HttpConnections": ("http_connections", 1, 100),
    "ConnectTimeout": ("connect_timeout", 1, 60),
    "InactivityTimeout": ("inactivity_timeout", 1, 36_000),
    "VisibilityTimeout": ("visibility_timeout", 0, 43_200),
    "ErrorVisibilityTimeout": ("error_visibility_timeout", 0, 43_200),
    "RetentionPeriod": ("retention_period", 60, 1_209_600),
    "MaxRetries": ("max_retries", 1, 100),
}
_TEXTS = {"HttpPath": "http_path", "MimeType": "mime_type"}
OPTIONS = (*_TEXTS, *_RANGES)


@dataclass(frozen=True)
class WorkerOptions:
    """Times in seconds. ``max_retries``: receives before the queue gives a message to its dead-letter queue; the
    queue's own ``maxReceiveCount``, which the environment sets where it makes the queue."""

    http_path: str = "/"
    mime_type: str = "application/json"
    http_connections: int = 50
    connect_timeout: int = 5
    inactivity_timeout: int = 299
    visibility_timeout: int = 300
    error_visibility_timeout: int = 2
    retention_period: int = 345_600
    max_retries: int = 10

    @classmethod
    def of(cls, options: Mapping[str, str]) -> WorkerOptions:
        """Options by AWS's names. Raises UsageError for an unknown name, or a value out of range."""
        found: dict[str, Any] = {}
        for name, value in options.items():
            if name in _TEXTS:
                found[_TEXTS[name]] = _text(name, value)
            elif name in _RANGES:
                field, least, most = _RANGES[name]
                found[field] = _number(name, value, least, most)
            else:
                raise UsageError(f"The worker has no option {name[:60]!r}.", f"Use one of: {', '.join(OPTIONS)}.")
        return cls(**found)


def _number(name: str, value: str, least: int, most: int) -> int:
    if value.isascii() and value.isdecimal() and len(value) < 10 and least <= int(value) <= most:
        return int(value)
    raise UsageError(f"{name} must be a whole number from {least:,} to {most:,}, not {value[:40]!r}.")


def _text(name: str, value: str) -> str:
    if not value.isascii() or not value.isprintable() or " " in value or not value:
        raise UsageError(f"{name} cannot be {value[:60]!r}: it has to be plain text without spaces.")
    if name == "HttpPath" and not value.startswith("/"):
        raise UsageError(f"HttpPath must begin with /, not {value[:60]!r}.")
    return value
