"""One row per attempt of an invocation, from log lines of all formats, as columns.

``build_table`` reads lines in chunks. Lines of the usual forms are parsed (``lines``) and joined (``joining``) as arrays; every
other line goes through ``ops.invocation_log.parse`` and ``joining.attempts``, which define what a line means.
"""

from ops.insight.invocation_table.model import COLUMNS, Invocation
from ops.insight.invocation_table.table import InvocationTable, build_table

__all__ = ["COLUMNS", "Invocation", "InvocationTable", "build_table"]
