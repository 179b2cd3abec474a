"""Jobs that failed, by cause, from the handler's log lines: metrics count them, and do not say why.

Causes are told apart as those of dead letters are, and have the same names: by error type, message without its variable parts,
and place in the code where the line has a stack trace. Of aggregates the error type and how the message begins are known.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from handler import contract
from ops import formatting
from ops.aws import logs
from ops.errors import AccessDenied, NotFound
from ops.fingerprints import code_split
from ops.fingerprints.fingerprint import clipped, common_label, fingerprint, without_line
from ops.insight.report_types import QueryCost
from ops.insight.sources.invocations import range_sample
from ops.insight.sources.log_volume import scan_price
from ops.logged_errors import json_record
from ops.logged_errors.stack_traces.thrown_error import with_wrappers

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.insight.report_types import Window
    from ops.insight.sources.invocations import Invocations
    from ops.insight.sources.log_totals import JobFailureTotal
    from ops.insight.sources.metrics import Readings
    from ops.workload import Workload

QUERY = f"fields @timestamp, @message | filter @message like /{contract.LOG_JOB_FAILED}/ | sort @timestamp desc"
UNTYPED = "No error type"
SHORTER = 0.8
"""Of the time in which as many invocations are to be expected as are read one by one: they do not come evenly. Our choice."""
MAX_NAMED, NAME_CHARS = 20, 160
"""Causes of a range with a name of their own, and its length: where each message is unlike all others, the error types remain."""


class JobError(NamedTuple):
    """``location``: as of a dead letter's cause; empty where it is not known."""

    error_type: str
    message: str
    location: str = ""


@dataclass(frozen=True)
class FailedJobs:
    """Attempts by cause, such as ``KeyError: no segment …``: ``retried`` went back to the queue, ``rejected`` can never
    succeed. The newest ones, where there are more than a query returns."""

    retried: Mapping[str, int] = field(default_factory=dict)
    rejected: Mapping[str, int] = field(default_factory=dict)
    look: QueryCost = field(default_factory=QueryCost)


def are_counted(readings: Readings) -> bool:
    """Whether the metrics say that a job failed."""
    return bool((readings.total("jobs_failed") or 0.0) + (readings.total("jobs_rejected") or 0.0))


def read(aws: Aws, workload: Workload, window: Window, readings: Readings, logged: Invocations) -> FailedJobs:
    """One Logs Insights query, and none where no job failed; of a range whose invocations are a sample, the aggregates read
    with it, or the same moments. What may not be read is a note, since the metrics still say how many failed. Raises what
    else ``ops.aws`` raises."""
    if workload.log_group is None or not are_counted(readings):
        return FailedJobs()
    if logged.totals is not None and logged.totals.failed_jobs is not None:
        return _of_totals(logged.totals.failed_jobs, QueryCost(partial=(_finer(window, logged.totals.invocations),)))
    found: tuple[logs.LogRows, ...]
    try:
        if logged.sample is None:
            found = (logs.run_query(aws, workload.log_group, QUERY, window.start, window.end),)
            scanned = found[0].bytes_scanned
        else:
            found, scanned = range_sample.read_moments(aws, workload.log_group, QUERY, logged.sample)
    except NotFound:
        return FailedJobs(look=QueryCost(partial=(f"There is no log group {workload.log_group}.",)))
    except AccessDenied as denied:
        return FailedJobs(look=QueryCost(partial=(f"No causes of failed jobs: {denied} {denied.next_step}",)))
    failed: dict[bool, list[JobError]] = {True: [], False: []}
    for row in (row for rows in found for row in rows.rows):
        line = _parsed(row.get("@message", ""))
        if line.get("message") == contract.LOG_JOB_FAILED:
            is_rejected = line.get(contract.LOG_PERMANENT) is True
            failed[is_rejected].append(_carried(line) if is_rejected else _logged(line))
    partial: tuple[str, ...] = ()
    if logged.sample is not None:
        partial = ("Causes of failed jobs are those in the sampled log lines.",)
    elif found[0].truncated:
        partial = (
            f"Causes of failed jobs are those of the newest {formatting.count(len(found[0].rows), 'log line')}.",
        )
    look = QueryCost(usd=scan_price(scanned, workload.region), partial=partial)
    return FailedJobs(_by_cause(failed[False]), _by_cause(failed[True]), look)


def _carried(line: Mapping[str, object]) -> JobError:
    """The error that a rejected job's dead letter has in its attributes, from a log line."""
    return JobError(str(line.get(contract.LOG_ERROR_TYPE) or UNTYPED), str(line.get(contract.LOG_ERROR_MESSAGE) or ""))


def _logged(line: Mapping[str, object]) -> JobError:
    """The error as a search of the logs for a dead letter's cause finds it: the root exception and its location."""
    found = json_record.failure(line)
    return JobError(found.error_type or UNTYPED, with_wrappers(found.error_message, found.chain), found.location)


def _by_cause(failed: Iterable[JobError]) -> Mapping[str, int]:
    """Number of failed jobs by cause. Causes that differ only in their location have it in their names."""
    alike: defaultdict[str, list[JobError]] = defaultdict(list)
    for error in failed:
        alike[fingerprint(*error)].append(error)
    groups = sorted((part for some in alike.values() for part in _divided(some)), key=lambda some: -len(some))
    messages = Counter(_without_place(some[0]) for some in groups)
    counts: Counter[str] = Counter()
    for at, some in enumerate(groups):
        name = _name(some) if at < MAX_NAMED else some[0].error_type
        place = without_line(some[0].location) if messages[_without_place(some[0])] > 1 and at < MAX_NAMED else ""
        counts[f"{name} ({place})" if place else name] += len(some)
    return counts


def _divided(some: list[JobError]) -> Iterable[list[JobError]]:
    """Errors divided by the codes in their messages, if many share them."""
    messages = [error.message for error in some[: code_split.SAMPLE_SIZE]]
    rule = code_split.split_rule(messages) if len(some) >= code_split.MIN_GROUP_SIZE else None
    if rule is None:
        return (some,)
    parts: defaultdict[tuple[str, ...] | None, list[JobError]] = defaultdict(list)
    for error in some:
        parts[code_split.split_values(error.message, rule)].append(error)
    return parts.values()


def _without_place(error: JobError) -> str:
    return fingerprint(error.error_type, error.message)


def _name(some: Sequence[JobError]) -> str:
    kind, messages = some[0].error_type, [error.message for error in some]
    return clipped(f"{kind}: {common_label(messages)}", NAME_CHARS) if any(messages) else kind


def _of_totals(totals: Sequence[JobFailureTotal], look: QueryCost) -> FailedJobs:
    retried: Counter[str] = Counter()
    rejected: Counter[str] = Counter()
    for at, total in enumerate(sorted(totals, key=lambda total: -total.count)):
        kind, words = total.error_type or UNTYPED, " ".join(total.words.split())
        name = (
            clipped(f"{kind}: {words}{'' if total.is_whole else ' …'}", NAME_CHARS)
            if words and at < MAX_NAMED
            else kind
        )
        (rejected if total.rejected else retried)[name] += total.count
    return FailedJobs(retried, rejected, look)


def _finer(window: Window, invocations: int) -> str:
    """A note on how aggregates distinguish causes, with the command for a range whose lines are all read."""
    minutes = max(1, int(window.length.total_seconds() / 60 * SHORTER * logs.MAX_ROWS / max(1, invocations)))
    start = window.end - timedelta(minutes=minutes)
    given = (
        f"--since {start:%Y-%m-%dT%H:%M} --until {window.end:%Y-%m-%dT%H:%M}" if window.past else f"--minutes {minutes}"
    )
    return (
        "Causes of failed jobs are told apart by error type and the first words of the message. A shorter range also tells "
        f"codes and places in the code apart: ops costs {given}."
    )


def _parsed(text: str) -> Mapping[str, object]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
