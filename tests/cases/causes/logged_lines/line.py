"""A line of a log and what it tells."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

REQUEST = "5c1e7a90-3b1d-4f0e-9a55-0d6f1f2e3a4b"
UNTYPED = "logged error"


@dataclass(frozen=True)
class Line:
    """``shape``: its name in ``log_shapes.SHAPES``. ``error``: type and message; empty for a line that is not a failure.
    ``request``: the request id that it tells, or empty."""

    shape: str
    text: str
    error: tuple[str, str] = ("", "")
    where: str = ""
    request: str = ""
    chain: tuple[str, ...] = ()


def failed(
    shape: str,
    text: str | dict[str, Any],
    kind: str,
    message: str,
    where: str = "",
    request: str = REQUEST,
    chain: tuple[str, ...] = (),
) -> Line:
    return Line(shape, written(text), (kind, message), where, request, chain)


def fine(shape: str, text: str | dict[str, Any]) -> Line:
    return Line(shape, written(text))


def written(text: str | dict[str, Any]) -> str:
    return text if isinstance(text, str) else json.dumps(text)
