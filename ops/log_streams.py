"""The names that Lambda gives log streams.

``2026/11/28/[$LATEST]0a1b…`` in a function's default log group, and ``2026/11/28/shop-worker[$LATEST]0a1b…`` in a
custom one, which several functions may share (Lambda developer guide, monitoring-cloudwatchlogs-loggroups, 2026-11).
The guide writes the last part, 32 hexadecimal digits, in brackets too; both forms are read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LAMBDA = re.compile(r"^\d{4}/\d\d/\d\d/([A-Za-z0-9_-]*)\[([^\[\]]+)\]")


@dataclass(frozen=True)
class LambdaStream:
    """Whose log stream it is. ``function``: empty where the name does not include it."""

    function: str
    version: str


def parse(name: str) -> LambdaStream | None:
    """None for a stream that Lambda did not name."""
    found = _LAMBDA.match(name)
    return LambdaStream(found[1], found[2]) if found else None
