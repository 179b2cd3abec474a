"""Dataclasses as JSON and back, each value checked against its field's type.

Times are ISO 8601 with their offset, as ``datetime.isoformat`` writes them: hashes of plans are computed over this form.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def dumps(value: Any, **form: Any) -> str:
    """``value`` as JSON in ASCII; ``form`` as for ``json.dumps``."""
    return json.dumps(msgspec.to_builtins(value, builtin_types=(datetime,)), default=datetime.isoformat, **form)


def loads(text: str | bytes) -> Any:
    """JSON's values. Raises ValueError or RecursionError, also for NaN and infinity: they cannot be written again."""
    return json.loads(text, parse_constant=_refuse, parse_float=_finite)


def typed(data: Any, kind: type[T]) -> T:
    """``data`` (JSON's values) as ``kind``; unknown fields are ignored, missing ones take their default.

    Raises ValueError, naming the place of the first value that has the wrong type.
    """
    return msgspec.convert(data, kind)


def in_utc(at: datetime) -> datetime:
    """The same time in UTC. Raises ValueError without a zone, or where that is beyond the calendar."""
    if at.tzinfo is None:
        raise ValueError(f"{at} names no time zone")
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{at} is beyond the calendar") from error


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    if math.isinf(number := float(text)):
        raise ValueError(f"{text:.40} is too large a number")
    return number
