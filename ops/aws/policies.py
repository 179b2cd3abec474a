"""Resource policies: which services they let in, and for which of their resources."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SOURCE_ARN = "aws:sourcearn"
"""Condition keys are compared in any case (IAM user guide, reference_policies_elements_condition, 2026-11)."""


@dataclass(frozen=True)
class Grant:
    """``service`` as in an ARN (``sns``), ``source_arn`` is empty where the policy names no resource of it."""

    service: str
    source_arn: str


def parse_grants(policy: str) -> tuple[Grant, ...]:
    """What the policy allows to services, each once. Text that is no policy grants nothing."""
    try:
        document = json.loads(policy or "{}")
    except ValueError:
        return ()
    found: dict[Grant, None] = {}
    for statement in _list(document.get("Statement") if isinstance(document, dict) else None):
        if isinstance(statement, dict) and statement.get("Effect") == "Allow":
            found.update(dict.fromkeys(_granted(statement)))
    return tuple(found)


def _granted(statement: Mapping[str, Any]) -> Iterator[Grant]:
    """Older policies let everybody in and narrow it by the source's ARN only, which names the service."""
    sources = [arn for arn in _sources(statement.get("Condition")) if arn.startswith("arn:") and arn.count(":") >= 5]
    for arn in sources:
        yield Grant(arn.split(":")[2], arn)
    principal = statement.get("Principal")
    if not sources and isinstance(principal, dict):
        for name in _list(principal.get("Service")):
            yield Grant(str(name).partition(".")[0], "")


def _sources(condition: Any) -> Iterator[str]:
    for operator, tests in condition.items() if isinstance(condition, dict) else ():
        if "Not" in operator or not isinstance(tests, dict):
            continue
        for key, values in tests.items():
            if key.lower() == SOURCE_ARN:
                yield from (str(value) for value in _list(values))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
