"""Property values of a template's resources, of whatever shape, as the settings hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ops.doctor.settings import Unknown
from ops.doctor.template.resources import Resource, Resources


def within(block: Mapping[str, Any] | Unknown, key: str, take: Callable[[Any], Any]) -> Any:
    """``take`` of one value; None when it is absent."""
    if isinstance(block, Unknown):
        return block
    found = block.get(key)
    return found if found is None or isinstance(found, Unknown) else take(found)


def texts(value: Any) -> tuple[str, ...] | Unknown:
    if isinstance(value, Unknown):
        return value
    items: Iterable[Any] = value if isinstance(value, list) else [] if value is None else [value]
    return tuple(item.symbol if isinstance(item, Unknown) else str(item) for item in items)


def text(value: Any) -> str | Unknown:
    if isinstance(value, dict | list):
        return Unknown("a value that should be a text is not")
    return value if isinstance(value, str | Unknown) else str(value or "")


def names(*names: str) -> frozenset[str]:
    return frozenset(name for name in names if name)


def lists(policy: Resource, setting: str, resource: Resource, resources: Resources) -> bool:
    listed = policy.listed(setting)
    return not isinstance(listed, Unknown) and any(
        resources.find(reference, resource.kind) is resource for reference in listed
    )
