"""HTML from the macros in ``templates/``: Jinja2 escapes every value, and foreign text is made printable first."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dashboard import formatting, theme


def _printable(value: Any) -> Any:
    return formatting.sendable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _breakable(text: str) -> Markup:
    """Allows line breaks inside names such as MaximumConcurrency."""
    return Markup("<wbr>").join(re.split(r"(?<=[a-z])(?=[A-Z])", formatting.sendable(text)))


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    finalize=_printable,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.globals.update(theme=theme, NONE=formatting.NONE)
_ENVIRONMENT.filters.update(
    breakable=_breakable,
    first_to_last=formatting.first_to_last,
    messages=formatting.message_count,
    moment=formatting.moment,
    number=formatting.number,
    utc=formatting.utc,
)


class Macros:
    """The macros of one file, as functions that return HTML."""

    def __init__(self, file: str) -> None:
        self._module = _ENVIRONMENT.get_template(file).module

    def __getattr__(self, name: str) -> Callable[..., Markup]:
        macro: Callable[..., Markup] = getattr(self._module, name)
        return macro
