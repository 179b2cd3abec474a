"""The fate of asynchronous invocations: by how the attempts under their request ids ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ops.aws import lambda_
from ops.deadletters.causes import endings, loglines
from ops.deadletters.causes.asking import IDS_A_QUERY, named
from ops.deadletters.following import Following
from ops.deadletters.run import Outcome
from ops.errors import AwsError
from ops.insight import reportlines

if TYPE_CHECKING:
    from ops.deadletters.course import Fate
    from ops.deadletters.run import Run, Sent
    from ops.deadletters.source import Source


class Invocations:
    """``attempts``: how often Lambda tries before it gives up."""

    def __init__(self, source: Source, function: lambda_.Function, attempts: int, since: datetime) -> None:
        self._attempts = attempts
        self._logs = Following(source.aws, function.log_group, since)
        self._ended: dict[str, dict[datetime, reportlines.Line]] = {}  # by request id, by when the attempt was told
        self._failed: dict[str, str] = {}  # by request id: what the function logged

    @classmethod
    def of(cls, source: Source, arn: str, since: datetime) -> Invocations | None:
        """None when the function cannot be read about."""
        try:
            function = lambda_.function(source.aws, arn)
            return cls(source, function, 1 + lambda_.retries(source.aws, function), since)
        except AwsError:
            return None

    @property
    def usd(self) -> float:
        return self._logs.usd

    @property
    def notes(self) -> Sequence[str]:
        return [self._logs.refused] if self._logs.refused else []

    def look(self, waiting: Sequence[Sent], run: Run, moving: bool, now: datetime) -> Iterator[tuple[Sent, Fate]]:
        ids = [one for sent in waiting for one in sent.new_ids]
        self._logs.read(named(ids) if len(ids) <= IDS_A_QUERY else reportlines.PATTERN, now, self._add)
        for sent in waiting:
            fate = next(filter(None, map(self._fate, sent.new_ids)), None)
            if fate:
                yield sent, fate

    def _add(self, row: dict[str, str]) -> None:
        line = reportlines.parse(row)
        at = reportlines.moment(row.get("@timestamp", ""))
        if line is not None and at is not None and line.source in reportlines.ENDINGS:
            if line.source != "record":  # the record repeats the report
                self._ended.setdefault(line.request_id, {})[at] = line
            return
        said = loglines.read(row)
        if said is not None and said.failed and said.request_id:
            self._failed[said.request_id] = f"{said.error_type}: {said.error_message}"

    def _fate(self, request_id: str) -> Fate | None:
        ended = self._ended.get(request_id, {})
        for at, line in ended.items():
            if line.source == "report" and line.values.get("status") == "success":
                return Outcome.SUCCEEDED, at, ""
        reports = {at: line for at, line in ended.items() if line.source == "report"}
        if len(reports) < self._attempts:
            return None
        last = max(reports)
        return Outcome.CAME_BACK, last, self._failed.get(request_id) or ": ".join(endings.ending(reports[last]))
