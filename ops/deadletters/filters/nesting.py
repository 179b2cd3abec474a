"""How deeply a JMESPath expression nests: its parser recurses, and how far Python can go depends on who called it."""

from __future__ import annotations

import re

MAX_NESTING = 100
"""Levels of brackets and negations."""
_QUOTED = re.compile(r"'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`|\"(?:\\.|[^\"\\])*\"", re.DOTALL)
_LEVELS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
_NEGATIONS = re.compile(r"(?:!\s*)+")


def ensure_shallow(expression: str) -> None:
    """Raises RecursionError for an expression of more than ``MAX_NESTING`` levels."""
    code = _QUOTED.sub("", expression)
    depth = 0
    for character in code:
        depth += _LEVELS.get(character, 0)
        if depth > MAX_NESTING:
            raise RecursionError
    if any(found.group().count("!") > MAX_NESTING for found in _NEGATIONS.finditer(code)):
        raise RecursionError
