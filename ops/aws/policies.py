"""Resource policies: which services they allow, and for which of their resources."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

SOURCE_ARN = "aws:sourcearn"
"""Condition keys are case-insensitive (IAM user guide, reference_policies_elements_condition, 2026-11)."""


@dataclass(frozen=True)
class Grant:
    """``service``: as in an ARN (``sns``). ``source_arn``: empty where the policy names no resource of the service."""

    service: str
    source_arn: str


def parse_grants(policy: str) -> tuple[Grant, ...]:
    """What the policy allows to services, without duplicates. Text that is not a policy grants nothing."""
    try:
        document = json.loads(policy or "{}")
    except ValueError:
        return ()
    grants: dict[Grant, None] = {}
    for statement in _list(document.get("Statement") if isinstance(document, dict) else None):
        if isinstance(statement, dict) and statement.get("Effect") == "Allow":
            grants.update(dict.fromkeys(_statement_grants(statement)))
    return tuple(grants)


def senders(policy: Any) -> frozenset[str]:
    """Services (``sns``) that a queue's policy (JSON, or what it holds) allows to send. With ``""`` among them, a source is
    named by something else than its ARN, as in a template."""
    found: set[str] = set()
    for statement in _statements(policy):
        if any(fnmatchcase("sqs:sendmessage", str(action).lower()) for action in _list(statement.get("Action"))):
            named = {grant.service for grant in _statement_grants(statement)}
            if not named and _everyone(statement.get("Principal")) and any(_source_arns(statement.get("Condition"))):
                named = {""}
            found |= named
    return frozenset(found)


def _statement_grants(statement: Mapping[str, Any]) -> Iterator[Grant]:
    """Older policies allow every principal, and restrict it by the ARN of the source only, which names the service."""
    sources = [
        arn for arn in _source_arns(statement.get("Condition")) if arn.startswith("arn:") and arn.count(":") >= 5
    ]
    for arn in sources:
        yield Grant(arn.split(":")[2], arn)
    principal = statement.get("Principal")
    if not sources and isinstance(principal, dict):
        for name in _list(principal.get("Service")):
            yield Grant(str(name).partition(".")[0], "")


def _source_arns(condition: Any) -> Iterator[str]:
    for operator, tests in condition.items() if isinstance(condition, dict) else ():
        if "Not" in operator or not isinstance(tests, dict):
            continue
        for key, values in tests.items():
            if key.lower() == SOURCE_ARN:
                yield from (str(value) for value in _list(values))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def allows(policy: Any, service: str, actions: Iterable[str]) -> bool:
    """Whether a policy (JSON, or what it holds) allows each of ``actions`` to a service such as
    ``cloudwatch.amazonaws.com``. Conditions are not evaluated, and statements that deny are not looked at."""
    statements = [statement for statement in _statements(policy) if _names_service(statement.get("Principal"), service)]
    granted = [str(action).lower() for statement in statements for action in _list(statement.get("Action"))]
    return all(any(fnmatchcase(action.lower(), pattern) for pattern in granted) for action in actions)


def open_to_all(policy: Any) -> bool:
    """Whether a policy allows anything to every principal without a condition."""
    return any(
        _everyone(statement.get("Principal")) and not statement.get("Condition") for statement in _statements(policy)
    )


def _statements(policy: Any) -> list[dict[str, Any]]:
    """The statements that allow something."""
    if isinstance(policy, str):
        try:
            policy = json.loads(policy or "{}")
        except ValueError:
            return []
    found = _list(policy.get("Statement")) if isinstance(policy, dict) else []
    return [statement for statement in found if isinstance(statement, dict) and statement.get("Effect") == "Allow"]


def _names_service(principal: Any, service: str) -> bool:
    named = _list(principal.get("Service")) if isinstance(principal, dict) else []
    return _everyone(principal) or service in named


def _everyone(principal: Any) -> bool:
    return principal == "*" or (isinstance(principal, dict) and "*" in _list(principal.get("AWS")))
