"""How much larger than a message what a JMESPath expression makes of it can become.

JMESPath has no variables and no loops, so that its work is linear in what it works on; but ``[@, @] | [@, @] | …``
doubles that with each step, and a filter of a few hundred characters from a link would take all memory.
"""

from __future__ import annotations

from math import prod
from typing import Any

from ops.errors import UsageError

MAX_GROWTH = 64
"""Times a message's size. A filter that compares parts of a message with each other makes a few copies of parts."""
_CHAINS = frozenset(
    {"subexpression", "pipe", "projection", "value_projection", "filter_projection", "flatten", "index_expression"}
)
_COPIES = frozenset({"multi_select_list", "multi_select_dict", "function_expression"})


def growth(node: Any) -> int:
    """An upper bound, from the parsed expression alone: steps of a chain multiply, copies beside each other add up."""
    below = [growth(child) for child in node["children"] if isinstance(child, dict)]
    if node["type"] in _CHAINS:
        return prod(below)
    if node["type"] in _COPIES:
        quoted = 2 if node.get("value") == "to_string" else 1  # each level escapes the quotes of the one below
        return max(1, sum(below) * quoted)
    return max([1, *below])


def ensure_bounded(expression: str, tree: Any) -> None:
    """Raises UsageError for an expression whose result could be more than ``LARGEST`` times what it is given."""
    if growth(tree) > MAX_GROWTH:
        shown = expression if len(expression) <= 80 else f"{expression[:79]}…"
        raise UsageError(
            f"The expression {shown!r} could produce more than {MAX_GROWTH} copies of a message.",
            "Use only the parts that it needs, such as body.kind, instead of whole messages.",
        )
