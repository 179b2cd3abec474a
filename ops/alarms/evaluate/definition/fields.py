"""Fields of an alarm's definition: read as what they must be, and refused by name where they are not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ops.alarms.evaluate.errors import AlarmError

Definition = Mapping[str, Any]
"""As PutMetricAlarm takes it, DescribeAlarms answers it or a template declares it."""
NOT_OF_THE_STATE = (
    *("AlarmActions", "OKActions", "InsufficientDataActions", "ActionsEnabled"),
    *("AlarmDescription", "AlarmName", "Tags"),
)


def check_resolved(definition: Definition) -> None:
    """Raises AlarmError for a function of a template (Ref, Fn::Sub) in what decides about the state."""
    waiting: list[tuple[str, Any]] = [(key, each) for key, each in definition.items() if key not in NOT_OF_THE_STATE]
    while waiting:
        field, value = waiting.pop()
        if isinstance(value, Mapping):
            if any(str(key) == "Ref" or str(key).startswith("Fn::") for key in value):
                raise AlarmError(
                    f"{field} is not resolved: {dict(value)}.", "Give the deployed alarm, or the value.", field
                )
            waiting += [(f"{field}.{key}", each) for key, each in value.items()]
        elif isinstance(value, list | tuple):
            waiting += [(f"{field}[{number}]", each) for number, each in enumerate(value)]


def mapping_of(value: Any, field: str) -> Definition:
    """Empty without a value."""
    if value is not None and not isinstance(value, Mapping):
        raise AlarmError(f"{field} is not a structure of fields: {value}.", field=field)
    return value or {}


def list_of(value: Any, field: str) -> list[Any]:
    """Empty without a value."""
    if value is not None and not isinstance(value, list | tuple):
        raise AlarmError(f"{field} is not a list: {value}.", field=field)
    return list(value or [])


def number_of(value: Any, field: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise AlarmError(f"{field} is not a number: {value}.", field=field)
    return number


def whole_number_of(value: Any, field: str) -> int:
    """0 without a value."""
    number = number_of(value or 0, field)
    if not number.is_integer():
        raise AlarmError(f"{field} is not a whole number: {value}.", field=field)
    return int(number)


def is_true(value: Any) -> bool:
    """Whether a flag is set; in a template it may be a string."""
    return str(value).lower() != "false"
