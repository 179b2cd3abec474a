"""What the logs know about a message that died without a word: SQS attaches no cause when it moves one.

message id → the handler's error record for it; or → the record of the batch it came in → that invocation's own record,
which the extension writes even when the environment was killed (time-out, out of memory).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from handler import contract
from ops.aws import logs
from ops.errors import AwsError
from ops.insight import prices, reportlines, words
from ops.insight.reports import Letter, Look

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.workload import Workload

IDS_A_QUERY = 200
"""Message ids named in one query, which may have 10,000 characters (botocore 1.44.5 model, 2026-11)."""
LOOK_BACK = timedelta(days=14)
"""SQS keeps no message longer."""
_DEATHS = r"\"status\": ?\"(error|failure|timeout)\"|Status: (error|failure|timeout)|Task timed out after"


@dataclass(frozen=True)
class Failure:
    """What the handler logged about one message."""

    at: datetime
    error_type: str
    error_message: str
    request_id: str


@dataclass
class Evidence:
    """By message id: the last failure, the last batch. By request id: how an invocation died."""

    failures: dict[str, Failure] = field(default_factory=dict)
    batches: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    deaths: dict[str, reportlines.Line] = field(default_factory=dict)

    def add(self, row: Mapping[str, str], wanted: frozenset[str]) -> None:
        """One row of Logs Insights; rows may come in any order."""
        line = reportlines.parse(row)
        if line is not None:
            if line.source == "timeout" or line.values.get("status") not in ("success", "", None):
                known = self.deaths.get(line.request_id)
                if known is None or line.source == "record":
                    self.deaths[line.request_id] = line
            return
        at = reportlines.moment(row.get("@timestamp", ""))
        record = _object(row.get("@message", ""))
        if at is None or record is None:
            return
        request_id = str(record.get(contract.LOG_REQUEST_ID) or "")
        if record.get("message") == contract.LOG_BATCH:
            for message_id in wanted.intersection(record.get("message_ids") or ()):
                if message_id not in self.batches or self.batches[message_id][0] < at:
                    self.batches[message_id] = (at, request_id)
        elif record.get("level") in _BAD:
            message_id = str(record.get(contract.LOG_MESSAGE_ID))
            if message_id in wanted and (message_id not in self.failures or self.failures[message_id].at < at):
                self.failures[message_id] = Failure(at, *_error(record), request_id)

    def explain(self, letter: Letter) -> Letter:
        """``letter`` with the cause of its last failure, where there is a trace of it."""
        failure = self.failures.get(letter.message_id)
        batch = self.batches.get(letter.message_id)
        death = self.deaths.get(batch[1]) if batch else None
        if batch and death and (failure is None or failure.request_id != batch[1]):
            kind, text = _death(death)
            return replace(
                letter, error_type=kind, error_message=text, cause_from="invocation record", request_id=batch[1]
            )
        if failure:
            return replace(
                letter,
                error_type=failure.error_type,
                error_message=failure.error_message,
                cause_from="handler log",
                request_id=failure.request_id,
            )
        return replace(letter, request_id=batch[1]) if batch else letter


_BAD = ("ERROR", "CRITICAL")


def find(aws: Aws, workload: Workload, letters: Sequence[Letter], now: datetime) -> tuple[Evidence, Look]:
    """What the function's log group holds about ``letters``: one Logs Insights query.

    A refusal is told in the look instead of raised: the letters were read, and that is worth showing.
    """
    evidence = Evidence()
    if not letters or workload.log_group is None:
        return evidence, Look()
    first = min((letter.sent for letter in letters if letter.sent), default=now - LOOK_BACK)
    start = max(first - timedelta(minutes=1), now - LOOK_BACK)
    try:
        found = logs.query(aws, workload.log_group, _query(letters), start, now)
    except AwsError as refused:
        return evidence, Look(partial=(f"Causes that only the logs know are missing: {refused} {refused.next_step}",))
    wanted = frozenset(letter.message_id for letter in letters)
    for row in found.rows:
        evidence.add(row, wanted)
    partial: tuple[str, ...] = ()
    if found.truncated:
        partial = (f"{words.count(found.matched)} log lines matched and {words.count(len(found.rows))} were read.",)
    return evidence, Look(usd=found.bytes_scanned / 1e9 * prices.load().log_gb_scanned, partial=partial)


def _query(letters: Iterable[Letter]) -> str:
    ids = [letter.message_id for letter in letters]
    named = "|".join(ids) if len(ids) <= IDS_A_QUERY else rf"\"{contract.LOG_BATCH}\"|\"{contract.LOG_JOB_FAILED}\""
    return f"fields @timestamp, @message, @logStream | filter @message like /{named}|{_DEATHS}/ | sort @timestamp desc"


def _error(record: Mapping[str, Any]) -> tuple[str, str]:
    """Type and message of an error record: this project's fields, else those that Powertools' Logger writes."""
    kind = record.get(contract.LOG_ERROR_TYPE) or record.get("exception_name") or "logged error"
    text = record.get(contract.LOG_ERROR_MESSAGE) or record.get("message") or ""
    return str(kind), str(text)


def _death(line: reportlines.Line) -> tuple[str, str]:
    values = line.values
    kind = str(values.get("error_type") or ("Sandbox.Timedout" if _timed_out(line) else "Lambda.Error"))
    duration, used, size = (values.get(name) for name in ("duration_ms", "memory_used_mb", "memory_size_mb"))
    if "OutOfMemory" in kind and used and size:
        return kind, f"the environment was killed for memory: {used:,.0f} of {size:,.0f} MB used"
    if _timed_out(line):
        after = f" after {words.duration(duration / 1000)}" if duration else ""
        return kind, f"the invocation was stopped at the function's timeout{after}"
    return kind, "the environment ended before the batch was done"


def _timed_out(line: reportlines.Line) -> bool:
    return line.source == "timeout" or line.values.get("status") == "timeout"


def _object(message: str) -> dict[str, Any] | None:
    try:
        record = json.loads(message)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
