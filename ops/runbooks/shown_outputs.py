"""The outputs of a step as a person reads them, alike at the terminal, on the page and in the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def shown_lines(outputs: Mapping[str, Any], write: Callable[[Any], str]) -> list[str]:
    """Its ``lines`` where it has some: the other outputs are for expressions then. Else one line of names and values, each
    by ``write``. Untrusted text: to be escaped."""
    if lines := outputs.get("lines"):
        return [str(line) for line in lines]
    return [" · ".join(f"{name} {write(value)}" for name, value in outputs.items())] if outputs else []
