"""Members of telemetry records, read so that nothing unexpected in them can hurt: wrong types count as absent."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TEXT_LIMIT = 256
"""Characters kept of any text, so that a record stays small whatever it is made from."""


def text(record: dict[str, Any], key: str) -> str:
    value = record.get(key)
    return value[:TEXT_LIMIT] if isinstance(value, str) else ""


def number(record: dict[str, Any], key: str) -> float | None:
    """A finite number that is not negative, or None: EMF takes no other, and none of ours is."""
    value = record.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e15:
        return None
    return value


def mapping(record: dict[str, Any], key: str) -> dict[str, Any]:
    value = record.get(key)
    return value if isinstance(value, dict) else {}


def items(record: dict[str, Any], key: str) -> list[Any]:
    value = record.get(key)
    return value if isinstance(value, list) else []
