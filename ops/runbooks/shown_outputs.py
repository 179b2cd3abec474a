"""The outputs of a step as a person reads them, alike at the terminal, on the page and in the report. The record keeps them
as they are, for expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ops import formatting

_LABELS = {
    "deployed_at": "deployed",
    "dlq": "DLQ",
    "sha256": "SHA-256",
    "uuid": "UUID",
}
"""Labels for names that would not read well with spaces for underscores."""
_ONLY_WHERE_KNOWN = ("stack",)
"""A workload that was named by its queue has no known stack, which does not mean that it has none."""
_SECONDS = ("timeout", "visibility_timeout", "retention", "seconds")
_UNITS: Mapping[str, Callable[[float], str]] = {
    **dict.fromkeys(_SECONDS, formatting.duration),
    "memory": lambda mb: f"{mb:,.0f} MB",
}


def shown_lines(
    outputs: Mapping[str, Any], write: Callable[[Any], str], write_time: Callable[[datetime], str]
) -> list[str]:
    """The output's ``lines`` if it has any: then the other outputs are for expressions. Otherwise one line of labels
    and values: times by ``write_time``, values without a unit by ``write``. Untrusted text, not escaped."""
    if lines := outputs.get("lines"):
        return [str(line) for line in lines]
    facts = [
        f"{_label(name)} {_shown(name, value, write, write_time)}"
        for name, value in outputs.items()
        if name != "lines" and not (value is None and name in _ONLY_WHERE_KNOWN)
    ]
    return [" · ".join(facts)] if facts else []


def _label(name: str) -> str:
    return _LABELS.get(name, name.replace("_", " "))


def _shown(name: str, value: Any, write: Callable[[Any], str], write_time: Callable[[datetime], str]) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and name in _UNITS:
        return _UNITS[name](value)
    time = _time(value)
    return write(value) if time is None else write_time(time)


def _time(value: Any) -> datetime | None:
    """A time in the record's format. ISO 8601's short forms do not count: a plan's ID, 20261130T095109-1047, would be
    read as one."""
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return time if time is not None and time.tzinfo is not None and time.isoformat() == value else None
