"""The rows of one log stream as invocations.

A stream is one environment, which works on one invocation at a time. So a line without a request ID belongs to the
invocation that its stream was at then, from START to REPORT, or from what is known of that. Such a line is joined, and
what rests on it is only likely. Streams whose invocations overlap (Lambda Managed Instances) are not joined.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta

from ops import invocation_log
from ops.deadletters.causes.attribution import invocation_end, reason_rank
from ops.deadletters.causes.attribution.logged_invocation import CLOCK_SKEW, InvocationLines, LogRow

INIT_LIMIT = timedelta(seconds=12)
"""Before its first invocation an environment may log errors of its initialization, which takes 10 s at most (Lambda
developer guide, lambda-runtime-environment, 2026-11)."""
_ROUNDED = timedelta(milliseconds=20)
"""REPORT's time less its duration may miss the beginning by this much."""
_TIMED = (invocation_log.REPORT, invocation_log.TIMEOUT)
"""Lines that are written when an invocation is over, and hold its duration."""


class StreamInvocations:
    """One stream's rows, taken in order."""

    def __init__(self, rows: list[LogRow], records: list[LogRow], longest: timedelta) -> None:
        self._longest = longest
        reports = [(row.at, row.end) for row in rows if row.end is not None and row.end.source in _TIMED]
        recorded = [(invocation_end.ended_at(row.end), row.end) for row in records if row.end is not None]
        self._ends = sorted(reports + recorded, key=lambda end: end[0])
        self._rows = rows = self._own(rows)
        self._joins = bool(rows[0].stream) and not _overlap(rows)
        self._known: dict[str, InvocationLines] = {}  # by request ID, the last attempt
        self._current: InvocationLines | None = None
        self._waiting: list[LogRow] = []  # lines that belong to what comes next, or to no invocation
        self._found: list[InvocationLines] = []

    def invocations(self) -> list[InvocationLines]:
        for row in self._rows:
            if row.request_id:
                self._of_request(row)
            elif not self._joins:
                self._alone([row])
            else:
                self._of_stream(row)
        self._alone(self._waiting)
        return self._found

    def _own(self, rows: list[LogRow]) -> list[LogRow]:
        """A request ID within a line's words is not the line's own while another request is known to run, and no line
        of the stream is surely of that one."""
        sure = {row.request_id for row in rows if not row.loose}
        sure.update(end.request_id for _, end in self._ends)
        return [row.without_request() if row.loose and self._quotes(row, sure) else row for row in rows]

    def _quotes(self, row: LogRow, sure: set[str]) -> bool:
        inside = self._inside(bisect_left(self._ends, row.at, key=lambda end: end[0]), row.at)
        return inside is not None and row.request_id not in sure

    def _inside(self, number: int, at: datetime) -> invocation_log.InvocationLogLine | None:
        """The invocation that was at work then, by the next end that is known."""
        end = self._ends[number][1] if number < len(self._ends) else None
        return end if end is not None and end.started - _ROUNDED <= at else None

    def _of_request(self, row: LogRow) -> None:
        invocation = self._known.get(row.request_id)
        if invocation is None or (invocation.over and (row.start or row.at > invocation.until + CLOCK_SKEW)):
            invocation = self._begin(row.request_id, row.at)
        if invocation is not self._current and self._waiting:
            self._adopt(invocation, row)
        self._current = invocation
        invocation.take(row, joined=False)

    def _adopt(self, invocation: InvocationLines, row: LogRow) -> None:
        """What was written before an invocation's first line with its request ID is its own, as far as it can
        be: errors of the initialization, and lines since it started."""
        end = next((end for _, end in self._ends if end.request_id == row.request_id), None)
        began = end.started if end is not None else row.at
        whole = row.start or end is not None or reason_rank.is_exit(row.entry)
        since = began - (INIT_LIMIT if whole else self._longest)
        own = [each for each in self._waiting if each.at >= since]
        if end is not None:  # what it logged since it started is known by that
            own = [each for each in own if each.unhandled]
        if any(each.unhandled for each in own) and not (whole and self._may_have_raised(end)):
            own = []
        self._alone([each for each in self._waiting if each not in own])
        for each in own:
            invocation.take(each, joined=True)
        invocation.over = False
        self._waiting = []

    @staticmethod
    def _may_have_raised(end: invocation_log.InvocationLogLine | None) -> bool:
        return end is None or (invocation_end.failed(end) and not invocation_end.killed(end))

    def _of_stream(self, row: LogRow) -> None:
        at = bisect_left(self._ends, row.at, key=lambda end: end[0])
        if (inside := self._inside(at, row.at)) is not None:
            known = self._known.get(inside.request_id)
            if not (row.unhandled and invocation_end.killed(inside)):
                invocation = known if known and not known.end else self._begin(inside.request_id, row.at)
                self._current = invocation
                invocation.take(row, joined=True)
                return
        current = self._current
        if current is None or current.over or self._ended(current, at) or row.at > current.since + self._longest:
            self._waiting.append(row)
        else:
            current.take(row, joined=True)

    def _ended(self, invocation: InvocationLines, at: int) -> bool:
        """Whether an end that is known came before the one at ``at``."""
        latest = self._ends[at - 1] if at else None
        return latest is not None and latest[0] >= invocation.since and latest[0] >= invocation.until - _ROUNDED

    def _begin(self, request_id: str, at: datetime) -> InvocationLines:
        invocation = self._known[request_id] = InvocationLines(request_id, self._rows[0].stream, at)
        self._found.append(invocation)
        return invocation

    def _alone(self, some: Sequence[LogRow]) -> None:
        """Lines of which no request is known: an invocation goes from one that names a message, or fails, to what left
        the handler, and no longer than the function may take."""
        invocation: InvocationLines | None = None
        for row in some:
            again = (
                invocation is not None
                and bool(row.names & invocation.names())
                and any(line.failed for line, _ in invocation.lines)
            )
            if (
                invocation is None
                or invocation.over
                or (again and not row.failed)
                or row.at > invocation.first + self._longest
            ):
                invocation = InvocationLines("", row.stream, row.at)
                self._found.append(invocation)
            invocation.take(row, joined=True)


def _overlap(rows: Sequence[LogRow]) -> bool:
    """Whether a request continues after another started and before its own end: several at a time."""
    left: set[str] = set()
    before = ""
    for row in rows:
        if not row.request_id or (row.end is not None and row.end.source != invocation_log.REPORT):
            continue
        if row.request_id != before:
            if row.request_id in left:
                return True
            if before:
                left.add(before)
        before = "" if row.end is not None else row.request_id
        if row.end is not None:
            left.discard(row.request_id)
    return False
