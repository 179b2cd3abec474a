"""Invocations one by one, from the log group: the extension's records, and REPORT lines where there are none.

``log_reader`` asks for the lines of a range, or of moments of it where there are too many (``range_sample``); where
Logs Insights may not be used, ``filtered_lines`` reads them. ``sample_with_totals`` adds the aggregates of
``log_totals`` to a sample.
"""

from ops.insight.invocation_table import COLUMNS, Invocation
from ops.insight.sources.invocations.log_reader import QUERY, await_sample, read
from ops.insight.sources.invocations.model import Invocations
from ops.insight.sources.invocations.sample_with_totals import with_totals

__all__ = ["COLUMNS", "QUERY", "Invocation", "Invocations", "await_sample", "read", "with_totals"]
