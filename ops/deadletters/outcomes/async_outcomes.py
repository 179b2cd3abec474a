"""Outcomes of asynchronous invocations: by how the attempts under their request IDs ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ops import invocation_log
from ops.aws import lambda_
from ops.deadletters.causes.attribution import invocation_end, reason_rank
from ops.deadletters.causes.attribution.logged_invocation import CLOCK_SKEW
from ops.deadletters.causes.logs import log_parser
from ops.deadletters.causes.logs.log_query import MAX_IDS_PER_QUERY, ids_pattern
from ops.deadletters.ledger.model import Outcome
from ops.deadletters.outcomes.log_tail import LogTail
from ops.errors import AwsError

if TYPE_CHECKING:
    from ops.deadletters.ledger.model import DecidedOutcome, Run, SentMessage
    from ops.deadletters.queue import DeadLetterQueue


class AsyncInvocationWatcher:
    """``attempts``: the invocations that Lambda makes before it gives up."""

    def __init__(self, source: DeadLetterQueue, function: lambda_.Function, attempts: int, since: datetime) -> None:
        self._attempts = attempts
        self._logs = LogTail(source.aws, function.log_group, since)
        # By request ID and by the time of the line: Lambda retries under the same request ID.
        self._reports: dict[str, dict[datetime, invocation_log.InvocationLogLine]] = {}
        self._terminated: dict[str, dict[datetime, invocation_log.InvocationLogLine]] = {}
        self._errors: dict[str, dict[datetime, log_parser.LogEntry]] = {}

    @classmethod
    def for_function(cls, source: DeadLetterQueue, arn: str, since: datetime) -> AsyncInvocationWatcher | None:
        """None when the function cannot be described."""
        try:
            function = lambda_.get_function(source.aws, arn)
            return cls(source, function, 1 + lambda_.async_retries(source.aws, function), since)
        except AwsError:
            return None

    @property
    def usd(self) -> float:
        return self._logs.usd

    @property
    def notes(self) -> Sequence[str]:
        return [self._logs.error] if self._logs.error else []

    def check(
        self, waiting: Sequence[SentMessage], run: Run, moving: bool, now: datetime
    ) -> Iterator[tuple[SentMessage, DecidedOutcome]]:
        ids = [new_id for sent in waiting for new_id in sent.new_ids]
        self._logs.read(ids_pattern(ids) if len(ids) <= MAX_IDS_PER_QUERY else invocation_log.PATTERN, now, self._add)
        for sent in waiting:
            if outcome := next(filter(None, map(self._outcome_of, sent.new_ids)), None):
                yield sent, outcome

    def _add(self, row: dict[str, str]) -> None:
        line = invocation_log.parse(row)
        if line is not None and line.source != invocation_log.INIT and line.at is not None:
            if line.source == invocation_log.REPORT:
                self._reports.setdefault(line.request_id, {})[line.at] = line
            elif line.source != invocation_log.RECORD:  # the record repeats the report
                self._terminated.setdefault(line.request_id, {})[line.at] = line
        entry = log_parser.parse_row(row)
        if entry is not None and entry.failed and entry.request_id:
            self._errors.setdefault(entry.request_id, {})[entry.at] = entry

    def _outcome_of(self, request_id: str) -> DecidedOutcome | None:
        """The outcome of all attempts under the request ID: one success is enough; otherwise the last failure is the
        cause."""
        reports = self._reports.get(request_id, {})
        for at, line in reports.items():
            if not invocation_end.failed(line) and self._failure(line) is None:
                return Outcome.SUCCEEDED, at, ""
        if len(reports) < self._attempts:
            return None
        last = max(reports)
        cause = self._failure(reports[last]) or self._last_error(request_id)
        return Outcome.FAILED_AGAIN, last, cause or ": ".join(invocation_end.failure_of(reports[last]))

    def _failure(self, report: invocation_log.InvocationLogLine) -> str | None:
        """Evidence that an attempt failed besides its REPORT, which had no Status before 2025: an error that left the
        handler, or how it was terminated."""
        start, end = report.started - CLOCK_SKEW, (report.at or report.started) + CLOCK_SKEW
        unhandled = [
            f"{entry.error_type}: {entry.error_message}"
            for at, entry in self._errors.get(report.request_id, {}).items()
            if start <= at <= end and (entry.unhandled or reason_rank.is_exit(entry))
        ]
        terminated = [
            ": ".join(invocation_end.failure_of(line))
            for at, line in self._terminated.get(report.request_id, {}).items()
            if start <= at <= end
        ]
        return next(iter([*unhandled, *terminated]), None)

    def _last_error(self, request_id: str) -> str:
        """The last error that was logged under the request ID."""
        errors = self._errors.get(request_id, {})
        return f"{errors[max(errors)].error_type}: {errors[max(errors)].error_message}" if errors else ""
