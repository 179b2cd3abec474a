"""The StateReason of an alarm that a test has set to ALARM."""

from __future__ import annotations

import re

_REASON = re.compile(r"Test by ops alarms test \((?P<name>[\w-]+)\); the state before was (?P<before>[A-Z_]+)\.")


def reason(queue_name: str, before: str) -> str:
    return f"Test by ops alarms test ({queue_name}); the state before was {before}."


def of_a_test(state_reason: str) -> bool:
    return _REASON.match(state_reason) is not None


def read(state_reason: str) -> tuple[str, str] | None:
    """The name of the test's queue and the state before."""
    test = _REASON.match(state_reason)
    return (test["name"], test["before"]) if test else None
