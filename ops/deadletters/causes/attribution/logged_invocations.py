"""The rows of a log group as invocations, in order of time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from ops import invocation_log
from ops.deadletters.cause_record import MAX_MESSAGE_CHARS
from ops.deadletters.causes.attribution.logged_invocation import CLOCK_SKEW, InvocationLines, LogRow
from ops.deadletters.causes.attribution.split_traces import TraceAssembler
from ops.deadletters.causes.attribution.stream_invocations import StreamInvocations
from ops.deadletters.causes.logs import log_parser
from ops.deadletters.causes.logs.log_parser import LogEntry
from ops.fingerprints.fingerprint import clipped


class LoggedInvocations:
    """Rows of a log group, in any order. ``wanted``: IDs of the messages that are searched."""

    def __init__(self, wanted: frozenset[str]) -> None:
        self._wanted = wanted
        self._pieces = TraceAssembler()
        self._streams: dict[str, list[LogRow]] = {}
        self._records: list[LogRow] = []
        self._count = 0

    def add(self, fields: Mapping[str, str]) -> None:
        """A row of Logs Insights with @logStream and @message, in any order of streams, in order within one."""
        self._count += 1
        stream, raw = fields.get("@logStream", ""), fields.get("@message", "")
        end, entry = invocation_log.parse(fields), None
        if end is None or end.source not in invocation_log.ENDINGS:
            entry = log_parser.parse_row(fields)
        if end is not None and end.source != invocation_log.INIT and not (entry and entry.failed):
            row = LogRow(end.at or end.started, stream, self._count, end=end)
            # The extension writes its record when it comes to it: its place among the lines means nothing.
            (self._records if end.source == invocation_log.RECORD else self._streams.setdefault(stream, [])).append(row)
            return
        if entry is None:
            return
        if self._pieces.add(entry):
            entry = replace(entry, failed=False)
        mentioned = entry.mentioned & self._wanted
        names = (
            entry.message_ids if entry.failed or entry.message_ids & self._wanted else mentioned or entry.message_ids
        )
        names = names or mentioned
        start = raw.startswith("START RequestId") or '"platform.start"' in raw[:200]
        if not (entry.failed or entry.request_id or names):
            return
        row = LogRow(entry.at, stream, self._count, _slim(entry), names=names, start=start)
        self._streams.setdefault(stream, []).append(row)

    def invocations(self, longest: timedelta) -> list[InvocationLines]:
        """All of them, in order of time. ``longest``: the function's timeout."""
        streams = {name: list(some) for name, some in self._streams.items()}
        for whole in self._pieces.whole():
            names = whole.mentioned & self._wanted
            streams.setdefault(whole.stream, []).append(LogRow(whole.at, whole.stream, 0, _slim(whole), names=names))
        falls = self._falls(streams.values())
        records: dict[str, list[LogRow]] = {}
        for record in self._records:
            records.setdefault(record.stream, []).append(record)
        invocations: list[InvocationLines] = []
        for name, some in streams.items():
            invocations += StreamInvocations(
                _ordered(some, falls), records.get(name, []), longest + CLOCK_SKEW
            ).invocations()
        _add_records(invocations, self._records)
        return sorted(invocations, key=lambda invocation: (invocation.since, invocation.until))

    @staticmethod
    def _falls(streams: Iterable[Sequence[LogRow]]) -> bool:
        """Whether rows came newest first, so that of lines of one moment the one that came last was written first."""
        steps = [(a.at > b.at) - (a.at < b.at) for some in streams for a, b in pairwise(some)]
        return sum(steps) > 0


def _slim(entry: LogEntry) -> LogEntry:
    """The entry without its large fields: a busy log group may yield 100,000 of them."""
    return replace(entry, text="", error_message=clipped(entry.error_message, MAX_MESSAGE_CHARS), mentioned=frozenset())


def _ordered(some: list[LogRow], falls: bool) -> list[LogRow]:
    """The rows by time, then in the order they were written; at equal times START is first and REPORT last."""

    def place(row: LogRow) -> tuple[datetime, int, int]:
        rank = -1 if row.start else 1 if row.end is not None else 0
        return row.at, rank, -row.order if falls else row.order

    return sorted(some, key=place)


def _add_records(invocations: list[InvocationLines], records: Sequence[LogRow]) -> None:
    """The extension's records, each added to the attempt of its request that it records."""
    by_request: dict[str, list[InvocationLines]] = {}
    for invocation in invocations:
        by_request.setdefault(invocation.request_id, []).append(invocation)
    for record in records:
        if record.end is None:
            continue
        attempts = by_request.get(record.request_id, [])
        near = [
            invocation for invocation in attempts if abs(invocation.since - record.end.started) <= CLOCK_SKEW
        ] or attempts[-1:]
        if not near:
            near = [InvocationLines(record.request_id, record.stream, record.end.started)]
            by_request.setdefault(record.request_id, []).extend(near)
            invocations.extend(near)
        near[0].take(record, joined=False)
