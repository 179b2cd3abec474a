"""Attributes and the resource in the JSON form of OTLP (OTLP specification 1.5, "JSON Protobuf Encoding")."""

from __future__ import annotations

import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from handler.extension.otlp.settings import Settings
    from handler.extension.records.emf import Function

    Value = str | int | float | bool | list[str] | None

VALUE_LIMIT = 1_024
"""Characters of a value."""
SCOPE = {"name": "scilearn-telemetry"}
PREFIX = "lambda_ops."
"""Begins the names that the semantic conventions lack."""


def clean(text: str) -> str:
    """Half a surrogate pair, which JSON can hold and a receiver refuses, becomes a question mark."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def attributes(values: Mapping[str, Value]) -> list[dict[str, Any]]:
    """Attributes of what is known: None and an empty text or list are left out."""
    return [{"key": clean(key), "value": _value(value)} for key, value in values.items() if value not in (None, "", [])]


def _value(value: Value) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(item) for item in value]}}
    return {"stringValue": clean(value or "")[:VALUE_LIMIT]}


def resource(function: Function, settings: Settings) -> dict[str, Any]:
    """The resource of this environment. Each call makes an instance of its own: a restored snapshot is another one.

    ``faas.instance`` is not in it, as an extension is not told its log stream's name (Lambda developer guide,
    lambda-extensions).
    """
    known: dict[str, Value] = {
        "service.name": function.name,
        "service.instance.id": _uuid(),
        "cloud.provider": "aws",
        "cloud.platform": "aws_lambda",
        "cloud.region": settings.value("AWS_REGION"),
        "faas.name": function.name,
        "faas.version": function.version,
        "faas.max_memory": None if function.memory_mb is None else round(function.memory_mb) << 20,
        "host.arch": {"x86_64": "amd64"}.get(function.architecture, function.architecture),
    }
    return {"attributes": attributes(known | dict(settings.resource_attributes()))}


def _uuid() -> str:
    """Random (version 4). The system's source of it is safe across snapshots, a generator's state would not be."""
    data = bytearray(posix.urandom(16))
    data[6], data[8] = data[6] & 0x0F | 0x40, data[8] & 0x3F | 0x80
    text = data.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
