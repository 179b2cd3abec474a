"""Whose log stream, and whose line, it is: by the names that Lambda gives streams, and in groups that functions share.

``2026/11/28/[$LATEST]0a1b…`` in a function's default log group, and ``2026/11/28/shop-worker[$LATEST]0a1b…`` in a
custom one, which several functions may share (Lambda developer guide, monitoring-cloudwatchlogs-loggroups, 2026-11).
The guide writes the last part, 32 hexadecimal digits, in brackets too; both forms are read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_LAMBDA = re.compile(r"^\d{4}/\d\d/\d\d/([A-Za-z0-9_-]*)\[([^\[\]]+)\]")

_FUNCTION = re.compile(r'"(?:function_?[nN]ame|faas\.name)"\s*:\s*"([^"\\]+)"')
_ARN = re.compile(r'"(?:function_?[aA]rn|invokedFunctionArn|faas\.id)"\s*:\s*"arn:[^"\\]*:function:([\w-]+)')


@dataclass(frozen=True)
class LambdaStream:
    """Whose log stream it is. ``function``: empty where the name does not include it."""

    function: str
    version: str


def parse(name: str) -> LambdaStream | None:
    """None for a stream that Lambda did not name."""
    found = _LAMBDA.match(name)
    return LambdaStream(found[1], found[2]) if found else None


def is_other_functions(row: Mapping[str, str], function: str, shared: bool = False) -> bool:
    """Whether a row of Logs Insights was written by another than ``function`` (empty: that is not asked).

    ``shared``: the group is not the function's own. There a line whose stream does not name it is judged by the function
    that its JSON names, and one of a stream that Lambda did not name is another program's.
    """
    if not function:
        return False
    stream = parse(row.get("@logStream", ""))
    if stream and stream.function:
        return stream.function != function
    if not shared:
        return False
    if named := _named(row.get("@message", "")):
        return named != function
    return stream is None


def is_shared(group: str, function: str) -> bool:
    """Whether other functions may be expected in the log group."""
    return group != f"/aws/lambda/{function}"


def _named(message: str) -> str:
    """The function that a JSON line names: Powertools' ``function_name``, an ARN."""
    if not message.lstrip().startswith("{"):
        return ""
    found = _FUNCTION.search(message) or _ARN.search(message)
    return found[1].rsplit(":", 1)[-1] if found else ""
