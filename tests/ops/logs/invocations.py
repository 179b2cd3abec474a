"""An invocation's lines in a log stream."""

from __future__ import annotations

from typing import Any

from tests.fakes.logs import row

STREAM = "2026/11/23/[7]abc"


def invocation(at: float, request: str, *lines: Any, stream: str = STREAM) -> list[dict[str, str]]:
    """START, ``lines`` half a second after one another, and REPORT."""
    messages = [f"START RequestId: {request} Version: 7", *lines, f"REPORT RequestId: {request}\tDuration: 9 ms\n"]
    return [row(at + number / 2, message, stream) for number, message in enumerate(messages)]
