"""Seam: log events are searched for embedded metrics when they arrive, whoever writes them. See ``emf``."""

from __future__ import annotations

from typing import Any

from ops.twin.emulator.emf import extract
from ops.twin.emulator.points import publish
from ops.twin.emulator.seam import Seam


def seams() -> list[Seam]:
    return [Seam("services.cloudwatch_logs", "_append_log_events", _extracting, "metrics in log events are extracted")]


def _extracting(original: Any) -> Any:
    def append(stream: dict[str, Any], events: list[dict[str, Any]]) -> None:
        original(stream, events)
        for event in events:
            for found in extract(str(event.get("message", ""))):
                publish(found.namespace, found.name, found.dimensions, found.when, found.unit, found.values)

    return append
