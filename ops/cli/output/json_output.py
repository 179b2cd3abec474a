"""Reports as plain values, for ``--json``: stable names, ISO 8601 times, null for unknown values."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any


def plain(value: Any) -> Any:
    """``value`` in JSON's types: dataclasses as objects, frames as lists of rows, NaN as null.

    A field's key is its name, or ``json_key`` in its metadata: keys are a promise to scripts, names may improve.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {
            field.metadata.get("json_key", field.name): plain(getattr(value, field.name)) for field in fields(value)
        }
    if isinstance(value, datetime):
        return None if value != value else value.isoformat()  # NaT is a datetime that does not equal itself
    if isinstance(value, bool | int | str) or value is None:
        return value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "to_dict"):
        return [plain(row) for row in value.reset_index().to_dict(orient="records")]
    return plain(value.item())  # a NumPy scalar


def dumps(value: Any) -> str:
    """JSON in ASCII, so that a terminal interprets nothing in it."""
    return json.dumps(plain(value), indent=2, allow_nan=False)
