"""The rows of a log group as invocations: each with its lines in order, the messages that it names, and its end.

A stream is one environment, which works on one invocation at a time. So a line without a request ID belongs to the
invocation that its stream was at then, from START to REPORT, or from what is known of that. Such a line is joined, and
what rests on it is only likely. Streams whose invocations overlap (Lambda Managed Instances) are not joined.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise

from ops import invocation_log
from ops.deadletters.causes.attribution import invocation_end, reason_rank
from ops.deadletters.causes.attribution.split_traces import TraceAssembler
from ops.deadletters.causes.logs import log_parser
from ops.deadletters.causes.logs.log_parser import LogEntry
from ops.deadletters.fingerprints.cause_record import MAX_MESSAGE_CHARS
from ops.deadletters.fingerprints.fingerprint import clipped

CLOCK_SKEW = timedelta(seconds=2)
"""Clocks of SQS and of the function's environment, and the way between them."""
INIT_LIMIT = timedelta(seconds=12)
"""Before its first invocation an environment may log errors of its initialization, which takes 10 s at most (Lambda
developer guide, lambda-runtime-environment, 2026-11)."""
_ROUNDED = timedelta(milliseconds=20)
"""REPORT's time less its duration may miss the beginning by this much."""
_TIMED = (invocation_log.REPORT, invocation_log.TIMEOUT)
"""Lines that are written when an invocation is over, and hold its duration."""


@dataclass(frozen=True, slots=True)
class LogRow:
    """One row. ``entry``: what a line reports; ``end``: what the platform reports about an invocation. ``names``: ids of
    messages that the line names. ``start``: it is the platform's START."""

    at: datetime
    stream: str
    order: int
    entry: LogEntry | None = None
    end: invocation_log.InvocationLogLine | None = None
    names: frozenset[str] = frozenset()
    start: bool = False

    @property
    def loose(self) -> bool:
        """Whether its request ID may be another's that it speaks of."""
        return self.entry is not None and self.entry.loose and bool(self.entry.request_id)

    def without_request(self) -> LogRow:
        """Without its request ID."""
        return replace(self, entry=replace(self.entry, request_id="", loose=False)) if self.entry else self

    @property
    def request_id(self) -> str:
        return self.entry.request_id if self.entry else self.end.request_id if self.end else ""

    @property
    def failed(self) -> bool:
        return self.entry is not None and self.entry.failed

    @property
    def unhandled(self) -> bool:
        """Whether it reports an error that left the handler, after which no line of the invocation follows."""
        return self.entry is not None and self.entry.failed and self.entry.unhandled


@dataclass
class LoggedInvocation:
    """``request_id``: empty where no line has it. ``began``: None where that is not known. ``lines``: in order, with
    whether a line was joined by stream and time. ``end``: the line that knows most of how it ended."""

    request_id: str
    stream: str
    first: datetime
    began: datetime | None = None
    last: datetime | None = None
    lines: list[tuple[LogRow, bool]] = field(default_factory=list)
    end: invocation_log.InvocationLogLine | None = None
    over: bool = False  # nothing but its end may follow

    @property
    def since(self) -> datetime:
        return self.began or self.first

    @property
    def until(self) -> datetime:
        return self.last or self.first

    @property
    def failed(self) -> bool:
        """Whether a line reports a failure in it, or that it failed as a whole."""
        ended_badly = self.end is not None and invocation_end.failed(self.end)
        return ended_badly or any(line.failed for line, _ in self.lines)

    def names(self) -> frozenset[str]:
        return frozenset().union(*(line.names for line, _ in self.lines))

    def take(self, heard: LogRow, joined: bool) -> None:
        self.last = max(self.until, heard.at)
        if heard.end is not None:
            if invocation_end.knows_more(heard.end, self.end):
                self.end = heard.end
            self.over = True
            if heard.end.source != invocation_log.EXIT:
                self.began = min(heard.end.started, self.first)
            return
        self.lines.append((heard, joined))
        self.over = self.over or heard.unhandled
        if heard.start:
            self.began = heard.at


class LoggedInvocations:
    """Rows of a log group, in any order. ``wanted``: IDs of the messages that are searched."""

    def __init__(self, wanted: frozenset[str]) -> None:
        self._wanted = wanted
        self._pieces = TraceAssembler()
        self._streams: dict[str, list[LogRow]] = {}
        self._records: list[LogRow] = []
        self._count = 0

    def add(self, row: Mapping[str, str]) -> None:
        self._count += 1
        stream, raw = row.get("@logStream", ""), row.get("@message", "")
        end, said = invocation_log.parse(row), None
        if end is None or end.source not in invocation_log.ENDINGS:
            said = log_parser.parse_row(row)
        if end is not None and end.source != invocation_log.INIT and not (said and said.failed):
            heard = LogRow(end.at or end.started, stream, self._count, end=end)
            # The extension writes its record when it comes to it: its place among the lines means nothing.
            (self._records if end.source == invocation_log.RECORD else self._streams.setdefault(stream, [])).append(
                heard
            )
            return
        if said is None:
            return
        if self._pieces.add(said):
            said = replace(said, failed=False)
        mentioned = said.mentioned & self._wanted
        names = said.message_ids if said.failed or said.message_ids & self._wanted else mentioned or said.message_ids
        names = names or mentioned
        start = raw.startswith("START RequestId") or '"platform.start"' in raw[:200]
        if not (said.failed or said.request_id or names):
            return
        heard = LogRow(said.at, stream, self._count, _slim(said), names=names, start=start)
        self._streams.setdefault(stream, []).append(heard)

    def invocations(self, longest: timedelta) -> list[LoggedInvocation]:
        """All of them, in order of time. ``longest``: the function's timeout."""
        streams = {name: list(some) for name, some in self._streams.items()}
        for whole in self._pieces.whole():
            names = whole.mentioned & self._wanted
            streams.setdefault(whole.stream, []).append(LogRow(whole.at, whole.stream, 0, _slim(whole), names=names))
        falls = self._falls(streams.values())
        records: dict[str, list[LogRow]] = {}
        for record in self._records:
            records.setdefault(record.stream, []).append(record)
        found: list[LoggedInvocation] = []
        for name, some in streams.items():
            found += _Stream(_ordered(some, falls), records.get(name, []), longest + CLOCK_SKEW).invocations()
        _add_records(found, self._records)
        return sorted(found, key=lambda one: (one.since, one.until))

    @staticmethod
    def _falls(streams: Iterable[Sequence[LogRow]]) -> bool:
        """Whether rows came newest first, so that of lines of one moment the one that came last was written first."""
        steps = [(a.at > b.at) - (a.at < b.at) for some in streams for a, b in pairwise(some)]
        return sum(steps) > 0


def _slim(said: LogEntry) -> LogEntry:
    """Without what takes room: of a busy group there may be a hundred thousand."""
    return replace(said, text="", error_message=clipped(said.error_message, MAX_MESSAGE_CHARS), mentioned=frozenset())


def _ordered(some: list[LogRow], falls: bool) -> list[LogRow]:
    """By time, then as they were written; START before, REPORT after all lines of its moment."""

    def place(heard: LogRow) -> tuple[datetime, int, int]:
        rank = -1 if heard.start else 1 if heard.end is not None else 0
        return heard.at, rank, -heard.order if falls else heard.order

    return sorted(some, key=place)


class _Stream:
    """One stream's rows, taken in order."""

    def __init__(self, rows: list[LogRow], records: list[LogRow], longest: timedelta) -> None:
        self._longest = longest
        reports = [(heard.at, heard.end) for heard in rows if heard.end is not None and heard.end.source in _TIMED]
        told = [(invocation_end.ended_at(heard.end), heard.end) for heard in records if heard.end is not None]
        self._ends = sorted(reports + told, key=lambda end: end[0])
        self._rows = rows = self._own(rows)
        self._joins = bool(rows[0].stream) and not _overlap(rows)
        self._known: dict[str, LoggedInvocation] = {}  # by request ID, the last attempt
        self._current: LoggedInvocation | None = None
        self._waiting: list[LogRow] = []  # lines that belong to what comes next, or to no invocation
        self._found: list[LoggedInvocation] = []

    def invocations(self) -> list[LoggedInvocation]:
        for heard in self._rows:
            if heard.request_id:
                self._of_request(heard)
            elif not self._joins:
                self._alone([heard])
            else:
                self._of_stream(heard)
        self._alone(self._waiting)
        return self._found

    def _own(self, rows: list[LogRow]) -> list[LogRow]:
        """A request ID within a line's words is not the line's own while another request is known to run, and no line
        of the stream is surely of that one."""
        sure = {heard.request_id for heard in rows if not heard.loose}
        sure.update(end.request_id for _, end in self._ends)
        return [heard.without_request() if heard.loose and self._quotes(heard, sure) else heard for heard in rows]

    def _quotes(self, heard: LogRow, sure: set[str]) -> bool:
        inside = self._inside(bisect_left(self._ends, heard.at, key=lambda end: end[0]), heard.at)
        return inside is not None and heard.request_id not in sure

    def _inside(self, number: int, at: datetime) -> invocation_log.InvocationLogLine | None:
        """The invocation that was at work then, by the next end that is known."""
        end = self._ends[number][1] if number < len(self._ends) else None
        return end if end is not None and end.started - _ROUNDED <= at else None

    def _of_request(self, heard: LogRow) -> None:
        one = self._known.get(heard.request_id)
        if one is None or (one.over and (heard.start or heard.at > one.until + CLOCK_SKEW)):
            one = self._begin(heard.request_id, heard.at)
        if one is not self._current and self._waiting:
            self._adopt(one, heard)
        self._current = one
        one.take(heard, joined=False)

    def _adopt(self, one: LoggedInvocation, heard: LogRow) -> None:
        """What was written before an invocation's first line with its request ID is its own, as far as it can
        be: errors of the initialization, and lines since it started."""
        end = next((end for _, end in self._ends if end.request_id == heard.request_id), None)
        began = end.started if end is not None else heard.at
        whole = heard.start or end is not None or reason_rank.is_exit(heard.entry)
        since = began - (INIT_LIMIT if whole else self._longest)
        mine = [each for each in self._waiting if each.at >= since]
        if end is not None:  # what it logged since it started is known by that
            mine = [each for each in mine if each.unhandled]
        if any(each.unhandled for each in mine) and not (whole and self._may_have_raised(end)):
            mine = []
        self._alone([each for each in self._waiting if each not in mine])
        for each in mine:
            one.take(each, joined=True)
        one.over = False
        self._waiting = []

    @staticmethod
    def _may_have_raised(end: invocation_log.InvocationLogLine | None) -> bool:
        return end is None or (invocation_end.failed(end) and not invocation_end.killed(end))

    def _of_stream(self, heard: LogRow) -> None:
        at = bisect_left(self._ends, heard.at, key=lambda end: end[0])
        if (inside := self._inside(at, heard.at)) is not None:
            known = self._known.get(inside.request_id)
            if not (heard.unhandled and invocation_end.killed(inside)):
                one = known if known and not known.end else self._begin(inside.request_id, heard.at)
                self._current = one
                one.take(heard, joined=True)
                return
        current = self._current
        if current is None or current.over or self._ended(current, at) or heard.at > current.since + self._longest:
            self._waiting.append(heard)
        else:
            current.take(heard, joined=True)

    def _ended(self, one: LoggedInvocation, at: int) -> bool:
        """Whether an end that is known came before the one at ``at``."""
        latest = self._ends[at - 1] if at else None
        return latest is not None and latest[0] >= one.since and latest[0] >= one.until - _ROUNDED

    def _begin(self, request_id: str, at: datetime) -> LoggedInvocation:
        one = self._known[request_id] = LoggedInvocation(request_id, self._rows[0].stream, at)
        self._found.append(one)
        return one

    def _alone(self, some: Sequence[LogRow]) -> None:
        """Lines of which no request is known: an invocation goes from one that names a message, or fails, to what left
        the handler, and no longer than the function may take."""
        one: LoggedInvocation | None = None
        for heard in some:
            again = one is not None and bool(heard.names & one.names()) and any(line.failed for line, _ in one.lines)
            if one is None or one.over or (again and not heard.failed) or heard.at > one.first + self._longest:
                one = LoggedInvocation("", heard.stream, heard.at)
                self._found.append(one)
            one.take(heard, joined=True)


def _overlap(rows: Sequence[LogRow]) -> bool:
    """Whether a request continues after another started and before its own end: several at a time."""
    left: set[str] = set()
    before = ""
    for heard in rows:
        if not heard.request_id or (heard.end is not None and heard.end.source != invocation_log.REPORT):
            continue
        if heard.request_id != before:
            if heard.request_id in left:
                return True
            if before:
                left.add(before)
        before = "" if heard.end is not None else heard.request_id
        if heard.end is not None:
            left.discard(heard.request_id)
    return False


def _add_records(found: list[LoggedInvocation], records: Sequence[LogRow]) -> None:
    """The extension's records, each added to the attempt of its request that it records."""
    by_request: dict[str, list[LoggedInvocation]] = {}
    for one in found:
        by_request.setdefault(one.request_id, []).append(one)
    for record in records:
        if record.end is None:
            continue
        attempts = by_request.get(record.request_id, [])
        near = [one for one in attempts if abs(one.since - record.end.started) <= CLOCK_SKEW] or attempts[-1:]
        if not near:
            near = [LoggedInvocation(record.request_id, record.stream, record.end.started)]
            by_request.setdefault(record.request_id, []).extend(near)
            found.extend(near)
        near[0].take(record, joined=False)
