"""Values of a document against the fields of a struct, each by itself, so that every mistake is reported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

import msgspec
from msgspec import structs

from ops.runbooks.model import Reference

S = TypeVar("S", bound=msgspec.Struct)


def mistakes(kind: type[msgspec.Struct], values: Mapping[str, Any], what: str) -> Iterator[tuple[str, str]]:
    """Each wrong, missing or unknown field of ``values``: its name, and a sentence. ``what`` names a field ("input").
    A Reference is not checked: its value is known during the run only."""
    known = {field.encode_name: field for field in structs.fields(kind)}
    for name, value in values.items():
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known) or 'none'}"
            yield name, f"unknown {what} {name}; {hint}"
        elif not isinstance(value, Reference) and (wrong := _mistake(value, known[name].type)):
            yield name, f"{what} {name}: {wrong}"
    for name, field in known.items():
        if field.required and name not in values:
            yield name, f"{what} {name} is missing"


def fill(kind: type[S], values: Mapping[str, Any]) -> S:
    """``values`` as ``kind``. Raises msgspec.ValidationError."""
    return msgspec.convert(dict(values), kind)


def _mistake(value: Any, kind: Any) -> str:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        text = str(error)
        return text[:1].lower() + text[1:]
    return ""
