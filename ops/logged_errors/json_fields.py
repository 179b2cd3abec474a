"""Fields of a JSON record, whatever its logger called them. A dot in a key is a nested object, or part of the key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def values(record: Mapping[str, Any], keys: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """The keys of ``keys`` that ``record`` has, in their order, with their values."""
    for key in keys:
        if key in record:
            yield key, record[key]
        elif "." in key:
            outer, _, inner = key.partition(".")
            if isinstance(within := record.get(outer), dict):
                yield from ((key, value) for _, value in values(within, (inner,)))


def text(record: Mapping[str, Any], keys: Iterable[str]) -> str:
    """The first of ``keys`` that holds text, lines of it, or a number; empty where none does."""
    for _, value in values(record, keys):
        if isinstance(value, list) and value and all(isinstance(line, str) for line in value):
            return "\n".join(value)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value) if abs(value) < 1e300 else ""
    return ""


def objects(record: Mapping[str, Any], keys: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    """The objects at ``keys``; of a list of objects each."""
    for _, value in values(record, keys):
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict) and item:
                yield item
