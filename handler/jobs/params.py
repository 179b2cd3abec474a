"""Reading a job's parameters: each has a type, a range and a default, and an unknown one is refused."""

from __future__ import annotations

from typing import Any

from handler.errors import WrongSchema


def only(params: dict[str, Any], *names: str) -> None:
    if unknown := sorted(params.keys() - set(names)):
        raise WrongSchema(f"unknown parameter {unknown[0][:64]!r}; there are {', '.join(names)}")


def whole(params: dict[str, Any], name: str, default: int, low: int, high: int) -> int:
    value = params.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise WrongSchema(f"{name} must be a whole number from {low} to {high}")
    return value


def share(params: dict[str, Any], name: str, default: float) -> float:
    """Strictly between 0 and 1."""
    value = params.get(name, default)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 1:
        raise WrongSchema(f"{name} must be a number between 0 and 1")
    return float(value)


def text(params: dict[str, Any], name: str) -> str | None:
    value = params.get(name)
    if value is not None and (not isinstance(value, str) or not value):
        raise WrongSchema(f"{name} must be a string")
    return value


def texts(params: dict[str, Any], name: str) -> list[str] | None:
    value = params.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        raise WrongSchema(f"{name} must be a list of column names")
    if len(set(value)) != len(value):
        raise WrongSchema(f"{name} names a column twice")
    return value
