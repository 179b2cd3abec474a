"""Decides whether aggregates are worth their price, and reads them once for several refreshes."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ops import formatting
from ops.aws import logs
from ops.errors import AwsError, UsageError
from ops.insight.sources import log_volume
from ops.insight.sources.log_totals import query_texts
from ops.insight.sources.log_totals.model import LogTotals, job_failure_totals, outcome_totals, version_totals

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.logs import LogRows
    from ops.insight.report_types import Window
    from ops.target import Target
    from ops.workload import Workload

BUDGET = "OPS_LOG_SCAN_BUDGET"
"""USD that one report may spend on aggregates; 0: none are asked for."""
DEFAULT_BUDGET_USD = 0.05
"""Ten gigabytes at the price of 2026: our choice."""
REFRESHES = 96
"""Aggregates are read again after this part of the range: a quarter of an hour of a day."""
ESTIMATE_OFF_BY = 1.5
"""A query that scans this much more than estimated is stopped: IncomingBytes leaves out what CloudWatch Logs adds."""
KEPT = 32


@dataclass(frozen=True)
class TotalsAnswer:
    """``totals``: None where there are none. ``notes``: what was read, or why it was not. ``usd``: spent now."""

    totals: LogTotals | None = None
    notes: tuple[str, ...] = ()
    usd: float = 0.0


@dataclass(frozen=True)
class _Kept:
    rows: LogRows
    end: datetime


_lock = threading.Lock()
_kept: OrderedDict[tuple[Target, str, str, float], _Kept] = OrderedDict()


def budget_usd(environ: Mapping[str, str] = os.environ) -> float:
    """Raises UsageError for a setting that is not an amount."""
    written = environ.get(BUDGET, "")
    try:
        budget = float(written) if written else DEFAULT_BUDGET_USD
    except ValueError:
        budget = -1.0
    if not 0 <= budget < float("inf"):
        raise UsageError(f"{BUDGET}={written} is not a valid amount.", "Set it to US dollars per report, such as 0.05.")
    return budget


def read_totals_of(
    aws: Aws,
    workload: Workload,
    window: Window,
    *,
    has_records: bool,
    with_outcomes: bool = False,
    with_failed_jobs: bool = False,
) -> TotalsAnswer:
    """The aggregates of the workload's function, as of ``read_totals``; none where it is not known."""
    function, group = workload.function, workload.log_group
    if function is None or group is None:
        return TotalsAnswer()
    form = query_texts.line_form(function, has_records)
    texts = [query_texts.by_version(form, function.name)]
    texts += [query_texts.outcomes(form, function.name, window.period)] if with_outcomes else []
    texts += [query_texts.failed_jobs()] if with_failed_jobs else []
    return _read_totals(aws, group, texts, window, with_outcomes, with_failed_jobs)


def _read_totals(
    aws: Aws, group: str, texts: Sequence[str], window: Window, with_outcomes: bool, with_failed_jobs: bool
) -> TotalsAnswer:
    """The aggregates of ``window``, as far as the budget goes. Where they are refused, or the endpoint cannot aggregate, there
    are none: the sample remains. Raises UsageError for a budget that is not valid."""
    known = [_known(aws.target, group, text, window) for text in texts]
    missing = [text for text, query in zip(texts, known, strict=True) if query is None]
    is_read, notes, usd = _read_missing(aws, group, missing, window) if missing else (True, (), 0.0)
    if not is_read:
        return TotalsAnswer(notes=notes, usd=usd)
    known = [_known(aws.target, group, text, window) for text in texts]
    kept = [query for query in known if query is not None]
    if len(kept) < len(texts):
        return TotalsAnswer(usd=usd)
    try:
        outcomes = outcome_totals(kept[1].rows.rows) if with_outcomes else None
        jobs = job_failure_totals(kept[-1].rows.rows) if with_failed_jobs and _has_all(kept[-1].rows) else None
        price = sum(log_volume.scan_price(query.rows.bytes_scanned, aws.region) for query in kept)
        totals = LogTotals(version_totals(kept[0].rows.rows), outcomes, min(query.end for query in kept), jobs, price)
    except (KeyError, ValueError):  # an emulator that returns lines whatever is asked
        return TotalsAnswer(usd=usd)
    return (
        TotalsAnswer(totals, (_read_note(totals, kept, window),), usd) if totals.invocations else TotalsAnswer(usd=usd)
    )


def _read_missing(aws: Aws, group: str, texts: Sequence[str], window: Window) -> tuple[bool, tuple[str, ...], float]:
    """Whether they were read, what a reader should know where they were not, and what was spent."""
    budget = budget_usd()
    volume = log_volume.known_volume(aws, [group], window.start, window.end) if budget else None
    size, asked_usd = (volume.total, volume.usd) if volume is not None else (0.0, 0.0)
    if not size:
        return False, (), asked_usd
    price = log_volume.scan_price(size, aws.region) * len(texts)
    if price > budget:
        note = (
            f"All log lines of the range are {formatting.byte_size(round(size))}: to aggregate them would cost "
            f"{formatting.price(price)}, above the budget of {formatting.price(budget)} ({BUDGET})."
        )
        return False, (note,), asked_usd
    most = size * ESTIMATE_OFF_BY

    def ask(text: str) -> LogRows:
        return logs.run_query(aws, group, text, window.start, window.end, max_bytes=most)

    try:
        with ThreadPoolExecutor(len(texts)) as pool:
            found = tuple(pool.map(ask, texts))
    except AwsError:  # of the sample, which asks for the same permission, the page says it
        return False, (), asked_usd
    usd = asked_usd + sum(log_volume.scan_price(rows.bytes_scanned, aws.region) for rows in found)
    may_be_more = query_texts.failed_jobs()  # than fit into an answer: messages may begin in too many ways
    if not all(
        _has_all(rows) or (text == may_be_more and rows.complete) for text, rows in zip(texts, found, strict=True)
    ):
        return False, ("The log lines could not all be aggregated: what is rare is estimated from a sample.",), usd
    with _lock:
        for text, rows in zip(texts, found, strict=True):
            _kept[_key(aws.target, group, text, window)] = _Kept(rows, window.end)
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return True, (), usd


def _has_all(rows: LogRows) -> bool:
    return rows.complete and len(rows.rows) < logs.MAX_ROWS


def _is_recent(end: datetime, window: Window) -> bool:
    return abs(window.end - end) <= window.length / REFRESHES


def _known(target: Target, group: str, text: str, window: Window) -> _Kept | None:
    with _lock:
        kept = _kept.get(_key(target, group, text, window))
    return kept if kept is not None and _is_recent(kept.end, window) else None


def _key(target: Target, group: str, text: str, window: Window) -> tuple[Target, str, str, float]:
    return target, group, text, window.length.total_seconds() // 3600


def _read_note(totals: LogTotals, kept: Sequence[_Kept], window: Window) -> str:
    size = sum(query.rows.bytes_scanned for query in kept)
    until = formatting.clock(totals.until, window.end)
    parts = [
        "counts and percentiles by version",
        *(["failures by type"] if totals.outcomes is not None else []),
        *(["failed jobs by cause"] if totals.failed_jobs is not None else []),
    ]
    listed = " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
    return (
        f"Of all {formatting.count(totals.invocations, 'invocation')} in the logs until {until}: {listed} "
        f"({formatting.byte_size(round(size))} read for "
        f"{formatting.price(totals.usd)}, every {_often(window)} at most)."
    )


def hourly_usd(totals: LogTotals | None, window: Window) -> float:
    """Cost in US dollars of an hour of aggregates that are refreshed as often as allowed."""
    return 0.0 if totals is None else totals.usd * REFRESHES / (window.length.total_seconds() / 3600)


def _often(window: Window) -> str:
    return formatting.duration(window.length.total_seconds() / REFRESHES)
