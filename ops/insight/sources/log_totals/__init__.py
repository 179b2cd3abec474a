"""Counts and percentiles of all invocations of a busy range, aggregated by Logs Insights (``stats … by``).

A sample of the lines has too few of what is rare, such as cold starts and failures. An aggregate has all of them, but
scans all bytes of the range: ``totals_reader`` estimates its price from the log group's IncomingBytes, keeps to a
budget, and keeps what it read. ``query_texts`` has the queries, ``model`` what their rows say.
"""

from ops.insight.sources.log_totals.model import JobFailureTotal, LogTotals, OutcomeTotal, VersionTotal
from ops.insight.sources.log_totals.query_texts import LineForm, line_form
from ops.insight.sources.log_totals.totals_reader import TotalsAnswer, hourly_usd, read_totals_of

__all__ = [
    "JobFailureTotal",
    "LineForm",
    "LogTotals",
    "OutcomeTotal",
    "TotalsAnswer",
    "VersionTotal",
    "hourly_usd",
    "line_form",
    "read_totals_of",
]
