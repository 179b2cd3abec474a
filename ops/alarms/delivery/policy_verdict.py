"""Does a resource policy let an AWS service do something? Its conditions and denials are evaluated; what cannot be, is
unknown (IAM user guide, reference_policies_evaluation-logic and _elements_condition_operators, read 2026-11).

Only resource policies count here: a service principal has no policy of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any


class PolicyAnswer(StrEnum):
    ALLOWED = "allowed"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class PolicyVerdict:
    """``reason``: a clause about the policy ("its statement Alarms denies it"); empty when it allows the request."""

    answer: PolicyAnswer
    reason: str = ""


@dataclass(frozen=True)
class ServiceRequest:
    """``context``: condition keys in lower case. A key that is in neither ``context`` nor ``PRINCIPAL_KEYS`` is unknown."""

    service: str  # such as cloudwatch.amazonaws.com
    actions: tuple[str, ...]
    resource: str
    context: Mapping[str, str]


PRINCIPAL_KEYS = (
    "aws:principal",
    "aws:userid",
    "aws:username",
    "aws:multifactorauth",
    "aws:sourcevpc",
    "kms:viaservice",
)
"""Beginnings of keys that a request of a service principal for an alarm or a topic does not have."""


def service_context(source_arn: str, account: str) -> dict[str, str]:
    """Condition keys of a request that a service makes for a resource. SNS's default policy tests
    ``AWS:SourceOwner``."""
    return {
        "aws:sourcearn": source_arn,
        "aws:sourceaccount": account,
        "aws:sourceowner": account,
        "kms:calleraccount": account,
        "aws:securetransport": "true",
    }


def verdict(policy: str, request: ServiceRequest) -> PolicyVerdict:
    """The policy's answer to a request: refused if any of its actions is."""
    try:
        document = json.loads(policy or "{}")
        statements = (
            [statement for statement in _list(document["Statement"]) if isinstance(statement, dict)] if document else []
        )
    except (ValueError, TypeError, KeyError):
        return PolicyVerdict(PolicyAnswer.UNKNOWN, "its policy cannot be read as JSON")
    verdicts = [_of_action(statements, request, action) for action in request.actions]
    for answer in (PolicyAnswer.REFUSED, PolicyAnswer.UNKNOWN):
        for action_verdict in verdicts:
            if action_verdict.answer is answer:
                return action_verdict
    return PolicyVerdict(PolicyAnswer.ALLOWED)


def _of_action(statements: Iterable[Mapping[str, Any]], request: ServiceRequest, action: str) -> PolicyVerdict:
    allowed, unclear, near = False, "", ""
    for statement in statements:
        admits = _matches(statement, request, action)
        named = f"its statement {statement['Sid']}" if statement.get("Sid") else "one of its statements"
        if statement.get("Effect") == "Deny" and admits is not False:
            if admits:
                return PolicyVerdict(PolicyAnswer.REFUSED, f"{named} denies {action} to {request.service}")
            unclear = unclear or f"{named} may deny it, by a condition that is not evaluated here"
        elif statement.get("Effect") == "Allow":
            allowed |= admits is True
            if admits is None:
                unclear = unclear or f"{named} may allow it, by a condition that is not evaluated here"
            elif not admits and _principal(statement, request.service) and _action(statement, action):
                near = near or f"{named} names {request.service}, but not for {request.context.get('aws:sourcearn')}"
    denial_possible = " may deny " in unclear
    if allowed and not denial_possible:
        return PolicyVerdict(PolicyAnswer.ALLOWED)
    if unclear:
        return PolicyVerdict(PolicyAnswer.UNKNOWN, unclear)
    return PolicyVerdict(PolicyAnswer.REFUSED, near or f"no statement allows {action} to {request.service}")


def _matches(statement: Mapping[str, Any], request: ServiceRequest, action: str) -> bool | None:
    """None: unknown."""
    parts = (
        _principal(statement, request.service),
        _action(statement, action),
        _resource(statement, request.resource),
        _conditions(statement.get("Condition"), request.context),
    )
    return False if False in parts else None if None in parts else True


def _principal(statement: Mapping[str, Any], service: str) -> bool | None:
    if "NotPrincipal" in statement:
        return None
    principal = statement.get("Principal")
    if principal == "*":
        return True
    if not isinstance(principal, dict):
        return False
    return "*" in _list(principal.get("AWS")) or bool({"*", service} & set(map(str, _list(principal.get("Service")))))


def _action(statement: Mapping[str, Any], action: str) -> bool:
    def named(patterns: Any) -> bool:
        return any(fnmatchcase(action.lower(), str(pattern).lower()) for pattern in _list(patterns))

    return not named(statement["NotAction"]) if "NotAction" in statement else named(statement.get("Action"))


def _resource(statement: Mapping[str, Any], resource: str) -> bool:
    """Policies of keys and some of queues have no resource but their own."""

    def named(patterns: Any) -> bool:
        return any(fnmatchcase(resource, str(pattern)) for pattern in _list(patterns))

    if "NotResource" in statement:
        return not named(statement["NotResource"])
    return "Resource" not in statement or named(statement["Resource"])


def _conditions(condition: Any, context: Mapping[str, str]) -> bool | None:
    """All operators and keys must hold."""
    if not condition:
        return True
    if not isinstance(condition, dict):
        return None
    results = [
        _holds(operator, key.lower(), [str(value) for value in _list(values)], context)
        for operator, tests in condition.items()
        for key, values in (tests.items() if isinstance(tests, dict) else [("", None)])
    ]
    return False if False in results else None if None in results else True


def _folded(value: str, pattern: str) -> bool:
    return value.lower() == pattern.lower()


def _exactly(value: str, pattern: str) -> bool:
    return value == pattern


_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": _exactly,
    "StringEqualsIgnoreCase": _folded,
    "StringLike": fnmatchcase,
    "ArnEquals": fnmatchcase,
    "ArnLike": fnmatchcase,
    "Bool": _folded,
}


def _holds(operator: str, key: str, values: list[str], context: Mapping[str, str]) -> bool | None:
    name = operator.removesuffix("IfExists")
    absent = key.startswith(PRINCIPAL_KEYS)
    if name == "Null" and (key in context or absent):
        return (values[:1] == ["true"]) is (key not in context)
    negated = "Not" in name
    match = _OPERATORS.get(name.replace("Not", ""))
    if match is None or (key not in context and not absent):
        return None
    if key not in context:
        return negated or name != operator
    hit = any(match(context[key], value) for value in values)
    return hit is not negated


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
