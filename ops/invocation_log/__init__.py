"""What Lambda and the extension write into the log group about an invocation, read leniently.

- the extension's record: a JSON object with ``"record": "invocation"`` (handler.contract);
- ``REPORT RequestId: …``: fields separated by tabs; since 2025 with ``Status:`` and ``Error Type:`` when it failed
  (Lambda developer guide, 2025), before that a line of its own, ``… Task timed out after 3.00 seconds`` or
  ``RequestId: … Error: Runtime exited with error: signal: killed``;
- with JSON logging, objects of the types ``platform.report`` and, for failures, ``platform.runtimeDone``;
  ``platform.initStart`` names the environment's initialization type (Telemetry API schema 2025-01-29).

A platform's JSON object has the members ``time``, ``type`` and ``record`` and no other, and its plain lines are as
above from their first character to their last: what a function prints about another failure is not one of them. What a
function prints in exactly that form cannot be distinguished by the line alone; ``ops.insight.invocation_table.joining.genuine_lines``
compares it with others.
"""

from ops.invocation_log.line import (
    ENDINGS,
    EXIT,
    INIT,
    RECORD,
    REPORT,
    TIMEOUT,
    InvocationLogLine,
    function_of,
)
from ops.invocation_log.parser import PATTERN, parse, unreadable
from ops.invocation_log.values import moment

__all__ = [
    "ENDINGS",
    "EXIT",
    "INIT",
    "PATTERN",
    "RECORD",
    "REPORT",
    "TIMEOUT",
    "InvocationLogLine",
    "function_of",
    "moment",
    "parse",
    "unreadable",
]
