"""The aggregating queries, for each form in which invocations are logged.

A line counts as what it says it is: whether it is genuine (``invocation_table.joining.genuine_lines``) cannot be asked in a query.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from handler import contract

if TYPE_CHECKING:
    from ops.aws.lambda_ import Function


class LineForm(StrEnum):
    RECORD = "record"
    """The extension's record."""
    TEXT = "text"
    """REPORT lines; without ``Status:``, as until 2025, a failure is not in them."""
    JSON = "json"
    """``platform.report`` events."""


_FIELDS = {
    LineForm.RECORD: (
        f'filter record = "{contract.INVOCATION_RECORD}"',
        f"fields {contract.INV_VERSION} as version, {contract.INV_DURATION} as lasted, "
        f"coalesce({contract.INV_INIT}, {contract.INV_RESTORE}) as init, "
        f"{contract.INV_STATUS} as outcome, {contract.INV_ERROR_TYPE} as type_of_error",
    ),
    LineForm.TEXT: (
        'filter @type = "REPORT"',
        r"parse @logStream /\[(?<version>[^\]]+)\]/",
        r"parse @message /Status: (?<outcome>error|failure|timeout)/",
        r"parse @message /Error Type: (?<type_of_error>\S+)/",
        r"parse @message /\tRestore Duration: (?<restored>[\d.]+)/",
        "fields @duration as lasted, coalesce(@initDuration, restored) as init",
    ),
    LineForm.JSON: (
        'filter type = "platform.report"',
        r"parse @logStream /\[(?<version>[^\]]+)\]/",
        "fields record.metrics.durationMs as lasted, "
        "coalesce(record.metrics.initDurationMs, record.metrics.restoreDurationMs) as init, "
        "record.status as outcome, record.errorType as type_of_error",
    ),
}
_SUMS = {
    LineForm.RECORD: {"billed_ms": contract.INV_BILLED, "init_ms": contract.INV_INIT, "usd": contract.INV_COST},
    LineForm.TEXT: {"billed_ms": "@billedDuration", "init_ms": "@initDuration"},
    LineForm.JSON: {
        "billed_ms": "record.metrics.billedDurationMs",
        "init_ms": "record.metrics.initDurationMs",
    },
}
_COLD = {
    LineForm.RECORD: f"sum({contract.INV_COLD})",
    LineForm.TEXT: "count(init)",
    LineForm.JSON: "count(init)",
}
"""A record says it, as the metric counts it; of other lines it is told by INIT, which a suppressed one does not show."""
_CLEAN_WORD = r"""[^\s\d'"`\/\\{}()\[\]<>=@#:,]+"""
_FIRST_WORDS = rf"/^(?<words>(?:{_CLEAN_WORD}(?:\s+|$)){{0,12}})/"
"""How a message begins, up to the first word that may differ from one occurrence to the next: one with a digit, a quote, a path. So
groups stay few, where whole messages would be as many as jobs."""
_PERCENTILES = (25, 50, 75, 95, 99)
_AROUND = (90, 93, 94, 96, 97, 98, 98.5, 99.5, 99.9)
"""Percentiles of INIT that the confidence intervals of p95 and p99 are read from."""


def line_form(function: Function, has_records: bool) -> LineForm:
    """``has_records``: its metrics show that the extension wrote records in the range."""
    if has_records:
        return LineForm.RECORD
    return LineForm.JSON if function.log_format == "JSON" else LineForm.TEXT


def by_version(form: LineForm, function: str) -> str:
    """Columns: version, invocations, cold, and percentiles of ``lasted`` and ``init`` (ms), the longest ``init`` as the 100th."""
    asked = [*(("lasted", share) for share in _PERCENTILES), *(("init", share) for share in (*_PERCENTILES, *_AROUND))]
    columns = [f"pct({name}, {share}) as {name}_p{str(share).replace('.', '_')}" for name, share in asked]
    return " | ".join(
        (
            *_lines(form, function),
            f"stats count(*) as invocations, {_COLD[form]} as cold, max(init) as init_p100, {', '.join(columns)} by version",
        )
    )


def outcomes(form: LineForm, function: str, period: int) -> str:
    """Columns: time, version, outcome, type_of_error, invocations, and sums. ``period``: seconds."""
    sums = [f"sum({field}) as {name}" for name, field in _SUMS[form].items()]
    columns = ", ".join(("count(*) as invocations", *sums))
    return " | ".join(
        (*_lines(form, function), f"stats {columns} by bin({period}s) as time, version, outcome, type_of_error")
    )


def failed_jobs() -> str:
    """The handler's own lines. Columns: type_of_error, is_permanent, words (how the message begins), attempts, longest (message
    that begins so, in characters)."""
    return " | ".join(
        (
            f'filter message = "{contract.LOG_JOB_FAILED}"',
            f"parse {contract.LOG_ERROR_MESSAGE} {_FIRST_WORDS}",
            f"fields {contract.LOG_ERROR_TYPE} as type_of_error, {contract.LOG_PERMANENT} as is_permanent, "
            f"strlen({contract.LOG_ERROR_MESSAGE}) as size",
            "stats count(*) as attempts, max(size) as longest by type_of_error, is_permanent, words",
        )
    )


def _lines(form: LineForm, function: str) -> tuple[str, ...]:
    first, *rest = _FIELDS[form]
    if form is LineForm.RECORD and re.fullmatch(r"[\w-]+", function):  # other functions may share the group
        first += f' and {contract.INVOCATION_DIMENSION} = "{function}"'
    return (first, *rest)
