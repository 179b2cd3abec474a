"""Patches: the ways to name a function, and which mappings a name stands for.

Stands for: ``FunctionName`` as a name, a partial ARN (``123456789012:function:name``) or an ARN, each with or without a
qualifier; and ListEventSourceMappings, which lists by exactly that qualifier: the mappings of an alias are not among
those of the function (Lambda API reference, 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ministack.services import lambda_svc

from ops.twin.emulator import account_context
from ops.twin.emulator.patch import Patch

Named = tuple[str, str | None]
_PARTIAL = re.compile(r"(\d{12}):function:([A-Za-z0-9-_]+)(?::([A-Za-z0-9$_-]+))?")
MAX_LISTED = 100
"""Mappings of an answer, at most and by default (API reference, MaxItems)."""


def patches() -> list[Patch]:
    return [
        Patch("services.lambda_svc", "_resolve_name_and_qualifier", _with_partial, "partial ARNs name functions"),
        Patch("services.lambda_svc", "_list_esms", lambda _: listed, "mappings are listed by exact qualifier"),
    ]


def _with_partial(original: Callable[[str], Named]) -> Callable[[str], Named]:
    def resolve(given: str) -> Named:
        partial = _PARTIAL.fullmatch(given or "")
        if partial is None:
            return original(given)
        account, name, qualifier = partial.groups()
        # Another account's function is none of this one.
        return (name, qualifier) if account == account_context.current()[0] else (given, None)

    return resolve


def listed(query: dict[str, Any]) -> Any:
    """ListEventSourceMappings."""
    named = lambda_svc._qp_first(query, "FunctionName")
    source = lambda_svc._qp_first(query, "EventSourceArn")
    marker = lambda_svc._qp_first(query, "Marker")
    most = min(MAX_LISTED, int(lambda_svc._qp_first(query, "MaxItems", str(MAX_LISTED))))
    found = list(lambda_svc._esms.values())
    if named:
        wanted = _exact(*lambda_svc._resolve_request_scoped_name_and_qualifier(named))
        found = [mapping for mapping in found if _exact(mapping["FunctionName"], mapping.get("Qualifier")) == wanted]
    if source:
        found = [mapping for mapping in found if mapping["EventSourceArn"] == source]
    start = next((number for number, mapping in enumerate(found, 1) if mapping["UUID"] == marker), 0)
    page = found[start : start + most]
    answer: dict[str, Any] = {"EventSourceMappings": [lambda_svc._esm_response(mapping) for mapping in page]}
    if start + most < len(found):
        answer["NextMarker"] = page[-1]["UUID"]
    return lambda_svc.json_response(answer)


def _exact(name: str, qualifier: str | None) -> Named:
    return name, None if qualifier == "$LATEST" else qualifier
