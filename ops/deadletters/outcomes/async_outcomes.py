"""The fate of asynchronous invocations: by how the attempts under their request ids ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ops import invocation_log
from ops.aws import lambda_
from ops.deadletters.causes.attribution import invocation_end, reason_rank
from ops.deadletters.causes.attribution.logged_invocations import CLOCK_SKEW
from ops.deadletters.causes.logs import log_parser
from ops.deadletters.causes.logs.log_query import MAX_IDS_PER_QUERY, ids_pattern
from ops.deadletters.ledger.model import Outcome
from ops.deadletters.outcomes.log_tail import LogTail
from ops.errors import AwsError

if TYPE_CHECKING:
    from ops.deadletters.ledger.model import DecidedOutcome, Run, SentMessage
    from ops.deadletters.queue import DeadLetterQueue


class AsyncInvocationWatcher:
    """``attempts``: how often Lambda tries before it gives up."""

    def __init__(self, source: DeadLetterQueue, function: lambda_.Function, attempts: int, since: datetime) -> None:
        self._attempts = attempts
        self._logs = LogTail(source.aws, function.log_group, since)
        # By request id, and by when the line was written: an attempt is tried again under its id.
        self._ended: dict[str, dict[datetime, invocation_log.InvocationLogLine]] = {}
        self._stopped: dict[str, dict[datetime, invocation_log.InvocationLogLine]] = {}
        self._failed: dict[str, dict[datetime, log_parser.LogEntry]] = {}

    @classmethod
    def of(cls, source: DeadLetterQueue, arn: str, since: datetime) -> AsyncInvocationWatcher | None:
        """None when the function cannot be read about."""
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
        ids = [one for sent in waiting for one in sent.new_ids]
        self._logs.read(ids_pattern(ids) if len(ids) <= MAX_IDS_PER_QUERY else invocation_log.PATTERN, now, self._add)
        for sent in waiting:
            fate = next(filter(None, map(self._outcome_of, sent.new_ids)), None)
            if fate:
                yield sent, fate

    def _add(self, row: dict[str, str]) -> None:
        line = invocation_log.parse(row)
        if line is not None and line.source != invocation_log.INIT and line.at is not None:
            if line.source == invocation_log.REPORT:
                self._ended.setdefault(line.request_id, {})[line.at] = line
            elif line.source != invocation_log.RECORD:  # the record repeats the report
                self._stopped.setdefault(line.request_id, {})[line.at] = line
        said = log_parser.parse_row(row)
        if said is not None and said.failed and said.request_id:
            self._failed.setdefault(said.request_id, {})[said.at] = said

    def _outcome_of(self, request_id: str) -> DecidedOutcome | None:
        """Of all attempts under the request id: one success is enough, the last failure tells why."""
        reports = self._ended.get(request_id, {})
        for at, line in reports.items():
            if not invocation_end.failed(line) and self._why(line) is None:
                return Outcome.SUCCEEDED, at, ""
        if len(reports) < self._attempts:
            return None
        last = max(reports)
        why = self._why(reports[last])
        return (
            Outcome.FAILED_AGAIN,
            last,
            why or self._logged(request_id) or ": ".join(invocation_end.failure_of(reports[last])),
        )

    def _why(self, report: invocation_log.InvocationLogLine) -> str | None:
        """What says that an attempt failed besides its REPORT, which had no Status before 2025: how it was stopped, or
        what left the handler."""
        begins, ends = report.started - CLOCK_SKEW, (report.at or report.started) + CLOCK_SKEW
        left = [
            f"{said.error_type}: {said.error_message}"
            for at, said in self._failed.get(report.request_id, {}).items()
            if begins <= at <= ends and (said.unhandled or reason_rank.is_exit(said))
        ]
        stopped = [
            ": ".join(invocation_end.failure_of(line))
            for at, line in self._stopped.get(report.request_id, {}).items()
            if begins <= at <= ends
        ]
        return next(iter([*left, *stopped]), None)

    def _logged(self, request_id: str) -> str:
        """The last error that was logged under the request id."""
        said = self._failed.get(request_id, {})
        return f"{said[max(said)].error_type}: {said[max(said)].error_message}" if said else ""
