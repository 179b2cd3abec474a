"""Whose line it is, where several functions write into one log group (``LoggingConfig``)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ops import log_streams

_FUNCTION = re.compile(r'"(?:function_?[nN]ame|faas\.name)"\s*:\s*"([^"\\]+)"')
_ARN = re.compile(r'"(?:function_?[aA]rn|invokedFunctionArn|faas\.id)"\s*:\s*"arn:[^"\\]*:function:([\w-]+)')


def is_other_functions(row: Mapping[str, str], function: str, shared: bool = False) -> bool:
    """Whether a row of Logs Insights was written by another than ``function`` (empty: that is not asked).

    ``shared``: the group is not the function's own. There a line whose stream does not name it is judged by the function
    that its JSON names, and one of a stream that Lambda did not name is another program's.
    """
    if not function:
        return False
    stream = log_streams.parse(row.get("@logStream", ""))
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
